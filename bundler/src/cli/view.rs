//! What commands show. The JSON forms are described in docs/json-output.md and are kept stable.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use airgap_console::{ByteSize, Table};
use jiff::Timestamp;
use manifests::bundle::UnverifiedBundle;
use manifests::document::Item;
use manifests::signature::{Rejected, Signer};
use manifests::{BundleName, Digest};
use serde::Serialize;

use super::platform::PlatformSummary;

/// The version of the JSON forms: raised when a field goes or changes its meaning, not when one is added.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// What is known of a bundle's signatures.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trust {
    /// Whether enough signatures count. False also when nobody asked.
    pub(super) verified: bool,
    /// Who signed.
    pub(super) signers: Vec<Signer>,
    /// Signatures that don't count.
    pub(super) ignored: Vec<Rejected>,
}

/// A volume that is not there.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Missing {
    number: u32,
    name: String,
}

/// What a bundle is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    schema_version: u32,
    name: BundleName,
    version: String,
    created: Timestamp,
    digest: Digest,
    archive_size: u64,
    content_size: u64,
    blobs: usize,
    items: BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<PlatformSummary>,
    files: Vec<PathBuf>,
    volumes: u32,
    missing: Vec<Missing>,
    signatures: usize,
    trust: Trust,
}

impl Summary {
    pub(super) fn new(bundle: &UnverifiedBundle, trust: Trust) -> Self {
        let document = bundle.claimed();
        let missing = bundle.absent().iter();
        Self {
            schema_version: SCHEMA_VERSION,
            name: document.name.clone(),
            version: document.version.to_string(),
            created: document.created,
            digest: bundle.document_digest(),
            archive_size: bundle.archive_size(),
            content_size: document.content_size(),
            blobs: document.blobs.len(),
            items: count(&document.items),
            platform: document.platform().map(PlatformSummary::new),
            files: bundle.paths(),
            volumes: bundle.volumes(),
            missing: missing.map(|absent| Missing { number: absent.number, name: absent.name.clone() }).collect(),
            signatures: bundle.signatures().len(),
            trust,
        }
    }

    fn place(&self) -> String {
        let size = ByteSize(self.archive_size);
        match (self.volumes, self.missing.len()) {
            (0, _) => size.to_string(),
            (volumes, 0) => format!("{size} in {volumes} volumes"),
            (volumes, missing) => {
                let names: Vec<String> = self.missing.iter().map(|m| format!("{} ({})", m.number, m.name)).collect();
                let are = if missing == 1 { "is" } else { "are" };
                format!(
                    "{size} in {} of {volumes} volumes; {} {are} missing",
                    volumes as usize - missing,
                    names.join(", ")
                )
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::pairs();
        table
            .row(["name", self.name.as_str()])
            .row(["version", &self.version])
            .row(["created", &self.created.to_string()])
            .row(["digest", &self.digest.to_string()])
            .row(["archive", &self.place()])
            .row(["content", &format!("{} in {} blobs", ByteSize(self.content_size), self.blobs)])
            .row(["holds", &holds(&self.items)]);
        self.platform.iter().for_each(|platform| platform.add_to(&mut table));
        add_trust(&mut table, &self.trust, self.signatures);
        table.fmt(f)
    }
}

/// The rows about signatures.
pub(super) fn add_trust(table: &mut Table, trust: &Trust, signatures: usize) {
    match (trust.verified, signatures) {
        (true, _) => trust.signers.iter().for_each(|signer| {
            table.row(["signed by", &format!("{} ({} {})", signer.principal, signer.key_type, signer.fingerprint)]);
        }),
        (false, 0) => drop(table.row(["signatures", "none: UNVERIFIED, nobody vouches for it"])),
        (false, count) => drop(table.row(["signatures", &format!("{count}, UNVERIFIED: check with --trust FILE")])),
    }
}

fn count(items: &[Item]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    items.iter().for_each(|item| *counts.entry(item.kind().to_owned()).or_default() += 1);
    counts
}

fn holds(items: &BTreeMap<String, usize>) -> String {
    let words = |(kind, count): (&String, &usize)| match (kind.as_str(), *count) {
        ("files", 1) => "1 set of files".to_owned(),
        ("files", count) => format!("{count} sets of files"),
        ("packages", count) => format!("packages for {count} series"),
        (kind, 1) => format!("1 {kind}"),
        (kind, count) => format!("{count} {kind}s"),
    };
    if items.is_empty() { "nothing".to_owned() } else { items.iter().map(words).collect::<Vec<_>>().join(", ") }
}
