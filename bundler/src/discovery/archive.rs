//! What a chart's archive says besides what is rendered of it: the defaults of its values and of those of the charts in it, the
//! schema of its values, and whether its templates ask what the cluster's API has.

mod asked;
mod literal;
mod outside;
mod random;

use std::cell::Cell;
use std::io::Read;
use std::path::Path;

use super::yaml::{self, Tree};
use crate::charts::archive::{ArchiveError, MAX_UNPACKED, for_each_file_within};

pub(super) use asked::without_gone;
pub(super) use literal::Literal;
pub(super) use random::{mentions as mentions_random, mentions_clock};

/// By what a template asks what the API has. A word, since there are many ways to write it.
const ASKS: &[u8] = b"APIVersions";
/// By what it asks whether the release is there already.
const UPGRADES: [&[u8]; 3] = [b"IsUpgrade", b"IsInstall", b"Release.Revision"];
/// The folder of templates, and the one of them that is only read by people.
const TEMPLATES: &str = "templates/";
const NOTES: &str = "NOTES.txt";
/// The largest file of an archive that is looked into, in bytes.
const LARGEST: u64 = 16 << 20;
/// How deep archives may stand in each other: charts that charts are made of.
const DEPTH: usize = 4;

/// What a chart's archive says.
#[derive(Debug, Clone, Default)]
pub(super) struct ChartFiles {
    /// The schema of its values.
    pub(super) schema: Option<serde_json::Value>,
    /// Itself, then the charts in it.
    pub(super) charts: Vec<Part>,
    /// Whether a template asks what the API has.
    pub(super) asks_for_apis: bool,
    /// Whether a template asks if the release is there already.
    pub(super) asks_for_upgrade: bool,
    /// Whether a template may render another text each time.
    pub(super) is_random: bool,
    /// Whether it may do so by the clock.
    pub(super) asks_for_time: bool,
    /// The first reference of a schema that leads out of it, with the schema's file.
    pub(super) outside: Option<Outside>,
}

/// A reference of a schema of values to a file of this machine or to a network.
#[derive(Debug, Clone)]
pub(super) struct Outside {
    /// The schema's file in the archive.
    pub(super) file: String,
    /// The reference.
    pub(super) reference: String,
}

/// A chart, or one within it.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    /// Its folder in the archive, without the chart's own: `charts/db/`, empty for the chart itself.
    pub(super) folder: String,
    /// Its `Chart.yaml`.
    pub(super) metadata: Option<Tree>,
    /// Its `values.yaml`.
    pub(super) values: Option<Tree>,
    /// The images that its templates have as they are, each with its file, from the chart's own folder.
    pub(super) literals: Vec<(String, Literal)>,
}

impl ChartFiles {
    /// Reads the archive at a path.
    ///
    /// # Errors
    /// Why it can't be read, for people.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
        let mut files = Self::default();
        let left = Cell::new(MAX_UNPACKED);
        files.add(std::io::BufReader::new(file), "", 0, &left).map_err(|error| chain(&error))?;
        files.charts.sort_by(|a, b| a.folder.cmp(&b.folder));
        Ok(files)
    }

    /// The chart itself.
    pub(super) fn own(&self) -> Option<&Part> {
        self.charts.first().filter(|part| part.folder.is_empty())
    }

    /// Adds the files of an archive. Those within each other share what is `left` to be unpacked.
    fn add(&mut self, archive: impl Read, prefix: &str, depth: usize, left: &Cell<u64>) -> Result<(), ArchiveError> {
        for_each_file_within(archive, left, |name, content| {
            let mut bytes = Vec::new();
            content.take(LARGEST).read_to_end(&mut bytes)?;
            self.asks_for_apis |= memchr::memmem::find(&bytes, ASKS).is_some();
            self.asks_for_upgrade |= UPGRADES.iter().any(|word| memchr::memmem::find(&bytes, word).is_some());
            self.is_random |= !name.ends_with(".md") && random::mentions(&bytes);
            self.asks_for_time |= !name.ends_with(".md") && mentions_clock(&bytes);
            let is_archive = name.ends_with(".tgz") && in_charts(name);
            if is_archive && depth < DEPTH {
                let folder = format!("{prefix}{}/", name.trim_end_matches(".tgz"));
                // What is no archive is no chart to Helm either.
                return self.add(&*bytes, &folder, depth + 1, left).map_err(std::io::Error::other);
            }
            self.file(prefix, name, &bytes);
            Ok(())
        })
    }

    fn file(&mut self, prefix: &str, name: &str, bytes: &[u8]) {
        let (folder, file) = match name.rsplit_once('/') {
            Some((folder, file)) => (format!("{prefix}{folder}/"), file),
            None => (prefix.to_owned(), name),
        };
        let is_part = folder.is_empty() || in_charts(folder.trim_end_matches('/'));
        if is_part && file == "values.schema.json" {
            self.schema(&folder, bytes);
        }
        if let Some(part) = part_of_template(&folder).filter(|_| file != NOTES) {
            let literals = literal::literals(&String::from_utf8_lossy(bytes)).into_iter();
            let path = format!("{folder}{file}");
            self.part(part).literals.extend(literals.map(|literal| (path.clone(), literal)));
        }
        if !(is_part && matches!(file, "Chart.yaml" | "values.yaml")) {
            return;
        }
        let tree = yaml::read(&String::from_utf8_lossy(bytes)).ok().and_then(|trees| trees.into_iter().next());
        let part = self.part(&folder);
        if file == "Chart.yaml" { part.metadata = tree } else { part.values = tree }
    }
}

impl ChartFiles {
    /// The chart of a folder.
    fn part(&mut self, folder: &str) -> &mut Part {
        let at = self.charts.iter().position(|part| part.folder == folder).unwrap_or_else(|| {
            self.charts.push(Part { folder: folder.to_owned(), ..Part::default() });
            self.charts.len() - 1
        });
        &mut self.charts[at]
    }

    /// Takes the schema of the values of a chart. Helm reads those of all charts in it too.
    fn schema(&mut self, folder: &str, bytes: &[u8]) {
        let Ok(schema) = serde_json::from_slice(bytes) else { return };
        if self.outside.is_none() {
            let file = format!("{folder}values.schema.json");
            self.outside = outside::reference(&schema).map(|reference| Outside { file, reference });
        }
        if folder.is_empty() {
            self.schema = Some(schema);
        }
    }
}

/// The folder of the chart of which a folder has templates; none of those for `helm test`.
fn part_of_template(folder: &str) -> Option<&str> {
    let begins = folder.match_indices(TEMPLATES).map(|(at, _)| at);
    let mut charts = begins.map(|at| folder.split_at(at));
    let is_chart = |chart: &str| chart.is_empty() || chart.ends_with('/') && in_charts(chart.trim_end_matches('/'));
    let (chart, below) = charts.find(|(chart, _)| is_chart(chart))?;
    (!below.contains("/tests/")).then_some(chart)
}

/// Whether a path is directly below a folder `charts`, as those of charts are.
fn in_charts(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    parts.len() >= 2 && parts[parts.len() - 2] == "charts"
}

/// An error with all that it came of.
pub(in crate::discovery) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
