//! `airgap-bundle report`

use std::path::{Path, PathBuf};

use airgap_console::CommonArgs;
use airgap_console::bundle::resolve;
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use serde::Serialize;

use super::bundle::BundleArgs;
use super::document;
use super::look::{LookArgs, Looking};
use super::trust::{TrustArgs, appraise};
use super::view::SCHEMA_VERSION;
use crate::report::{self, Earlier, Report, Subject, Text};

/// Tell what is in a bundle, and who vouches for it
///
/// For whoever has to sign it off: where everything came from, what changed, what was found and let pass, and how to check it
/// by hand. With --look-inside also what is inside the images, and what a database of advisories knows about that. The page is
/// one file that loads nothing and runs nothing.
#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// How the report is written
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT", default_value_t)]
    format: ReportFormat,
    /// Write it to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// An earlier bundle: what changed since is told too
    #[arg(long, value_name = "BUNDLE")]
    base: Option<PathBuf>,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum ReportFormat {
    /// One page, for a browser or a printer
    #[default]
    Html,
    /// For a merge request or a wiki
    Markdown,
    /// For programs: stable, see docs/json-output.md
    Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    #[serde(flatten)]
    report: &'a Report,
}

impl ReportArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let looking = self.look.asked()?;
        let trust = self.trust.optional()?;
        let bundle = self.bundle.open_partial()?;
        let known = appraise(&bundle, trust.as_ref())?;
        if !known.verified {
            tracing::warn!("UNVERIFIED: this is what the bundle says of itself; check with --trust FILE");
        }
        let (against, threshold) = self.trust.described();
        let trust = report::Trust {
            verified: known.verified,
            signers: known.signers,
            ignored: known.ignored,
            against: against.map(|name| Text::of(&name)),
            threshold,
            signatures: bundle.signatures().len(),
        };
        let report = self.report(Subject::of(bundle, trust)?, looking, common)?;
        document::write("the report", self.output.as_deref(), |to| match self.format {
            ReportFormat::Html => report::page(&report, to),
            ReportFormat::Markdown => report::markdown(&report, to),
            ReportFormat::Json => {
                let document = Document { schema_version: SCHEMA_VERSION, report: &report };
                serde_json::to_writer_pretty(&mut *to, &document)?;
                writeln!(to)
            }
        })
    }

    fn report(
        &self,
        subject: Subject,
        mut looking: Option<Looking<'_>>,
        common: &CommonArgs,
    ) -> miette::Result<Report> {
        let earlier = self.base.as_deref().map(open).transpose()?;
        if let Some(looking) = &mut looking {
            looking.ask_carried(subject.bundle())?;
        }
        let look = |bundle: &VerifiedBundle| looking.as_ref().map(|it| it.take(bundle, common)).transpose();
        let earlier = match earlier {
            Some(bundle) => Some(Earlier { look: look(&bundle)?, bundle }),
            None => None,
        };
        let look = look(subject.bundle())?;
        Ok(subject.report(look.as_ref(), earlier.as_ref()))
    }
}

/// Opens the bundle that is compared with. Nobody needs to vouch for it: it only says what was there before.
fn open(path: &Path) -> miette::Result<VerifiedBundle> {
    let bundle = UnverifiedBundle::open_partial(&[resolve(path)?])?;
    let digest = bundle.document_digest();
    Ok(bundle.verify_pinned(&digest)?)
}
