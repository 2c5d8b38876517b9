//! Why a trust file can't be read, and why a signature does not count.

use jiff::Timestamp;
use miette::{Diagnostic, NamedSource, SourceSpan};

use super::key::KeyRefused;
use super::{MAX_SIGNATURE, NAMESPACE, Signer};

/// Why a document is not trusted.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum TrustError {
    /// A line of the trust file is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Line(Box<LineError>),
    /// The trust file names nobody.
    #[error("`{file}` names no signer")]
    #[diagnostic(help(
        "add a line such as `ci@example.com namespaces=\"{NAMESPACE}\" ssh-ed25519 AAAA…`; `airgap-bundle keygen` prints it for a new key"
    ))]
    Empty {
        /// The trust file.
        file: String,
    },
    /// The trust file is larger than any real one.
    #[error("`{file}` has more than {limit} {what}")]
    TooLarge {
        /// The trust file.
        file: String,
        /// The limit.
        limit: usize,
        /// `bytes` or `lines`.
        what: &'static str,
    },
    /// There is no signature at all.
    #[error("nobody has signed it")]
    #[diagnostic(help("sign it with `airgap-bundle sign BUNDLE --key KEY`"))]
    Unsigned,
    /// There are signatures, but too few count.
    #[error("{}", not_enough(signers.len(), *needed))]
    #[diagnostic(help(
        "whose signatures count stands in `{file}`: check with the senders that the fingerprints are theirs before adding them there"
    ))]
    NotEnough {
        /// The trust file.
        file: String,
        /// How many different signers it takes.
        needed: u32,
        /// Who counts.
        signers: Vec<Signer>,
        /// What does not, and why.
        #[related]
        rejected: Vec<Rejected>,
    },
}

fn not_enough(count: usize, needed: u32) -> String {
    match needed {
        1 => "none of its signatures can be trusted".to_owned(),
        _ => format!("{count} of the {needed} signatures needed can be trusted"),
    }
}

/// A wrong line of a trust file.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{file}:{line}: {problem}")]
pub struct LineError {
    /// The trust file.
    pub file: String,
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    #[help]
    pub(super) help: Option<String>,
    #[source_code]
    pub(super) text: NamedSource<String>,
    #[label]
    pub(super) place: SourceSpan,
}

/// A signature that does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic, serde::Serialize)]
#[error("signature {number}{} does not count: {reason}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
pub struct Rejected {
    /// Which signature, from 1.
    pub number: usize,
    /// The key: its type and fingerprint, where it can be read.
    pub by: Option<String>,
    /// Why not.
    #[serde(serialize_with = "as_text")]
    pub reason: Reason,
}

fn as_text<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is larger than any real one.
    #[error("it is larger than {MAX_SIGNATURE} bytes")]
    TooLarge,
    /// It is no signature, or one of a kind that is not known.
    #[error("it is no SSH signature that can be read ({0})")]
    Unreadable(String),
    /// It was made for another purpose.
    #[error("it is for `{0}`, not for `{NAMESPACE}`")]
    Namespace(String),
    /// The key is not good enough.
    #[error(transparent)]
    Key(KeyRefused),
    /// The algorithm is not one for the key.
    #[error("its algorithm `{0}` is not accepted for this key")]
    Algorithm(String),
    /// No line of the trust file has the key.
    #[error("the key is in no line of `{file}`")]
    UnknownKey {
        /// The trust file.
        file: String,
    },
    /// The key's line is for other namespaces.
    #[error("{file}:{line} allows the key for `{namespaces}` only, not for `{NAMESPACE}`")]
    NotForBundles {
        /// The trust file.
        file: String,
        /// The line.
        line: usize,
        /// What the line allows.
        namespaces: String,
    },
    /// The document is older than the key's validity.
    #[error("{file}:{line} trusts the key from {from} on, but the bundle was created at {created}")]
    NotYetValid {
        /// The trust file.
        file: String,
        /// The line.
        line: usize,
        /// From when on.
        from: Timestamp,
        /// The document's date.
        created: Timestamp,
    },
    /// The document is younger than the key's validity.
    #[error("{file}:{line} trusts the key until {until}, but the bundle was created at {created}")]
    Expired {
        /// The trust file.
        file: String,
        /// The line.
        line: usize,
        /// Until when.
        until: Timestamp,
        /// The document's date.
        created: Timestamp,
    },
    /// A hardware key signed without a touch.
    #[error("the hardware key was not touched when it signed")]
    NotTouched,
    /// It is not a signature over these bytes.
    #[error(
        "it is not over this bundle.json: the bundle or the signature was changed, or it belongs to another bundle"
    )]
    Bad,
    /// The same key has signed already.
    #[error("the same key is counted already")]
    SameKey,
    /// The same principal has signed already, with another key.
    #[error("`{0}` is counted already, with another key")]
    SamePrincipal(String),
}

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SignError {
    /// The key is not good enough.
    #[error("this key can't sign bundles")]
    Key(#[source] KeyRefused),
    /// The key's private half is on hardware or encrypted.
    #[error("the private key can't be used from its file")]
    #[diagnostic(help("decrypt it first; for a hardware key, sign through ssh-agent"))]
    Unusable(#[source] ssh_key::Error),
    /// The numbers of an RSA key don't belong together.
    #[error("the RSA key is damaged")]
    Rsa,
    /// The key and the signature can't be put into the format.
    #[error("the signature can't be written")]
    Encoding(#[source] ssh_key::Error),
}
