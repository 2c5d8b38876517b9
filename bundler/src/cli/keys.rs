//! The keys that sign.

use std::path::PathBuf;

use crate::sign::{PassphraseSource, SignError, Signers};

/// The keys that sign.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct KeyArgs {
    /// Sign with the private key in this file, in the format of OpenSSH; may be given several times
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    key: Vec<PathBuf>,
    /// Sign with the key of ssh-agent whose public half is in this file; may be given several times
    #[arg(long, value_name = "PUBLIC-KEY", help_heading = "Keys")]
    agent: Vec<PathBuf>,
    /// The file whose first line is the passphrase of the key; else AIRGAP_KEY_PASSPHRASE, else the terminal is asked
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    passphrase_file: Option<PathBuf>,
}

impl KeyArgs {
    /// Reads the keys: passphrases are asked for now, not after the work.
    pub(super) fn signers(&self) -> Result<Signers, SignError> {
        let passphrase = PassphraseSource { file: self.passphrase_file.clone() };
        let mut signers = Signers::none();
        self.key.iter().try_for_each(|path| signers.add_file(path, &passphrase))?;
        self.agent.iter().try_for_each(|path| signers.add_agent(path))?;
        Ok(signers)
    }
}
