//! `<state>/cluster/`: what the jump host knows of the cluster. For its owner alone.
//!
//! ```text
//! token        what servers and nodes know each other by; made once, needed to restore a backup
//! kubeconfig   how the API is reached from the jump host
//! record.json  what it was made of, and how that was shown
//! counting.json  the counters that are on nodes now, while there are any
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use manifests::Site;
use manifests::site::{Endpoint, Host};
use registry::store::{StoreError, write_atomically};
use serde::de::DeserializeOwned;

use crate::claim::Claim;
use crate::distribution::first_server;
use crate::proof::counting::Span;
use crate::proof::record::Record;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// What it was made of.
const RECORD: &str = "record.json";
/// The counters that are on nodes now.
const COUNTING: &str = "counting.json";
/// Where the API answers.
const API_PORT: u16 = 6443;

/// The folder.
pub fn folder(state: &Path) -> PathBuf {
    state.join("cluster")
}

/// The file by which the API is reached.
pub fn kubeconfig(state: &Path) -> PathBuf {
    folder(state).join("kubeconfig")
}

/// The token of the cluster, if it is made already.
///
/// # Errors
/// [`StoreError`] when it can't be read.
pub fn token(state: &Path) -> Result<Option<String>, StoreError> {
    let path = folder(state).join("token");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Io { action: "read", path, source }),
    }
}

/// Makes the token of the cluster where there is none.
///
/// # Errors
/// [`StoreError`] when it can't be read or made.
pub fn make_token(state: &Path) -> Result<(), StoreError> {
    if token(state)?.is_some() {
        return Ok(());
    }
    let make = || -> io::Result<String> {
        let mut random = [0; TOKEN_BYTES];
        aws_lc_rs::rand::fill(&mut random).map_err(io::Error::other)?;
        Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let path = folder(state).join("token");
    let token = make().map_err(|source| StoreError::Io { action: "make", path, source })?;
    write(state, "token", &format!("{token}\n"))
}

/// Writes what a server has for its own use so that it holds for the jump host.
///
/// # Errors
/// [`StoreError`] when it can't be written.
pub fn write_kubeconfig(state: &Path, site: &Site, of_server: &str) -> Result<(), StoreError> {
    let api = match &site.network.endpoint {
        Endpoint::Balancer(host) => host.clone(),
        Endpoint::Vip { address, .. } => Host::Address(address.value),
        Endpoint::Server => Host::Address(first_server(site).address),
    };
    let own = format!("https://127.0.0.1:{API_PORT}");
    write(state, "kubeconfig", &of_server.replace(&own, &format!("https://{}", api.with_port(API_PORT))))
}

/// What is known of how the cluster was made, if it is known.
///
/// # Errors
/// [`StoreError`] when it can't be read.
pub fn record(state: &Path) -> Result<Option<Record>, StoreError> {
    read(state, RECORD)
}

/// Since when nodes count what leaves them, while they do.
///
/// # Errors
/// [`StoreError`] when it can't be read.
pub fn counting(state: &Path) -> Result<Option<BTreeMap<String, Span>>, StoreError> {
    read(state, COUNTING)
}

/// Writes down since when they do.
///
/// # Errors
/// [`StoreError`] when it can't be written.
pub fn write_counting(state: &Path, spans: &BTreeMap<String, Span>) -> Result<(), StoreError> {
    let path = folder(state).join(COUNTING);
    let text = serde_json::to_string_pretty(spans).map_err(|source| StoreError::Format { path, source })?;
    write(state, COUNTING, &format!("{text}\n"))
}

/// They count no more.
///
/// # Errors
/// [`StoreError`] when that can't be written down.
pub fn forget_counting(state: &Path) -> Result<(), StoreError> {
    forget(folder(state).join(COUNTING))
}

fn read<T: DeserializeOwned>(state: &Path, name: &str) -> Result<Option<T>, StoreError> {
    let path = folder(state).join(name);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| StoreError::Format { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Io { action: "read", path, source }),
    }
}

/// What stands on the nodes of the cluster of `site`, if its token is made already.
///
/// # Errors
/// [`StoreError`] when the token can't be read.
pub fn claim(state: &Path, site: &Site) -> Result<Option<Claim>, StoreError> {
    Ok(token(state)?.map(|token| Claim::new(site, &token)))
}

/// Writes down how the cluster was made.
///
/// # Errors
/// [`StoreError`] when it can't be written.
pub fn write_record(state: &Path, record: &Record) -> Result<(), StoreError> {
    let path = folder(state).join(RECORD);
    let text = serde_json::to_string_pretty(record).map_err(|source| StoreError::Format { path, source })?;
    write(state, RECORD, &format!("{text}\n"))
}

/// Removes what is known of a cluster that is no more: the way to it, and what it was made of. Its token stays, for it takes that to
/// restore a snapshot of etcd.
///
/// # Errors
/// [`StoreError`] when it can't be removed.
pub fn forget_cluster(state: &Path) -> Result<(), StoreError> {
    for path in [kubeconfig(state), folder(state).join(RECORD), folder(state).join(COUNTING)] {
        forget(path)?;
    }
    Ok(())
}

fn forget(path: PathBuf) -> Result<(), StoreError> {
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Io { action: "remove", path, source: error })
        }
        _ => Ok(()),
    }
}

/// A file that is there whole or not at all.
fn write(state: &Path, name: &str, text: &str) -> Result<(), StoreError> {
    let folder = folder(state);
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| StoreError::Io { action: "make", path: folder.clone(), source })?;
    write_atomically(&folder.join(name), text.as_bytes(), 0o600)
}
