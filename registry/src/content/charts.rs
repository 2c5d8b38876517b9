//! Chart repositories in the classic form: an `index.yaml` and archives beside it.
//!
//! `/charts/index.yaml` has every chart, `/charts/<host>/<path>/index.yaml` those of one upstream repository. The
//! index is written as JSON, which is YAML and which Helm reads several times faster.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use jiff::Timestamp;
use manifests::Digest;
use manifests::document::Chart;
use serde_json::{Map, Value, json};

/// The size of a chart's metadata that is read at most: 1 MiB.
pub(super) const METADATA_SIZE: u64 = 1 << 20;

/// All charts.
#[derive(Debug, Default)]
pub struct Charts {
    /// What is entered, until [`Charts::finish`].
    entries: Vec<Entry>,
    /// The indexes by their folders; the one with all of them is that of the empty folder.
    pub indexes: BTreeMap<String, Bytes>,
    /// The files by their paths below `/charts/`.
    pub files: HashMap<String, ChartFile>,
}

/// An archive or a provenance file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChartFile {
    /// The digest.
    pub digest: Digest,
    /// The size in bytes.
    pub size: u64,
    /// Whether it is a provenance file.
    pub provenance: bool,
}

#[derive(Debug)]
struct Entry {
    folder: String,
    name: String,
    version: String,
    file: String,
    value: Map<String, Value>,
}

impl Charts {
    /// Enters a chart, unless a later bundle has the same version of it.
    pub(super) fn add(
        &mut self,
        chart: &Chart,
        metadata: Map<String, Value>,
        archive: (Digest, u64),
        provenance: Option<(Digest, u64)>,
        created: Timestamp,
    ) {
        let repository = chart.reference.repository();
        let path = repository.as_path();
        let folder = path.rsplit_once('/').map_or(path.as_str(), |(parent, _)| parent).to_owned();
        let file = format!("{}-{}.tgz", chart.name, chart.version);
        let path = format!("{folder}/{file}");
        if self.files.contains_key(&path) {
            return;
        }
        let mut value = metadata;
        value.insert("name".into(), chart.name.clone().into());
        value.insert("version".into(), chart.version.clone().into());
        value.insert("digest".into(), archive.0.hex().into());
        value.insert("created".into(), created.to_string().into());
        if let Some((digest, size)) = provenance {
            self.files.insert(format!("{path}.prov"), ChartFile { digest, size, provenance: true });
        }
        self.files.insert(path, ChartFile { digest: archive.0, size: archive.1, provenance: false });
        self.entries.push(Entry { folder, name: chart.name.clone(), version: chart.version.clone(), file, value });
    }

    /// Writes the indexes.
    pub(super) fn finish(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        // Helm takes the first of equal versions and sorts the rest itself; a fixed order keeps the index stable.
        let version = |entry: &Entry| semver::Version::parse(&entry.version).ok();
        entries.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| version(b).cmp(&version(a))));
        let mut folders: BTreeMap<String, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        folders.insert(String::new(), BTreeMap::new());
        for entry in &entries {
            for (folder, url) in [
                (String::new(), format!("{}/{}", entry.folder, entry.file)),
                (entry.folder.clone(), entry.file.clone()),
            ] {
                let mut value = entry.value.clone();
                value.insert("urls".into(), json!([url]));
                folders.entry(folder).or_default().entry(&entry.name).or_default().push(Value::Object(value));
            }
        }
        let generated = entries.iter().filter_map(|entry| entry.value.get("created")?.as_str()).max();
        let generated = generated.unwrap_or("1970-01-01T00:00:00Z").to_owned();
        let index = |entries| json!({"apiVersion": "v1", "entries": entries, "generated": generated});
        self.indexes = folders
            .into_iter()
            .map(|(folder, entries)| (folder, Bytes::from(format!("{:#}\n", index(json!(entries))))))
            .collect();
    }
}
