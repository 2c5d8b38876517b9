//! The shape of rules of trust.

use schemars::JsonSchema;
use serde::Serialize;

/// A rule: whatever it is about has to be signed by one of its keys. It is about `images`, `charts` or `files`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TrustShape {
    /// Names of images that it is about: `docker.io/library/*`. `*` stands for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<TrustedName>,
    /// Names of charts that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<TrustedName>,
    /// Files that it is about: `<component>/<path>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<TrustedName>,
    /// Of those, the ones that it is not about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<TrustedName>,
    /// Public keys of cosign (PEM): files, relative to the stack, or the keys themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cosign: Vec<PublicKeyFile>,
    /// For charts: keyrings of OpenPGP that sign Helm's provenance files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provenance: Vec<PublicKeyFile>,
    /// For files: keyrings of OpenPGP.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub openpgp: Vec<PublicKeyFile>,
    /// For files: the path of the signature in the same component; `{path}` stands for the file's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// For files: the path of the list of checksums that is signed instead of each file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksums: Option<String>,
    /// Whether what is not signed at all is refused; without it, it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require: Option<bool>,
}

/// A name, in which `*` stands for any text and `?` for any one character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct TrustedName(#[schemars(length(min = 1, max = 512), regex(pattern = r"^\S+$"))] pub String);

/// A file, relative to the folder of this file, or a public key in its armour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PublicKeyFile(#[schemars(length(min = 1))] pub String);
