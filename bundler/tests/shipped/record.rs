//! What was run of each component: `manifests/coverage/<name>.yaml`.

use std::collections::BTreeMap;

use manifests::component::ChartSource;
use serde::Deserialize;

use super::shipped;

/// What was run of a component.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) component: String,
    /// The charts that were rendered by `airgap-bundle discover`.
    #[serde(default)]
    pub(crate) rendered: Vec<Rendered>,
    /// Why none was.
    pub(crate) not_rendered: Option<String>,
    /// Why not all images are found that are expected.
    pub(crate) differences: Option<String>,
    /// How many of the expected images no chart shows, so that the component lists them.
    #[serde(default)]
    pub(crate) hidden: usize,
    /// The classes that it brings: seen in what its charts render, or made by what they install.
    #[serde(default)]
    pub(crate) classes: Vec<Class>,
    /// Whether it is a network of pods.
    #[serde(default)]
    pub(crate) network: bool,
    /// How it was installed in the rig.
    pub(crate) installed: Option<Installed>,
}

/// A class of storage or of ingresses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Class {
    /// The kind of the object: `StorageClass` or `IngressClass`.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Whether it is taken where none is named.
    #[serde(default)]
    pub(crate) default: bool,
    /// The part of a distribution that brings it, as `disable` names it.
    pub(crate) part: Option<String>,
}

/// An installation into a cluster of the rig, by a test that does it again whenever it runs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Installed {
    pub(crate) date: String,
    /// What stood in for what the rig can't have, and what was not looked at.
    pub(crate) with: String,
    /// The module of the end-to-end tests.
    pub(crate) test: String,
}

/// A chart that was rendered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rendered {
    pub(crate) chart: String,
    pub(crate) version: String,
    /// The versions of Kubernetes that it says it is for.
    pub(crate) kube_version: Option<String>,
    /// What stands in the place of the component's version, and why: a chart of a source that is published under another.
    pub(crate) instead_of: Option<String>,
    pub(crate) date: String,
    /// The images that upstream is known to use.
    pub(crate) expected: usize,
    /// How many of these the component carries.
    pub(crate) found: usize,
    /// What was taken for certain and is no image.
    pub(crate) wrong: usize,
}

impl Rendered {
    /// The version of the component's chart that was rendered, or that another one stood for.
    pub(crate) fn stands_for(&self) -> &str {
        self.instead_of.as_ref().unwrap_or(&self.version).trim_start_matches('v')
    }
}

impl Record {
    /// What is on record of a chart of the component, in the version that is asked for; of one of our own in the version that it has.
    pub(crate) fn of_chart(&self, name: &str, source: &ChartSource) -> Option<&Rendered> {
        let is_it = |one: &&Rendered| match source {
            ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. } => {
                version.to_string().trim_start_matches('v') == one.stands_for()
            }
            _ => true,
        };
        self.rendered.iter().filter(|one| one.chart == name).find(is_it)
    }
}

/// All records, by the component.
pub(crate) fn records() -> BTreeMap<String, Record> {
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let record: Record = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), record.component, "{}", path.display());
        (record.component.clone(), record)
    };
    std::fs::read_dir(shipped("coverage")).unwrap().map(read).collect()
}
