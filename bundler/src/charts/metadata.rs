//! `Chart.yaml`: what a chart says about itself, and the JSON form of it that Helm pushes as an artifact's config.
//!
//! Field order, omitted fields and escapes are those of Helm 3 (`pkg/chart/metadata.go`, `encoding/json`), so that the
//! config has the bytes and the digest that `helm push` would have given it.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::version::Version;

mod go_json;
mod loose;

use loose::{loose, loose_list, loose_map};

/// The largest `Chart.yaml` or `requirements.yaml` that is read, in bytes.
pub const MAX_SIZE: usize = 1 << 20;

/// The content of `Chart.yaml`, in the order in which Helm writes it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The chart's name.
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    home: String,
    #[serde(deserialize_with = "loose_list", skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    /// The chart's version, as it was written.
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    pub version: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(deserialize_with = "loose_list", skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    maintainers: Vec<Maintainer>,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    icon: String,
    /// `v1` or `v2`.
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    tags: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    app_version: String,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_false")]
    deprecated: bool,
    #[serde(deserialize_with = "loose_map", skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    /// The range of Kubernetes versions that the chart accepts; empty for all.
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    pub kube_version: String,
    /// The charts that this one is made of.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
    #[serde(rename = "type", deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    chart_type: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
struct Maintainer {
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    email: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    url: String,
}

/// A chart that another one is made of.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Dependency {
    /// The name of the other chart.
    #[serde(deserialize_with = "loose")]
    pub name: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(deserialize_with = "loose")]
    repository: String,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(deserialize_with = "loose_list", skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "is_false")]
    enabled: bool,
    #[serde(rename = "import-values", deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    import_values: Vec<serde_json::Value>,
    #[serde(deserialize_with = "loose", skip_serializing_if = "String::is_empty")]
    alias: String,
}

impl Metadata {
    /// Reads `Chart.yaml` and, for charts of the first API version, `requirements.yaml`.
    ///
    /// # Errors
    /// [`MetadataError`] for what is too large, no YAML, or not what Helm accepts as a chart.
    pub fn parse(chart_yaml: &[u8], requirements: Option<&[u8]>) -> Result<Self, MetadataError> {
        let mut metadata: Self = parse_yaml("Chart.yaml", chart_yaml)?;
        if let Some(requirements) = requirements {
            let other: Self = parse_yaml("requirements.yaml", requirements)?;
            if !other.dependencies.is_empty() {
                metadata.dependencies = other.dependencies;
            }
        }
        if metadata.api_version.is_empty() {
            "v1".clone_into(&mut metadata.api_version);
        }
        metadata.clean();
        metadata.validate()?;
        Ok(metadata)
    }

    /// Reads an artifact's config.
    ///
    /// # Errors
    /// [`MetadataError`] for what is too large, no JSON, or not what Helm accepts as a chart.
    pub fn parse_config(config: &[u8]) -> Result<Self, MetadataError> {
        check_size("config", config)?;
        let metadata: Self = serde_json::from_slice(config).map_err(MetadataError::Json)?;
        metadata.validate()?;
        Ok(metadata)
    }

    /// The JSON that Helm pushes as the artifact's config.
    pub fn to_config(&self) -> Vec<u8> {
        go_json::to_vec(self)
    }

    /// The annotations that Helm gives the artifact's manifest, without the time of the push.
    pub fn oci_annotations(&self) -> BTreeMap<String, String> {
        let key = |name: &str| format!("org.opencontainers.image.{name}");
        let (title, version) = (key("title"), key("version"));
        let mut annotations = self.annotations.clone();
        annotations.retain(|name, _| *name != title && *name != version);
        let maintainers: Vec<String> = self.maintainers.iter().map(Maintainer::for_annotation).collect();
        for (name, value) in [
            (key("description"), self.description.clone()),
            (title, self.name.clone()),
            (version, self.version.clone()),
            (key("url"), self.home.clone()),
            (key("source"), self.sources.first().cloned().unwrap_or_default()),
            (key("authors"), maintainers.join(", ")),
        ] {
            // An annotation of the chart itself wins over what is derived from the other fields.
            if !value.trim().is_empty() {
                annotations.entry(name).or_insert(value);
            }
        }
        annotations
    }

