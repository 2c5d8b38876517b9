//! What the build saw and judged, as the report has it.

use jiff::civil::Date;
use manifests::ImageReference;
use manifests::evidence::Severity;
use serde::Serialize;

use crate::report::text::Text;

/// What the build saw and judged.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The charts that were rendered to see what they refer to.
    pub rendered: Vec<Rendered>,
    /// The images that something refers to.
    pub references: Vec<Referred>,
    /// The images that charts know of and do not ask for.
    pub off: Vec<Off>,
    /// What people decided about texts that may be images.
    pub decisions: Vec<Decided>,
    /// What people let pass.
    pub waivers: Vec<Waived>,
    /// What was found wrong or worth a word.
    pub findings: Vec<Finding>,
    /// How many signatures of upstream were verified.
    pub signatures: usize,
}

/// A chart that was rendered.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendered {
    /// Its name.
    pub chart: Text,
    /// Its version.
    pub version: Text,
    /// The component that asks for it.
    pub component: Text,
    /// The version of Kubernetes that it was rendered for.
    pub kubernetes: Text,
    /// The ways in which it was rendered.
    pub variants: Vec<Text>,
}

/// An image that something refers to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Referred {
    /// Its name.
    pub image: ImageReference,
    /// What became of it, in a word.
    pub fate: Text,
    /// Whether it is carried.
    pub carried: bool,
    /// The image whose content is served under its name.
    pub pulled_from: Option<ImageReference>,
    /// Why, where people said why.
    pub reason: Option<Text>,
    /// How sure it is that it is an image.
    pub confidence: Option<Text>,
    /// Where it was seen.
    pub sightings: Vec<Seen>,
}

/// An image that a chart knows of and does not ask for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Off {
    /// As far as it is told there.
    pub image: Text,
    /// The component.
    pub component: Text,
    /// The chart.
    pub chart: Text,
    /// The file of the chart.
    pub file: Text,
    /// The place in the file.
    pub path: Text,
}

/// A place where an image was seen.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// The component.
    pub component: Text,
    /// The chart.
    pub chart: Option<Text>,
    /// The object that was rendered.
    pub object: Option<Text>,
    /// The place in it.
    pub path: Text,
    /// Why it is taken for an image.
    pub reason: Text,
}

/// What people decided about a text that may be an image.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// The text.
    pub text: Text,
    /// What it stands for.
    pub image: Option<ImageReference>,
    /// Whether it is carried.
    pub carry: bool,
    /// Why.
    pub reason: Text,
    /// Where it is decided.
    pub asked: Text,
}

/// Findings that people let pass.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waived {
    /// Their kind.
    pub finding: Text,
    /// What they are about.
    pub object: Text,
    /// Why.
    pub reason: Text,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Where it stands.
    pub asked: Text,
    /// How many findings it lets pass.
    pub used: usize,
}

/// What was found wrong or worth a word.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its kind.
    pub id: Text,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub object: Text,
    /// What is wrong.
    pub message: Text,
    /// The line that it is about.
    pub asked: Option<Text>,
    /// The places in what was rendered.
    pub seen: Vec<Text>,
    /// Why it matters.
    pub why: Text,
    /// How to mend it.
    pub help: Text,
    /// What lets it pass.
    pub waived: Option<Applied>,
}

/// What lets a finding pass.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    /// Why.
    pub reason: Text,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Where it stands.
    pub asked: Text,
}

/// A signature of upstream that was verified when the bundle was built.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// How it is signed.
    pub how: Text,
    /// The key: the fingerprint of an OpenPGP key, else the SHA-256 of the public key.
    pub key: Text,
    /// The name of the key's file.
    pub key_file: Option<Text>,
    /// The rule of the stack.
    pub rule: Text,
}
