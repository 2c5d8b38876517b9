//! Images that are referred to.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BundleName, ImageReference};

/// An image that something refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reference {
    /// Its complete name.
    pub image: ImageReference,
    /// What becomes of it.
    pub fate: Fate,
    /// The image whose content is served under its name, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulled_from: Option<ImageReference>,
    /// Why it is so, where people said why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How sure it is that it is an image at all: as sure as the surest of its sightings that run. None for one that is only listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Where it was seen, in the order of components and charts; nowhere, if it is only listed.
    pub sightings: Vec<Sighting>,
}

/// What becomes of an image that something refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// A component or the stack lists it, so it is carried.
    Listed,
    /// It is carried because it was found.
    Found,
    /// It is carried because people decided so.
    Decided,
    /// It is left out because people decided so.
    LeftOut,
    /// It is left out, and a waiver says why.
    Waived,
    /// Nobody has decided yet, so no bundle is built.
    Undecided,
    /// It surely runs and is taken out, so no bundle is built.
    Missing,
    /// Only a test of a chart uses it, which nobody runs: not carried.
    Test,
}

/// How sure it is that a text names an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It has the form of an image's name, and that is all.
    Possible,
    /// It has the form, at a place that says so.
    Likely,
    /// It is a field that holds an image.
    Certain,
}

/// What a place that names an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// It runs in the cluster.
    #[default]
    Run,
    /// It runs when somebody tests the release.
    Test,
}

/// One place where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sighting {
    /// The component.
    pub component: BundleName,
    /// The chart; none for a manifest or a list of the component.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
    /// The text, as it stands there.
    pub text: String,
    /// The object that was rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<SeenObject>,
    /// The file that it stands in: the chart's template, or a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The place in the object or file: `spec.template.spec.containers[0].image`.
    pub path: String,
    /// The way of rendering in which it came up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What it is for there.
    #[serde(default, skip_serializing_if = "Purpose::is_to_run")]
    pub purpose: Purpose,
    /// How sure it is.
    pub confidence: Confidence,
    /// Why, in a sentence.
    pub reason: String,
}

/// An image that a chart knows of and that nothing it renders asks for: it is behind values that are off, say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OffImage {
    /// The component.
    pub component: BundleName,
    /// The chart.
    pub chart: String,
    /// The file of the chart.
    pub file: String,
    /// The place in the file.
    pub path: String,
    /// The image as far as it is told there: the chart may put its tag together.
    pub image: String,
}

/// An object that was rendered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenObject {
    /// Its kind.
    pub kind: String,
    /// Its namespace, if it says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Fate {
    /// Whether the bundle holds the image.
    pub fn is_carried(self) -> bool {
        matches!(self, Self::Listed | Self::Found | Self::Decided)
    }
}

impl Sighting {
    /// Whether it is a line of a list of images: all else stands in an object.
    pub fn is_of_list(&self) -> bool {
        self.object.is_none()
    }
}

impl Purpose {
    fn is_to_run(&self) -> bool {
        *self == Self::Run
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listed => "listed",
            Self::Found => "found",
            Self::Decided => "decided",
            Self::LeftOut => "left out",
            Self::Waived => "waived",
            Self::Undecided => "undecided",
            Self::Missing => "missing",
            Self::Test => "test",
        })
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        })
    }
}

impl fmt::Display for SeenObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None if self.name.is_empty() => f.write_str(&self.kind),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
