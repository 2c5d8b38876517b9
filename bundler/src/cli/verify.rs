//! `airgap-bundle verify`

use std::num::NonZeroUsize;

use airgap_console::{CommonArgs, OutputArgs, Table};
use manifests::Digest;
use manifests::bundle::Damage;
use serde::Serialize;

use super::bundle::BundleArgs;
use super::damage::refuse_damage;
use super::trust::{TrustArgs, verify};
use super::view::{SCHEMA_VERSION, Trust, add_trust};

/// Check a bundle's signatures and every byte of it
///
/// Everything that is wrong is told, not only the first.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Check the signatures and the shape only, not the content
    #[arg(long)]
    quick: bool,
    /// How many threads check content; as many as there are processors, if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    ok: bool,
    name: String,
    version: String,
    digest: Digest,
    content_checked: bool,
    trust: Trust,
    damages: Vec<Damage>,
}

impl VerifyArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let trust = self.trust.required()?;
        let (bundle, trust) = verify(self.bundle.open()?, &trust)?;
        let mut damages = Vec::new();
        if !self.quick {
            let task = common.progress().bytes("verify", Some(bundle.archive_size()));
            damages = bundle.check(crate::jobs(self.jobs), &|bytes| task.advance(bytes));
            task.finish();
        }
        let document = bundle.document();
        let report = Report {
            schema_version: SCHEMA_VERSION,
            ok: damages.is_empty(),
            name: document.name.to_string(),
            version: document.version.to_string(),
            digest: bundle.document_digest(),
            content_checked: !self.quick,
            trust,
            damages,
        };
        self.output.print(&report, Report::table)?;
        refuse_damage(report.damages)
    }
}

impl Report {
    fn table(&self) -> Table {
        let mut table = Table::pairs();
        table.row(["bundle", &format!("{} {}", self.name, self.version)]).row(["digest", &self.digest.to_string()]);
        add_trust(&mut table, &self.trust, 0);
        let content = match (self.content_checked, self.ok) {
            (false, _) => "not checked",
            (true, true) => "every byte is as signed",
            (true, false) => "DAMAGED",
        };
        table.row(["content", content]);
        table
    }
}
