//! `airgap-bundle sign`

use std::path::{Path, PathBuf};

use airgap_console::{UsageError, output};
use manifests::bundle::{UnverifiedBundle, attach_signatures, occupied};
use manifests::signature;
use miette::{Context, IntoDiagnostic};

use super::bundle::BundleArgs;
use super::keys::KeyArgs;

/// Sign a bundle, or attach signatures made elsewhere
///
/// Only the place for signatures is written, nothing is moved. For volumes it is in the first one; when all are there,
/// the set document beside them (`NAME.set.json`) is signed too.
#[derive(Debug, clap::Args)]
pub(super) struct SignArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    keys: KeyArgs,
    /// Attach signatures that `ssh-keygen -Y sign -n airgap-bundle` made of the exported bundle.json
    #[arg(long, value_name = "SIGNATURE", num_args = 1..)]
    attach: Vec<PathBuf>,
    /// Write bundle.json to this file, to be signed elsewhere
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

impl SignArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let signers = self.keys.signers()?;
        if signers.is_empty() && self.attach.is_empty() && self.export.is_none() {
            let help = "give --key FILE, --agent PUBLIC-KEY, --attach SIGNATURE or --export FILE";
            return Err(UsageError::new("nothing says what to sign with").with_help(help).into());
        }
        let bundle = self.bundle.open_partial()?;
        if let Some(file) = &self.export {
            export(&bundle, file)?;
        }
        let mut new = self.attached(&bundle)?;
        new.extend(signers.without_signatures_in(bundle.signatures()).sign(bundle.document_bytes())?);
        new.retain(|signature| !bundle.signatures().contains(signature));
        let with_set = !signers.is_empty() && bundle.volumes() > 0 && bundle.absent().is_empty();
        if let Some(first) = bundle.paths().first().filter(|_| with_set) {
            occupied::check_set_document(first)?;
        }
        if !new.is_empty() {
            self.attach(&bundle, &new)?;
        } else if self.export.is_none() {
            output::print("these keys have signed it already")?;
        }
        if with_set {
            let set = crate::volume_set::write(&bundle.paths(), &signers)?;
            set.written.iter().try_for_each(|file| output::print(&format!("wrote {}", file.display())))?;
        }
        Ok(())
    }

    fn attach(&self, bundle: &UnverifiedBundle, new: &[String]) -> miette::Result<()> {
        let file = attach_signatures(&self.bundle.paths()?, new)?;
        for armoured in new {
            let by = signature::key_of(armoured).map(|key| signature::fingerprint(&key)).unwrap_or_default();
            output::print(&format!("signed by {by}"))?;
        }
        output::print(&format!("{} has {} now", file.display(), plural(bundle.signatures().len() + new.len())))
    }

    /// Signatures made elsewhere, each checked against this very document.
    fn attached(&self, bundle: &UnverifiedBundle) -> miette::Result<Vec<String>> {
        let read = |file: &PathBuf| {
            let text = read_text(file)?;
            signature::check(&text, bundle.document_bytes())
                .into_diagnostic()
                .wrap_err_with(|| format!("`{}` is no signature of this bundle", file.display()))?;
            Ok(text)
        };
        self.attach.iter().map(read).collect()
    }
}

fn plural(count: usize) -> String {
    if count == 1 { "1 signature".to_owned() } else { format!("{count} signatures") }
}

fn read_text(file: &Path) -> miette::Result<String> {
    let read = std::fs::metadata(file).and_then(|metadata| {
        let small = metadata.len() <= signature::MAX_SIGNATURE as u64;
        if small {
            std::fs::read_to_string(file)
        } else {
            Err(std::io::Error::other("it is too large for a signature"))
        }
    });
    read.into_diagnostic().wrap_err_with(|| format!("can't read `{}`", file.display()))
}

fn export(bundle: &UnverifiedBundle, file: &Path) -> miette::Result<()> {
    let failed = || format!("can't write `{}`", file.display());
    std::fs::write(file, bundle.document_bytes()).into_diagnostic().wrap_err_with(failed)?;
    output::print(&format!(
        "wrote {}; sign it with `ssh-keygen -Y sign -n airgap-bundle -f KEY {}` and bring back the .sig",
        file.display(),
        file.file_name().unwrap_or_default().to_string_lossy()
    ))
}
