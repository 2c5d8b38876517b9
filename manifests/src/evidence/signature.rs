//! Signatures of upstream that were verified.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::lock::Place;

/// A signature of upstream that was verified when the bundle was built, because the stack has a rule for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamSignature {
    /// What is signed.
    pub kind: SignedKind,
    /// Its name: the reference of an image, the name and version of a chart, the component and path of a file.
    pub item: String,
    /// The content that is signed: the image's manifest or index, the chart's archive or manifest, the file.
    pub digest: Digest,
    /// How.
    pub scheme: SignedBy,
    /// The key that signed: the fingerprint of an OpenPGP key, else the SHA-256 of the public key (DER).
    pub key: String,
    /// Where the key was taken from: the name of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<String>,
    /// The rule.
    pub rule: Place,
}

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedKind {
    /// An image.
    Image,
    /// A chart.
    Chart,
    /// A file.
    File,
}

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedBy {
    /// By cosign, with a key.
    Cosign,
    /// By Helm's provenance file.
    Provenance,
    /// By a signature of OpenPGP over the file.
    OpenPgp,
    /// By a signature of OpenPGP over a list of checksums.
    OpenPgpChecksums,
    /// By cosign over a list of checksums.
    CosignChecksums,
}

impl fmt::Display for SignedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cosign => "cosign",
            Self::Provenance => "Helm provenance",
            Self::OpenPgp => "OpenPGP",
            Self::OpenPgpChecksums => "OpenPGP, over a list of checksums",
            Self::CosignChecksums => "cosign, over a list of checksums",
        })
    }
}

impl fmt::Display for SignedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Chart => "chart",
            Self::File => "file",
        })
    }
}