    /// The tag under which registries have this version: `+` can't stand in a tag.
    pub fn tag(&self) -> String {
        self.version.replace('+', "_")
    }

    /// Makes texts one line of printable characters, as Helm does before it validates.
    fn clean(&mut self) {
        let Self { name, home, description, icon, condition, tags, app_version, kube_version, .. } = self;
        let own = [name, home, description, icon, condition, tags, app_version, kube_version].into_iter();
        let people = self.maintainers.iter_mut().flat_map(|m| [&mut m.name, &mut m.email, &mut m.url]);
        let parts = self.dependencies.iter_mut().flat_map(|d| {
            [&mut d.name, &mut d.version, &mut d.repository, &mut d.condition].into_iter().chain(&mut d.tags)
        });
        for text in own.chain(&mut self.sources).chain(&mut self.keywords).chain(people).chain(parts) {
            *text = loose::printable(text);
        }
    }

    fn validate(&self) -> Result<(), MetadataError> {
        let invalid = |field, value: &str| MetadataError::Field { field, value: value.chars().take(80).collect() };
        if self.name.is_empty() || self.name.contains(['/', '\\']) || matches!(self.name.as_str(), "." | "..") {
            return Err(invalid("name", &self.name));
        }
        if self.version.parse::<Version>().is_err() {
            return Err(invalid("version", &self.version));
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return Err(invalid("type", &self.chart_type));
        }
        let mut names = HashSet::new();
        for dependency in &self.dependencies {
            let alias_char = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            if !dependency.alias.bytes().all(alias_char) {
                return Err(invalid("dependencies.alias", &dependency.alias));
            }
            let name = if dependency.alias.is_empty() { &dependency.name } else { &dependency.alias };
            if !names.insert(name) {
                return Err(MetadataError::TwoDependencies(name.clone()));
            }
        }
        Ok(())
    }
}

impl Maintainer {
    fn for_annotation(&self) -> String {
        let email = if self.email.is_empty() { String::new() } else { format!(" ({})", self.email) };
        format!("{}{email}", self.name)
    }
}

fn parse_yaml(file: &'static str, bytes: &[u8]) -> Result<Metadata, MetadataError> {
    check_size(file, bytes)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let options = serde_yaml::options! { duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::LastWins };
    let parsed: Option<Metadata> = serde_yaml::from_slice_with_options(bytes, options)
        .map_err(|source| MetadataError::Yaml { file, source: Box::new(source) })?;
    Ok(parsed.unwrap_or_default())
}

fn check_size(file: &'static str, bytes: &[u8]) -> Result<(), MetadataError> {
    if bytes.len() > MAX_SIZE { Err(MetadataError::TooLarge { file, limit: MAX_SIZE }) } else { Ok(()) }
}

/// Takes `null` for nothing, as Go does.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A `Chart.yaml` that Helm would refuse too.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MetadataError {
    /// It is larger than any real one.
    #[error("{file} is larger than {limit} bytes")]
    TooLarge {
        /// Which file.
        file: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// It is no YAML, or a field has another type.
    #[error("{file} can't be read")]
    Yaml {
        /// Which file.
        file: &'static str,
        /// Where and why.
        #[source]
        source: Box<serde_yaml::Error>,
    },
    /// The artifact's config is no JSON, or a field has another type.
    #[error("the config of the chart's artifact can't be read")]
    Json(#[source] serde_json::Error),
    /// A field is missing or says what it must not.
    #[error("field `{field}` of Chart.yaml is missing or invalid: `{value}`")]
    Field {
        /// Its name.
        field: &'static str,
        /// What stands there.
        value: String,
    },
    /// Two dependencies go by one name.
    #[error("Chart.yaml has two dependencies with the name or alias `{0}`")]
    TwoDependencies(String),
}

#[cfg(test)]
mod tests;
