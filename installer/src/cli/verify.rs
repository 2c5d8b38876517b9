//! `verify`.

use std::path::Path;

use airgap_console::{ByteSize, CommonArgs, OutputArgs, Table};
use manifests::signature::Signer;
use serde::Serialize;

use super::args::{BundleArgs, reporter, threads};
use crate::engine::{RunError, StepError};
use crate::event::{BundleId, Event, Outcome, StepId};
use crate::import::{ImportError, check};
use crate::meter::Meter;

/// Check every byte of a bundle and its signatures, or of all that this site holds
///
/// Without --bundle: reads every generation and names those that are damaged.
#[derive(Debug, clap::Args)]
#[command(mut_arg("bundle", |bundle| bundle.required(false)))]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// A bundle that is whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    schema_version: u32,
    bundle: BundleId,
    signers: Vec<Signer>,
    /// Bytes, over all volumes.
    archive_size: u64,
}

impl VerifyArgs {
    pub(super) fn run(&self, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        if self.bundle.paths.is_empty() {
            return super::verify_held::run(&self.output, common, state);
        }
        let stop = super::args::stop()?;
        let bundle = self.bundle.open()?;
        let clock = jiff::Timestamp::now;
        let reporter = reporter(common, &clock);
        let meter = Meter::new(&reporter, StepId::Verify, bundle.archive_size());
        check(&bundle, threads(), &stop, &|bytes| meter.advance(bytes)).map_err(|error| match error {
            ImportError::Interrupted(interrupted) => StepError::from(interrupted),
            other => StepError::failed(other),
        })?;
        let outcome = Outcome::done(format!("{} read", ByteSize(bundle.archive_size())));
        reporter.emit(Event::StepFinished { step: StepId::Verify, outcome }).map_err(RunError::Report)?;
        let verified = Verified {
            schema_version: 1,
            bundle: BundleId::new(bundle.document(), bundle.document_digest()),
            signers: bundle.signers().to_vec(),
            archive_size: bundle.archive_size(),
        };
        self.output.print(&verified, table)
    }
}

fn table(verified: &Verified) -> String {
    let mut table = Table::pairs();
    let BundleId { name, version, digest } = &verified.bundle;
    table.row(["bundle".to_owned(), format!("{name} {version}")]);
    table.row(["digest".to_owned(), digest.to_string()]);
    for signer in &verified.signers {
        table.row(["signed by".to_owned(), format!("{} ({})", signer.principal, signer.fingerprint)]);
    }
    table.row(["whole".to_owned(), format!("yes, all {}", ByteSize(verified.archive_size))]);
    table.to_string()
}
