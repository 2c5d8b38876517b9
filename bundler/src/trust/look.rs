//! Looks for the signature of one item, in the way that a rule says.

use jiff::Timestamp;
use manifests::Digest;
use manifests::evidence::{SignedBy, SignedKind};
use manifests::stack::{DetachedScheme, SignatureScheme, TrustRule};

use super::content::Content;
use super::keys::{CosignKeys, Keys, Ring};
use super::{cosign, files, provenance};

/// What became of looking for a signature.
pub(super) enum Looked {
    /// One of the keys has signed.
    Signed(Signed),
    /// Nothing signs it: why, where there is more to say than that.
    Unsigned(Option<String>),
    /// What signs it does not count: why.
    Refused(String),
}

/// A signature that was verified.
pub(super) struct Signed {
    pub(super) kind: SignedKind,
    /// What is signed.
    pub(super) digest: Digest,
    pub(super) scheme: SignedBy,
    /// The fingerprint of the key, and the file that it is from.
    pub(super) key: String,
    pub(super) key_file: Option<String>,
}

/// Looks for the signature of an item; `path` is that of a file in its set.
pub(super) async fn look(
    content: &Content<'_>,
    kind: SignedKind,
    rule: &TrustRule,
    (keys, path): (&Keys, Option<&str>),
    now: Timestamp,
) -> Looked {
    match (&rule.scheme, keys, path) {
        (SignatureScheme::Cosign, Keys::Cosign(keys), None) => beside(content, kind, keys).await,
        (SignatureScheme::Provenance, Keys::OpenPgp(rings), None) => of_chart(content, rings, now).await,
        (SignatureScheme::Detached(how), keys, Some(path)) => of_file(content, path, (how, keys), now).await,
        // A rule that was read is about what its keys can sign.
        _ => Looked::Unsigned(None),
    }
}

async fn beside(content: &Content<'_>, kind: SignedKind, keys: &CosignKeys) -> Looked {
    let item = &content.item.item;
    let Some(descriptor) = item.descriptor() else { return Looked::Unsigned(None) };
    match cosign::look(content, &descriptor.digest, item.attached(), keys).await {
        cosign::Looked::Signed(key) => {
            let (key, key_file) = keys.told(key);
            Looked::Signed(Signed { kind, digest: descriptor.digest, scheme: SignedBy::Cosign, key, key_file })
        }
        cosign::Looked::Unsigned => Looked::Unsigned(None),
        cosign::Looked::Refused(reasons) => Looked::Refused(reasons.join("; ")),
    }
}

async fn of_chart(content: &Content<'_>, rings: &[Ring], now: Timestamp) -> Looked {
    let Some(chart) = content.item.item.as_chart() else { return Looked::Unsigned(None) };
    let Some(file) = chart.provenance else {
        return Looked::Unsigned(Some("it has no provenance file".to_owned()));
    };
    let read = content.read(&file, provenance::LARGEST).await;
    match read.and_then(|file| provenance::signer(&file, chart, rings, now)) {
        Ok((key, key_file)) => {
            let (kind, digest, scheme) = (SignedKind::Chart, chart.archive, SignedBy::Provenance);
            Looked::Signed(Signed { kind, digest, scheme, key, key_file })
        }
        Err(why) => Looked::Refused(why),
    }
}

async fn of_file(content: &Content<'_>, path: &str, (how, keys): (&DetachedScheme, &Keys), now: Timestamp) -> Looked {
    let set = content.item.item.as_files();
    let found = set.and_then(|set| Some((set, set.files.iter().find(|one| one.path == path)?)));
    let Some((set, file)) = found else { return Looked::Unsigned(None) };
    match (files::Wanted { file, set, how, keys, now }).look(content).await {
        files::Looked::Signed { by: scheme, key, key_file } => {
            Looked::Signed(Signed { kind: SignedKind::File, digest: file.digest, scheme, key, key_file })
        }
        files::Looked::Unsigned(path) => {
            Looked::Unsigned(Some(format!("its component has no file `{path}`, which would sign it")))
        }
        files::Looked::Refused(why) => Looked::Refused(why),
    }
}
