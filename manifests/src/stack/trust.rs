//! What must be signed upstream, and by whom.

use std::fmt;

use crate::component::KeySource;
use crate::signature::pattern;
use crate::yaml::Location;

/// A rule: whatever its patterns match has to be signed by one of its keys, or nothing is locked and built.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustRule {
    /// Which kind of items it is about.
    pub kind: TrustedKind,
    /// Which of them.
    pub patterns: Vec<TrustPattern>,
    /// Which of those not.
    pub except: Vec<TrustPattern>,
    /// How they are signed.
    pub scheme: SignatureScheme,
    /// The keys, one of which has to have signed; never empty.
    pub keys: Vec<KeySource>,
    /// Whether an item without any signature is refused. One that is signed otherwise always is.
    pub required: bool,
    /// Where it stands.
    pub location: Location,
}

/// The kinds of items that rules are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedKind {
    /// Images, by their names.
    Images,
    /// Charts, by their names.
    Charts,
    /// Files, by their component and path.
    Files,
}

/// A pattern: `*` stands for any text, `?` for any one character.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustPattern {
    /// The pattern.
    pub text: String,
    /// Where it stands.
    pub location: Location,
}

/// How something is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureScheme {
    /// By cosign with a key, beside the image or chart in its registry.
    Cosign,
    /// By the provenance file of Helm.
    Provenance,
    /// By a signature that is a file of the same component.
    Detached(DetachedScheme),
}

/// How a file is signed by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedScheme {
    /// Whose form the signature has.
    pub form: DetachedForm,
    /// The path of the signature in the set of the file; `{path}` stands for the file's own. None where the list of checksums
    /// holds its signature itself.
    pub signature: Option<String>,
    /// The path of a list of checksums that is signed instead of the file, and that has the file's SHA-256 in it.
    pub checksums: Option<String>,
}

/// The form of a file's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetachedForm {
    /// OpenPGP, armoured or not.
    OpenPgp,
    /// `cosign sign-blob` with a key: the signature in base64.
    Cosign,
}

impl TrustRule {
    /// Whether it is about an item that has these names.
    pub fn covers(&self, names: &[&str]) -> bool {
        let matched = |patterns: &[TrustPattern]| patterns.iter().any(|pattern| pattern.matches(names));
        matched(&self.patterns) && !matched(&self.except)
    }
}

impl TrustPattern {
    /// Whether one of the names is as the pattern has it.
    pub fn matches(&self, names: &[&str]) -> bool {
        names.iter().any(|name| pattern::matches(&self.text, name))
    }
}

impl fmt::Display for TrustedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Images => "image",
            Self::Charts => "chart",
            Self::Files => "file",
        })
    }
}
