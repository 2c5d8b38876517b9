//! Whom to trust.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use airgap_console::trust::{TrustFile, read};
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use manifests::signature::{TrustRoot, Verdict};
use miette::Context;

use super::view::Trust;

/// Whom to trust.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TrustArgs {
    /// Whose signatures count: a file in the format of OpenSSH's allowed_signers
    #[arg(long, value_name = "FILE", env = "AIRGAP_TRUST", value_parser = named, help_heading = "Trust")]
    trust: Option<PathBuf>,
    /// How many different signers it takes
    #[arg(long, value_name = "NUMBER", default_value = "1", help_heading = "Trust")]
    threshold: NonZeroU32,
}

/// A file's name. That of an empty variable says nothing.
fn named(text: &str) -> Result<PathBuf, std::convert::Infallible> {
    Ok(PathBuf::from(text))
}

impl TrustArgs {
    /// The file that was named.
    fn named(&self) -> Option<&Path> {
        self.trust.as_deref().filter(|path| !path.as_os_str().is_empty())
    }

    /// The name of the file that was named, without its folder, and how many signers it takes.
    pub(super) fn described(&self) -> (Option<String>, u32) {
        let name = self.named().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        (name, self.threshold.get())
    }

    /// The trust that was asked for, if any was.
    pub(super) fn optional(&self) -> miette::Result<Option<TrustRoot>> {
        self.named().map(|_| self.required()).transpose()
    }

    /// The trust that was asked for, else that of the machine.
    pub(super) fn required(&self) -> miette::Result<TrustRoot> {
        let TrustFile { name, text } = read(self.named())?;
        Ok(TrustRoot::parse(&text, &name)?.with_threshold(self.threshold))
    }
}

/// Verifies a bundle. Warns of signatures that don't count beside those that do.
pub(super) fn verify(bundle: UnverifiedBundle, trust: &TrustRoot) -> miette::Result<(VerifiedBundle, Trust)> {
    let verdict = trust.examine(bundle.document_bytes(), bundle.signatures(), bundle.claimed().created);
    let verified = bundle.verify(trust)?;
    Ok((verified, told(verdict)))
}

/// What can be said of a bundle that need not be complete: its signatures, if there is trust to check them against.
pub(super) fn appraise(bundle: &UnverifiedBundle, trust: Option<&TrustRoot>) -> miette::Result<Trust> {
    let Some(trust) = trust else { return Ok(Trust::default()) };
    let (message, when) = (bundle.document_bytes(), bundle.claimed().created);
    trust.verify(message, bundle.signatures(), when).map_err(miette::Report::from).wrap_err_with(|| {
        let file = bundle.paths().first().map(|path| path.display().to_string()).unwrap_or_default();
        format!("`{file}` is not trusted")
    })?;
    Ok(told(trust.examine(message, bundle.signatures(), when)))
}

fn told(verdict: Verdict) -> Trust {
    verdict.rejected.iter().for_each(|rejected| tracing::warn!("{rejected}"));
    Trust { verified: true, signers: verdict.signers, ignored: verdict.rejected }
}
