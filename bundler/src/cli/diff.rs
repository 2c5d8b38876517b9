//! `airgap-bundle diff`

use std::fmt;
use std::path::{Path, PathBuf};

use airgap_console::bundle::resolve;
use airgap_console::{ByteSize, OutputArgs, Table};
use manifests::bundle::UnverifiedBundle;
use serde::Serialize;

use super::trust::{TrustArgs, appraise};
use super::view::SCHEMA_VERSION;
use crate::compare::{Change, Comparison};

/// Show what changed between two bundles, and how much there is to carry
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The earlier bundle
    from: PathBuf,
    /// The later bundle
    to: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diff {
    schema_version: u32,
    verified: bool,
    #[serde(flatten)]
    comparison: Comparison,
}

impl DiffArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let trust = self.trust.optional()?;
        let open = |path: &Path| {
            let bundle = UnverifiedBundle::open_partial(&[resolve(path)?])?;
            let verified = appraise(&bundle, trust.as_ref())?.verified;
            Ok::<_, miette::Report>((bundle, verified))
        };
        let ((from, old), (to, new)) = (open(&self.from)?, open(&self.to)?);
        if !(old && new) {
            tracing::warn!("UNVERIFIED: this is what the bundles say of themselves; check with --trust FILE");
        }
        let comparison = Comparison::between(from.claimed(), to.claimed());
        self.output.print(&Diff { schema_version: SCHEMA_VERSION, verified: old && new, comparison }, Diff::to_string)
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { from, to, items, packages, mirrors, carry } = &self.comparison;
        writeln!(f, "{} {} -> {} {}\n", from.name, from.version, to.name, to.version)?;
        let mut table = Table::new(&["", "KIND", "NAME", "FROM", "TO"]);
        let version = |version: &Option<String>| version.clone().unwrap_or_default();
        for item in items {
            table.row([mark(item.change), &item.kind, &item.name, &version(&item.from), &version(&item.to)]);
        }
        for package in packages {
            let name = format!("{}/{} {}", package.series, package.name, package.architecture);
            table.row([mark(package.change), "package", &name, &version(&package.from), &version(&package.to)]);
        }
        for mirror in mirrors {
            let figures = |side: Option<crate::compare::Figures>| {
                side.map(|it| format!("{} packages, {}", it.packages, ByteSize(it.size))).unwrap_or_default()
            };
            table.row([
                mark(mirror.change),
                "mirrored",
                mirror.name.as_str(),
                &figures(mirror.from),
                &figures(mirror.to),
            ]);
        }
        if table.is_empty() {
            writeln!(f, "the same items")?;
        } else {
            write!(f, "{table}")?;
        }
        writeln!(
            f,
            "\nto carry: {} in {} blobs; {} are there already",
            ByteSize(carry.bytes),
            carry.blobs,
            ByteSize(carry.shared_bytes)
        )
    }
}

fn mark(change: Change) -> &'static str {
    match change {
        Change::Added => "+",
        Change::Removed => "-",
        Change::Changed => "~",
    }
}
