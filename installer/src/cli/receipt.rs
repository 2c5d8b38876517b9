//! `receipt`.

use std::path::{Path, PathBuf};

use airgap_console::OutputArgs;
use jiff::Timestamp;
use registry::store::Store;
use serde::Serialize;

use super::snippets::NothingServed;
use crate::receipt::Receipt;

/// Write down what this site holds, signed by its own key, to be carried back to where bundles are built
///
/// `ssh-keygen -Y verify -n airgap-receipt` checks it against the line that is printed.
#[derive(Debug, clap::Args)]
pub(super) struct ReceiptArgs {
    /// The file that is written, and its signature beside it (FILE.sig)
    #[arg(value_name = "FILE", default_value = "receipt.json")]
    file: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// What was written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    schema_version: u32,
    file: PathBuf,
    signature: PathBuf,
    /// The line by which others trust the key.
    allowed_signers: String,
}

impl ReceiptArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let store = Store::at(state);
        if store.list()?.is_empty() {
            return Err(NothingServed::of(state).into());
        }
        let _lock = store.lock()?;
        let allowed_signers = Receipt::of(state, Timestamp::now())?.write(state, &self.file)?;
        let mut signature = self.file.clone().into_os_string();
        signature.push(".sig");
        let written =
            Written { schema_version: 1, file: self.file.clone(), signature: signature.into(), allowed_signers };
        self.output.print(&written, |written| {
            format!(
                "receipt    {}\nsignature  {}\n\nOthers trust it by this line in an allowed_signers file:\n{}\n",
                written.file.display(),
                written.signature.display(),
                written.allowed_signers
            )
        })
    }
}
