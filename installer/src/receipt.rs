//! A receipt: what a site says that it holds, signed by its own key, to be carried back to where bundles are built.
//!
//! The key is `<state>/receipt/key` (Ed25519, 0600), made when it is first needed; it signs under a namespace of its own, so
//! nothing of it can be taken for a bundle. `ssh-keygen -Y verify -n airgap-receipt` checks it.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use manifests::signature::{ReceiptKey, SignError};
use miette::Diagnostic;
use registry::store::{Store, StoreError, write_atomically};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::cluster_files;
use crate::event::BundleId;

/// The folder of the key in the state directory.
pub const FOLDER: &str = "receipt";
/// The principal of the key.
const PRINCIPAL: &str = "site";

/// What a site holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// 1.
    pub schema_version: u32,
    /// `Receipt`.
    pub kind: &'static str,
    /// When it was written.
    pub at: Timestamp,
    /// The bundles, whole, the oldest first.
    pub bundles: Vec<BundleId>,
    /// What the cluster was made of, if one was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<OfCluster>,
}

/// What a cluster was made of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfCluster {
    /// The site's name.
    pub site: String,
    /// The bundle.
    pub bundle: BundleId,
    /// When that was shown.
    pub at: Timestamp,
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ReceiptError {
    /// The state can't be read, or a file not written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    /// The key can't be used.
    #[error("cannot sign with the site's key {}", path.display())]
    Key {
        /// The key.
        path: PathBuf,
        /// Why.
        #[source]
        source: SignError,
    },
}

impl Receipt {
    /// What the site of a state directory holds.
    ///
    /// # Errors
    /// [`StoreError`] when it can't be read.
    pub fn of(state: &Path, at: Timestamp) -> Result<Self, StoreError> {
        let bundles = Store::at(state).list()?.into_iter().map(|generation| {
            let receipt = generation.receipt;
            BundleId { name: receipt.name.to_string(), version: receipt.version.to_string(), digest: receipt.bundle }
        });
        let record = cluster_files::record(state)?;
        let cluster = record.map(|record| OfCluster { site: record.site, bundle: record.bundle, at: record.at });
        Ok(Self { schema_version: 1, kind: "Receipt", at, bundles: bundles.collect(), cluster })
    }

    /// Writes it to `path`, and its signature to `path.sig`. The line by which others trust the site's key.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn write(&self, state: &Path, path: &Path) -> Result<String, ReceiptError> {
        let key = load_or_create(state)?;
        let failed = |source| ReceiptError::Key { path: key_path(state), source };
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|source| StoreError::Format { path: path.to_owned(), source })?;
        text.push('\n');
        let signature = key.sign(text.as_bytes()).map_err(failed)?;
        let mut name = path.as_os_str().to_owned();
        name.push(".sig");
        // The signature first: a receipt is there only with its signature.
        write_atomically(Path::new(&name), signature.as_bytes(), 0o644)?;
        write_atomically(path, text.as_bytes(), 0o644)?;
        key.allowed_signers(PRINCIPAL).map_err(failed)
    }
}

fn key_path(state: &Path) -> PathBuf {
    state.join(FOLDER).join("key")
}

fn load_or_create(state: &Path) -> Result<ReceiptKey, ReceiptError> {
    let path = key_path(state);
    let failed = |source| ReceiptError::Key { path: path.clone(), source };
    match std::fs::read_to_string(&path).map(Zeroizing::new) {
        Ok(text) => return ReceiptKey::parse(&text).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(StoreError::Io { action: "read", path, source }.into()),
    }
    let mut seed = Zeroizing::new([0; 32]);
    let random = aws_lc_rs::rand::fill(seed.as_mut()).map_err(io::Error::other);
    random.map_err(|source| StoreError::Io { action: "make", path: path.clone(), source })?;
    let key = ReceiptKey::from_seed(&seed, "airgap site (receipts)");
    let folder = state.join(FOLDER);
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| StoreError::Io { action: "make", path: folder, source })?;
    write_atomically(&path, key.private().map_err(failed)?.as_bytes(), 0o600)?;
    Ok(key)
}
