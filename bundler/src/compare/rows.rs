//! What changed, a line for each: as tables and pages show it.

use airgap_console::ByteSize;

use super::{AdvisoryChange, Change, Comparison, Figures};
use crate::advisories::Finding;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What happened.
    pub change: Change,
    /// What it happened to: `component`, `image`, `file`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What the earlier side has of it.
    pub from: String,
    /// What the later side has of it.
    pub to: String,
    /// Its size on the later side, and how that differs from the earlier.
    pub size: String,
}

/// All changes of items, in the order of what they happened to.
pub fn rows(comparison: &Comparison) -> Vec<Row> {
    let Comparison { components, items, files, packages, mirrors, .. } = comparison;
    let mut rows = Vec::new();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    for component in components.iter().filter(|component| component.change != Change::Changed) {
        rows.push(Row::new(component.change, "component", component.name.clone()));
    }
    for item in items {
        let size = sizes(item.from_size, item.to_size);
        let row = Row::new(item.change, &item.kind, item.name.clone());
        rows.push(Row { from: text(&item.from), to: text(&item.to), size, ..row });
    }
    for file in files {
        let short = |digest: Option<manifests::Digest>| digest.map(|digest| digest.short()).unwrap_or_default();
        let row = Row::new(file.change, "file", format!("{}/{}", file.component, file.path));
        let size = sizes(file.from_size, file.to_size);
        rows.push(Row { from: short(file.from), to: short(file.to), size, ..row });
    }
    for package in packages {
        let name = format!("{}/{} {}", package.series, package.name, package.architecture);
        let size = sizes(package.from_size, package.to_size);
        let row = Row::new(package.change, "package", name);
        rows.push(Row { from: text(&package.from), to: text(&package.to), size, ..row });
    }
    for mirror in mirrors {
        let figures = |side: Option<Figures>| side.map(|it| format!("{} packages", it.packages)).unwrap_or_default();
        let size = sizes(mirror.from.map(|it| it.size), mirror.to.map(|it| it.size));
        let row = Row::new(mirror.change, "mirrored", mirror.name.to_string());
        rows.push(Row { from: figures(mirror.from), to: figures(mirror.to), size, ..row });
    }
    rows
}

/// All licences and advisories that came or went.
pub fn rows_of_inside(comparison: &Comparison) -> Vec<Row> {
    let Comparison { licences, advisories, .. } = comparison;
    let licences = licences
        .iter()
        .flatten()
        .map(|change| Row::new(change.change, "licence", change.licence.clone()).on_its_side(in_short(&change.places)));
    let advisories =
        advisories.iter().flat_map(|advisories| &advisories.findings).map(|AdvisoryChange { change, finding }| {
            let Finding { id, kind, package, version, severity, places, .. } = finding;
            let what = format!("{}: {kind} {package} {version} in {}", severity.as_str(), in_short(places));
            Row::new(*change, "advisory", id.clone()).on_its_side(what)
        });
    licences.chain(advisories).collect()
}

/// One place, and how many others.
pub(crate) fn in_short(places: &[String]) -> String {
    match places {
        [] => String::new(),
        [only] => only.clone(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
    }
}

/// The size on the later side, and how it differs from the earlier.
fn sizes(from: Option<u64>, to: Option<u64>) -> String {
    match (from, to) {
        (None, None) => String::new(),
        (None, Some(to)) => ByteSize(to).to_string(),
        (Some(from), None) => format!("-{}", ByteSize(from)),
        (Some(from), Some(to)) if from == to => ByteSize(to).to_string(),
        (Some(from), Some(to)) => {
            let sign = if to > from { '+' } else { '-' };
            format!("{} ({sign}{})", ByteSize(to), ByteSize(to.abs_diff(from)))
        }
    }
}

impl Row {
    /// Says what the side has that has it, where the other has nothing.
    fn on_its_side(self, what: String) -> Self {
        if self.change == Change::Removed { Self { from: what, ..self } } else { Self { to: what, ..self } }
    }

    fn new(change: Change, kind: &str, name: String) -> Self {
        let nothing = String::new;
        Self { change, kind: kind.to_owned(), name, from: nothing(), to: nothing(), size: nothing() }
    }
}
