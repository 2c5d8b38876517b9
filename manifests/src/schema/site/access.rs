//! The shapes of how machines are reached, and of where secrets are.

use schemars::JsonSchema;
use serde::Serialize;

use super::HostWord;
use crate::BundleName;
use crate::schema::values::LocalPath;

/// Where a secret is. The secret itself has no place in the file.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum SecretShape {
    /// In a file.
    File(SecretFile),
    /// In a variable of the installer's environment.
    Environment(SecretEnvironment),
    /// Asked for at the terminal.
    Prompt(SecretPrompt),
}

/// A secret in a file.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SecretFile {
    /// The file; one line end at its end does not belong to the secret.
    pub file: LocalPath,
}

/// A secret in the environment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SecretEnvironment {
    /// The variable's name.
    #[schemars(length(max = 200), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub env: String,
}

/// A secret that somebody knows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SecretPrompt {
    /// The question that is asked.
    #[schemars(length(min = 1, max = 200))]
    pub prompt: String,
}

/// How the user becomes root.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum BecomeShape {
    /// Without a password.
    Word(BecomeWord),
    /// With a password.
    WithPassword(BecomePassword),
}

/// A way to become root without a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BecomeWord {
    /// By `sudo`, which asks for none.
    Sudo,
    /// Not at all: the user is root.
    None,
}

/// `sudo` with a password.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BecomePassword {
    /// Where sudo's password is.
    pub password: SecretShape,
}

/// How a user logs in. Without `key` the keys of an agent are used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SshDefaults {
    /// The port; 22 if not given.
    #[schemars(range(min = 1))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Who logs in.
    #[schemars(length(max = 32), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_.@-]*$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The file with the private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<LocalPath>,
    /// Where the key's passphrase is; needs `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<SecretShape>,
    /// The file with the key's certificate; needs `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<LocalPath>,
    /// Whether the keys of an agent are used, also where the site names a key for the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<bool>,
    /// The bastion that the machine is reached through; `none`: directly, also where the site names one for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bastion: Option<BundleName>,
}

/// How one machine is reached. What it does not say is as the site says for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct SshShape {
    /// The name or address by which it is reached; without it the node's `address`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostWord>,
    /// The fingerprints (`SHA256:…`) of its host keys, for the first contact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_keys: Vec<HostKeyWord>,
    /// What can also be said for all.
    #[serde(flatten)]
    pub login: SshDefaults,
}

/// A machine on the way to others.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct BastionShape {
    /// The name or address by which it is reached.
    pub host: HostWord,
    /// The fingerprints (`SHA256:…`) of its host keys, for the first contact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host_keys: Vec<HostKeyWord>,
    /// As of a node. The site's `user` and keys hold for bastions too, its `port` and `bastion` don't.
    #[serde(flatten)]
    pub login: SshDefaults,
}

/// The fingerprint of a host key: `SHA256:…`, as `ssh-keygen -lf` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct HostKeyWord(#[schemars(regex(pattern = r"^SHA256:[A-Za-z0-9+/]{43}$"))] pub String);
