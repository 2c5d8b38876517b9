//! `airgap-bundle advisories`

use std::fmt;
use std::path::PathBuf;

use airgap_console::{CommonArgs, OutputArgs, OutputFormat, Table, UsageError, output};
use serde::Serialize;

use super::bundle::BundleArgs;
use super::changes::code;
use super::sbom::InventoryArgs;
use super::trust::{TrustArgs, verify};
use super::view::SCHEMA_VERSION;
use crate::advisories::{
    Database, DatabaseSummary, Finding, Findings, Severity, Unclear, Uncovered, Unused, carried, find,
};
use crate::compare::in_short;

/// Show which packages of a bundle known advisories are about
///
/// The database is a zip or a folder of JSON files in the OSV format, as osv.dev exports them for each ecosystem, or what the
/// bundle carries at `advisories/NAME.zip`. Without one, nothing is claimed. That a database has nothing about a package does
/// not make the package fine.
#[derive(Debug, clap::Args)]
pub(super) struct AdvisoriesArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The database; may be given several times
    #[arg(long, value_name = "FILE")]
    database: Vec<PathBuf>,
    /// Fail when anything of this severity or a higher one is found
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// How the result is written
    #[arg(short = 'o', long = "output", value_enum, value_name = "FORMAT", default_value_t)]
    format: AdvisoriesFormat,
    #[command(flatten)]
    inventory: InventoryArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum AdvisoriesFormat {
    /// For people. May change from version to version
    #[default]
    Table,
    /// For programs: stable, see docs/json-output.md
    Json,
    /// The same as YAML
    Yaml,
    /// For a ticket or a merge request
    Markdown,
}

/// What makes the command fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// Critical
    Critical,
    /// High or critical
    High,
    /// Anything, also of unknown severity
    Any,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    #[serde(flatten)]
    findings: Findings,
}

/// Findings that were not to be.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{count} finding{} of the severity {limit}", if *count == 1 { "" } else { "s" })]
#[diagnostic(help("newer versions may mend them: the findings name those that do"))]
struct Found {
    count: usize,
    limit: &'static str,
}

impl AdvisoriesArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let trust = self.trust.required()?;
        // Before layers are read: a name that is wrong should be told at once.
        let named = self.database.iter().map(|path| Database::open(path)).collect::<Result<Vec<_>, _>>()?;
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        let databases = if named.is_empty() { carried(&bundle)? } else { named };
        if databases.is_empty() {
            let message = "no database of advisories: nothing is claimed about this bundle";
            let help = "name one with --database FILE, or carry one: a file at `advisories/NAME.zip` of a component";
            return Err(UsageError::new(message).with_help(help).into());
        }
        let inventory = self.inventory.take(&bundle, common)?;
        let report = Report { schema_version: SCHEMA_VERSION, findings: find(&inventory, &databases)? };
        let format = match self.format {
            AdvisoriesFormat::Markdown => {
                output::print(&Markdown(&report.findings).to_string())?;
                return self.judge(&report.findings);
            }
            AdvisoriesFormat::Table => OutputFormat::Table,
            AdvisoriesFormat::Json => OutputFormat::Json,
            AdvisoriesFormat::Yaml => OutputFormat::Yaml,
        };
        OutputArgs { format }.print(&report, |report| Shown(&report.findings).to_string())?;
        self.judge(&report.findings)
    }

    fn judge(&self, findings: &Findings) -> miette::Result<()> {
        let Some(fail_on) = self.fail_on else { return Ok(()) };
        let (least, limit) = match fail_on {
            FailOn::Critical => (Severity::Critical, "critical"),
            FailOn::High => (Severity::High, "high or critical"),
            FailOn::Any => (Severity::Unknown, "any"),
        };
        match findings.findings.iter().filter(|finding| finding.severity >= least).count() {
            0 => Ok(()),
            count => Err(Found { count, limit }.into()),
        }
    }
}

/// Findings for people.
struct Shown<'a>(&'a Findings);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["SEVERITY", "ADVISORY", "PACKAGE", "VERSION", "FIXED", "IN"]);
        for finding in &self.0.findings {
            let Finding { id, kind, package, version, severity, .. } = finding;
            let package = format!("{kind} {package}");
            table.row([severity.as_str(), id, &package, version, &fixed(finding), &places(finding)]);
        }
        if !table.is_empty() {
            writeln!(f, "{table}")?;
        }
        writeln!(f, "{}", summary(self.0))?;
        limits_of(self.0).iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The same in Markdown.
struct Markdown<'a>(&'a Findings);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### Advisories\n\n{}\n", summary(self.0))?;
        if !self.0.findings.is_empty() {
            writeln!(f, "| severity | advisory | package | version | fixed | in |\n|---|---|---|---|---|---|")?;
        }
        for finding in &self.0.findings {
            let Finding { id, kind, package, version, severity, .. } = finding;
            let (id, package, version) = (code(id), code(&format!("{kind} {package}")), code(version));
            let (fixed, places) = (code(&fixed(finding)), code(&places(finding)));
            writeln!(f, "| {} | {id} | {package} | {version} | {fixed} | {places} |", severity.as_str())?;
        }
        limits_of(self.0).iter().try_for_each(|line| writeln!(f, "\n{}", code(line)))
    }
}

fn limits_of(findings: &Findings) -> Vec<String> {
    limits(&findings.unclear, &findings.uncovered, &findings.unused)
}

fn fixed(finding: &Finding) -> String {
    finding.fixed.join(", ")
}

fn places(finding: &Finding) -> String {
    in_short(&finding.places)
}

fn summary(findings: &Findings) -> String {
    let counts: Vec<String> =
        findings.counts().iter().rev().map(|(severity, count)| format!("{count} {}", severity.as_str())).collect();
    let found = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    format!("{found}; asked: {}", asked(&findings.databases))
}

/// The databases, and how many advisories each has.
pub(super) fn asked(databases: &[DatabaseSummary]) -> String {
    let asked: Vec<String> = databases.iter().map(|it| format!("{} ({} advisories)", it.name, it.advisories)).collect();
    asked.join(", ")
}

/// What the findings do not say.
pub(super) fn limits(unclear: &[Unclear], uncovered: &[Uncovered], unused: &[Unused]) -> Vec<String> {
    let unclear = unclear.iter().map(|unclear| format!("not judged: {unclear}"));
    let uncovered = uncovered.iter().map(|uncovered| format!("not judged: {uncovered}"));
    let mut limits: Vec<String> = unclear.chain(uncovered).collect();
    if !unused.is_empty() {
        let unused: Vec<String> = unused.iter().map(Unused::to_string).collect();
        limits.push(format!("not used: advisories of ecosystems that are not known here: {}", unused.join(", ")));
    }
    limits
}
