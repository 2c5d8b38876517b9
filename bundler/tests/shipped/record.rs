//! What was run of each component: `manifests/coverage/<name>.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::shipped;

/// What was run of a component.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    pub component: String,
    /// The charts that were rendered by `airgap-bundle discover`.
    #[serde(default)]
    pub rendered: Vec<Rendered>,
    /// Why none was.
    pub not_rendered: Option<String>,
    /// Why not all images are found that are expected.
    pub differences: Option<String>,
    /// How many of the expected images no chart shows, so that the component lists them.
    #[serde(default)]
    pub hidden: usize,
    /// How it was installed in the rig.
    pub installed: Option<String>,
}

/// A chart that was rendered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rendered {
    pub chart: String,
    pub version: String,
    pub date: String,
    /// The images that upstream is known to use.
    pub expected: usize,
    /// How many of these the component carries.
    pub found: usize,
    /// What was taken for certain and is no image.
    pub wrong: usize,
}

/// All records, by the component.
pub fn records() -> BTreeMap<String, Record> {
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let record: Record = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), record.component, "{}", path.display());
        (record.component.clone(), record)
    };
    std::fs::read_dir(shipped("coverage")).unwrap().map(read).collect()
}
