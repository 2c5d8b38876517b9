//! `airgap-bundle list`

use std::collections::BTreeSet;

use airgap_console::{ByteSize, OutputArgs, Table};
use manifests::Document;
use manifests::debian::Architecture;
use manifests::document::{CarriedPackage, Item, Mirror, Packages, WantedPackage};
use serde::Serialize;

use super::bundle::BundleArgs;
use super::trust::{TrustArgs, appraise};
use super::view::{SCHEMA_VERSION, Trust};

/// List what a bundle holds
///
/// Works while volumes are missing.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Only items of this kind: image, chart, files, packages, mirror
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// A line for each file of a set of files, and for each package
    #[arg(long)]
    files: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    schema_version: u32,
    trust: &'a Trust,
    items: Vec<&'a Item>,
}

impl ListArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let trust = self.trust.optional()?;
        let bundle = self.bundle.open_partial()?;
        let trust = appraise(&bundle, trust.as_ref())?;
        let document = bundle.claimed();
        let wanted = |item: &&Item| self.kind.as_deref().is_none_or(|kind| item.kind() == kind);
        let list = List {
            schema_version: SCHEMA_VERSION,
            trust: &trust,
            items: document.items.iter().filter(wanted).collect(),
        };
        if !trust.verified {
            tracing::warn!("UNVERIFIED: this is what the bundle says of itself; check with --trust FILE");
        }
        self.output.print(&list, |list| self.table(list, document))
    }

    fn table(&self, list: &List<'_>, document: &Document) -> Table {
        let mut table = Table::new(&["KIND", "NAME", ">SIZE", "DIGEST", "DETAILS"]);
        for item in &list.items {
            let digest = item.descriptor().map(|descriptor| descriptor.digest.short()).unwrap_or_default();
            let (size, details) = facts(item, document);
            let size = size.map(|size| ByteSize(size).to_string()).unwrap_or_default();
            table.row([item.kind(), &item.reference().unwrap_or_default(), &size, &digest, &details]);
            if let Some(set) = item.as_files().filter(|_| self.files) {
                for file in &set.files {
                    let size = ByteSize(file.size).to_string();
                    table.row(["file", &format!("  {}", file.path), &size, &file.digest.short(), ""]);
                }
            }
            if let Some(set) = item.as_packages().filter(|_| self.files) {
                for package in &set.packages {
                    let size = ByteSize(package.size).to_string();
                    let name = format!("  {} {} {}", package.name, package.version, package.architecture);
                    table.row(["package", &name, &size, &package.digest.short(), &wanted_by(set, package)]);
                }
            }
        }
        table
    }
}

/// An item's size, where the document tells it, and what is special about the item.
fn facts(item: &Item, document: &Document) -> (Option<u64>, String) {
    if let Some(image) = item.as_image() {
        let mut words: Vec<String> = image.platforms.iter().map(ToString::to_string).collect();
        if !image.attached.is_empty() {
            words.push(format!("{} attached", image.attached.len()));
        }
        return (None, words.join(", "));
    }
    if let Some(chart) = item.as_chart() {
        let mut words: Vec<String> = chart.provenance.iter().map(|_| "with provenance".to_owned()).collect();
        if !chart.attached.is_empty() {
            words.push(format!("{} attached", chart.attached.len()));
        }
        return (document.blob(&chart.archive).map(|blob| blob.size), words.join(", "));
    }
    if let Some(set) = item.as_packages() {
        return (Some(set.packages.iter().map(|package| package.size).sum()), summary(set));
    }
    if let Some(mirror) = item.as_mirror() {
        return (Some(mirror.size), mirrored(mirror));
    }
    match item.as_files() {
        Some(set) => (Some(set.files.iter().map(|file| file.size).sum()), format!("{} files", set.files.len())),
        None => (None, "of a kind that this version does not know".to_owned()),
    }
}

/// `amd64, arm64: 214 packages for 5 that are wanted`.
fn summary(set: &Packages) -> String {
    let architectures: Vec<&str> = set.architectures.iter().map(Architecture::as_str).collect();
    let wanted: BTreeSet<_> = set.wanted.iter().map(|wanted| &wanted.package).collect();
    let unproved = if set.unproved.is_some() { "; NOT PROVED with apt" } else { "" };
    format!(
        "{}: {} packages for {} that are wanted{unproved}",
        architectures.join(", "),
        set.packages.len(),
        wanted.len()
    )
}

/// `bookworm, bookworm-updates (main; amd64): 63000 packages of https://…`.
fn mirrored(mirror: &Mirror) -> String {
    let suites: Vec<&str> = mirror.suites.iter().map(|suite| suite.suite.as_str()).collect();
    let architectures: Vec<&str> = mirror.architectures.iter().map(Architecture::as_str).collect();
    let parts = [mirror.components.join(", "), architectures.join(", ")].into_iter().filter(|part| !part.is_empty());
    let parts = parts.collect::<Vec<_>>().join("; ");
    format!("{} ({parts}): {} packages of {}", suites.join(", "), mirror.packages, mirror.source)
}

/// The components that want a package itself.
fn wanted_by(set: &Packages, package: &CarriedPackage) -> String {
    let is_it = |wanted: &&WantedPackage| {
        wanted.package == package.name
            && wanted.version.as_str() == package.version.as_str()
            && (package.architecture.is_all() || *wanted.own_architecture() == package.architecture)
    };
    let components: BTreeSet<&str> = set.wanted.iter().filter(is_it).map(|wanted| wanted.component.as_str()).collect();
    if components.is_empty() {
        return String::new();
    }
    format!("wanted by {}", components.into_iter().collect::<Vec<_>>().join(", "))
}
