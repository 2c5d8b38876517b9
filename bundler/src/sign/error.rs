//! Why a key can't be used.

use std::io;
use std::path::PathBuf;

use manifests::signature::Reason;

/// Why a key can't be used or made.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum SignError {
    /// A file can't be read or written.
    #[error("can't {action} `{path}`", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A file that would be written is there.
    #[error("`{path}` is there already, and keys are never overwritten", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// What to do.
        #[help]
        help: String,
    },
    /// The file of a key is not there.
    #[error("there is no `{path}`", path = path.display())]
    #[diagnostic(help("name the file of a key; `airgap-bundle keygen FILE` makes a new one"))]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// The file of a private key is open to others.
    #[error("`{path}` can be read by others (mode {mode:04o})", path = path.display())]
    #[diagnostic(help("a private key must be its owner's alone: `chmod 600 {}`; if others may have read it, make a new one", path.display()))]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A public key where a private one is needed.
    #[error("`{path}` is a public key", path = path.display())]
    #[diagnostic(help("name the private key, or use `--agent {}` if ssh-agent has it", path.display()))]
    IsPublic {
        /// The file.
        path: PathBuf,
    },
    /// Not a key at all.
    #[error("`{path}` is not {what} in the OpenSSH format", path = path.display())]
    #[diagnostic(help(
        "`airgap-bundle keygen` and `ssh-keygen -t ed25519` make such keys; `ssh-keygen -p -f KEY` converts older ones"
    ))]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// `a private key` or `a public key`.
        what: &'static str,
        /// What is wrong.
        #[source]
        source: ssh_key::Error,
    },
    /// The private half of the key is on a token.
    #[error("the key in `{path}` is on a hardware token", path = path.display())]
    #[diagnostic(help("add it to ssh-agent (`ssh-add {}`) and sign with `--agent {}.pub`", path.display(), path.display()))]
    OnToken {
        /// The file.
        path: PathBuf,
    },
    /// A passphrase is needed and nobody can be asked.
    #[error("`{path}` is protected by a passphrase, and there is no terminal to ask for it", path = path.display())]
    #[diagnostic(help("give it with --passphrase-file FILE or in AIRGAP_KEY_PASSPHRASE"))]
    NoPassphrase {
        /// The key's file.
        path: PathBuf,
    },
    /// The passphrase is wrong.
    #[error("the passphrase does not open `{path}`", path = path.display())]
    WrongPassphrase {
        /// The key's file.
        path: PathBuf,
    },
    /// The two passphrases that were typed are not the same.
    #[error("the passphrases are not the same")]
    Mistyped,
    /// There is no agent.
    #[error("there is no ssh-agent: SSH_AUTH_SOCK is not set")]
    #[diagnostic(help("start one with `eval $(ssh-agent)` and add the key with `ssh-add`"))]
    NoAgent,
    /// The agent can't be talked to.
    #[error("can't talk to ssh-agent at `{path}`", path = path.display())]
    Agent {
        /// The agent's socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The agent does not sign.
    #[error("ssh-agent refuses to sign with {key}")]
    #[diagnostic(help("`ssh-add -l` lists the keys that it has; a hardware key must be touched when it blinks"))]
    AgentRefused {
        /// The key's type and fingerprint.
        key: String,
    },
    /// The key can't sign.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Key(#[from] manifests::signature::SignError),
    /// What came out would not count anywhere.
    #[error("the new signature is of no use")]
    Useless(#[source] Reason),
    /// No key can be made.
    #[error("can't make a key")]
    Generate(#[source] ssh_key::Error),
}

impl SignError {
    pub(super) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
