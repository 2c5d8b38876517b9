use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use airgap_console::{ByteSize, OutputArgs, Table};
use registry::store::Store;
use serde::Serialize;

use crate::packages::{MirrorOffer, Offer};

/// Show which packages this site has, and who wants them
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Only for this release of the nodes' operating system
    #[arg(long, value_name = "SERIES")]
    series: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    schema_version: u32,
    series: Vec<Series>,
    mirrors: Vec<Mirror>,
}

/// A repository that upstream signed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mirror {
    name: String,
    generation: u32,
    source: String,
    suites: Vec<String>,
    components: Vec<String>,
    architectures: Vec<String>,
    packages: u64,
    /// Their bytes.
    size: u64,
}

/// The packages of one stack for one series.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    series: String,
    stack: String,
    generation: u32,
    architectures: Vec<String>,
    /// How many packages are carried, dependencies among them.
    packages: usize,
    /// Their bytes.
    size: u64,
    /// What each component wants.
    wanted: Vec<Wanted>,
    /// What earlier bundles of the stack wanted and no bundle does any more.
    former: Vec<Former>,
}

#[derive(Debug, Serialize)]
struct Former {
    package: String,
    architecture: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Wanted {
    component: String,
    package: String,
    architecture: String,
    version: String,
}

impl ListArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let store = Store::at(state);
        let mut names: Vec<String> = self.series.iter().cloned().collect();
        let mut mirrors = Vec::new();
        if names.is_empty() {
            names = crate::packages::known_series(&store)?;
            mirrors = crate::packages::known_mirrors(&store)?;
        }
        let mut series = Vec::new();
        for name in &names {
            series.extend(Offer::all(&store, name)?.iter().map(Series::of));
        }
        let mirrors = mirrors.iter().map(|name| Ok(Mirror::of(&MirrorOffer::latest(&store, name)?)));
        let mirrors = mirrors.collect::<miette::Result<Vec<_>>>()?;
        self.output.print(&Listed { schema_version: 1, series, mirrors }, table)
    }
}

impl Mirror {
    fn of(offer: &MirrorOffer) -> Self {
        let mirror = &offer.mirror;
        Self {
            name: mirror.name.to_string(),
            generation: offer.generation.number,
            source: mirror.source.clone(),
            suites: mirror.suites.iter().map(|suite| suite.suite.to_string()).collect(),
            components: mirror.components.clone(),
            architectures: mirror.architectures.iter().map(ToString::to_string).collect(),
            packages: mirror.packages,
            size: mirror.size,
        }
    }
}

impl Series {
    fn of(offer: &Offer) -> Self {
        let set = offer.set().ok();
        let mut wanted: Vec<Wanted> = set.into_iter().flat_map(|set| &set.wanted).map(Wanted::of).collect();
        wanted.sort();
        let packages = set.map_or(&[][..], |set| &set.packages[..]);
        let former = offer
            .former
            .iter()
            .map(|former| Former { package: former.package.clone(), architecture: former.architecture.to_string() });
        Self {
            series: offer.series.to_string(),
            stack: offer.stack().to_string(),
            generation: offer.generation.number,
            architectures: set.into_iter().flat_map(|set| &set.architectures).map(ToString::to_string).collect(),
            packages: packages.len(),
            size: packages.iter().map(|package| package.size).sum(),
            wanted,
            former: former.collect(),
        }
    }
}

impl Wanted {
    fn of(wanted: &manifests::document::WantedPackage) -> Self {
        Self {
            component: wanted.component.clone(),
            package: wanted.full_name(),
            architecture: wanted.architecture.to_string(),
            version: wanted.version.to_string(),
        }
    }
}

fn table(listed: &Listed) -> String {
    if listed.series.is_empty() && listed.mirrors.is_empty() {
        return "no bundle of this site has packages\n".to_owned();
    }
    let mut text = String::new();
    for series in &listed.series {
        text.push_str(&series_table(series));
    }
    for mirror in &listed.mirrors {
        text.push_str(&format!(
            "mirror {} of {} ({}; {}): {} packages, {}, from generation {}\n",
            mirror.name,
            mirror.source,
            mirror.suites.join(", "),
            mirror.architectures.join(", "),
            mirror.packages,
            ByteSize(mirror.size),
            mirror.generation
        ));
    }
    text
}

fn series_table(series: &Series) -> String {
    let Series { series: name, stack, generation, packages, .. } = series;
    let mut text = if *packages == 0 {
        format!("{name}: no packages of {stack} any more since generation {generation}\n")
    } else {
        let (architectures, size) = (series.architectures.join(", "), ByteSize(series.size));
        format!("{name} ({architectures}): {packages} packages of {stack}, {size}, from generation {generation}\n")
    };
    let mut rows: BTreeMap<[&str; 3], Vec<&str>> = BTreeMap::new();
    for wanted in &series.wanted {
        rows.entry([&wanted.component, &wanted.package, &wanted.version]).or_default().push(&wanted.architecture);
    }
    if !rows.is_empty() {
        let mut table = Table::new(&["COMPONENT", "PACKAGE", "VERSION", "NODES"]);
        for ([component, package, version], architectures) in rows {
            table.row([component.to_owned(), package.to_owned(), version.to_owned(), architectures.join(" ")]);
        }
        text.push_str(&table.to_string());
    }
    if !series.former.is_empty() {
        let former: BTreeSet<&str> = series.former.iter().map(|former| former.package.as_str()).collect();
        text.push_str(&format!("not wanted any more: {}\n", former.into_iter().collect::<Vec<_>>().join(", ")));
    }
    text
}
