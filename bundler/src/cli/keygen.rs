//! `airgap-bundle keygen`

use std::path::PathBuf;

use airgap_console::{OutputArgs, Table, UsageError};
use serde::Serialize;

use super::view::SCHEMA_VERSION;
use crate::sign::{NewKey, PassphraseSource, generate};

/// Make a key that signs bundles
///
/// Writes FILE, readable by its owner only, and FILE.pub. It is an Ed25519 key as `ssh-keygen` makes it.
#[derive(Debug, clap::Args)]
pub(super) struct KeygenArgs {
    /// The file of the private key; nothing is overwritten
    file: PathBuf,
    /// Whose key it is, such as ci@example.com; the file's name, if not given
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// Protect the key with a passphrase, asked for on the terminal or taken from AIRGAP_KEY_PASSPHRASE
    #[arg(long)]
    passphrase: bool,
    /// Protect the key with the passphrase in the first line of this file
    #[arg(long, value_name = "PATH")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    schema_version: u32,
    #[serde(flatten)]
    key: NewKey,
}

impl KeygenArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let name = || self.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let principal = self.principal.clone().unwrap_or_else(name);
        if principal.is_empty() || principal.contains(['"', '\n', ',', '#', '*', '?', '!']) {
            return Err(UsageError::new(format!("`{principal}` is no name of a signer"))
                .with_help("give a plain name such as ci@example.com with --principal")
                .into());
        }
        let source = PassphraseSource { file: self.passphrase_file.clone() };
        let protect = self.passphrase || self.passphrase_file.is_some();
        let key = generate(&self.file, &principal, protect.then_some(&source))?;
        self.output.print(&Made { schema_version: SCHEMA_VERSION, key }, |made| {
            let mut table = Table::pairs();
            table
                .row(["private key", &made.key.private.display().to_string()])
                .row(["public key", &made.key.public.display().to_string()])
                .row(["fingerprint", &made.key.fingerprint]);
            format!("{table}\nSites trust it by this line in their allowed_signers file:\n{}", made.key.allowed_signers)
        })
    }
}
