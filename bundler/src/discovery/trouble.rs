//! What could not be looked at, and why: none of it is passed over in silence.

use manifests::BundleName;
use serde::Serialize;

use super::sighting::{Object, Origin};

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The component.
    pub component: BundleName,
    /// What of it.
    pub origin: Origin,
    /// What went wrong.
    pub trouble: Trouble,
    /// Under which values, where not under those of the release itself: the first of such renderings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// What goes wrong when something is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Trouble {
    /// Helm refuses to render it.
    #[error("helm can't render it: {said}")]
    Render {
        /// What Helm says.
        said: String,
    },
    /// The chart is not for this version of Kubernetes.
    #[error("the chart is not for this version of Kubernetes: {said}")]
    KubernetesVersion {
        /// What Helm says.
        said: String,
    },
    /// Helm took too long.
    #[error("helm did not end within {seconds} s")]
    Late {
        /// How long was waited.
        seconds: u64,
    },
    /// Helm wrote too much.
    #[error("helm wrote more than {limit} bytes")]
    TooMuch {
        /// How much is read.
        limit: u64,
    },
    /// Helm wanted too much memory.
    #[error("helm wanted more than {limit} bytes of memory")]
    Memory {
        /// How much it gets.
        limit: u64,
    },
    /// The schema of a chart's values leads out of the chart.
    #[error("{file} refers to `{reference}`, outside of the chart")]
    Schema {
        /// The schema's file in the archive.
        file: String,
        /// What it refers to.
        reference: String,
    },
    /// An image that is another one each time.
    #[error("a {object} has another image at {path} each time that the chart is rendered")]
    Varies {
        /// The kind of the object.
        object: String,
        /// The way to it in the object.
        path: String,
    },
    /// Values that an object has a controller take from elsewhere.
    #[error("{object} gives the chart `{chart}` values that are not in it: {from}")]
    ValuesElsewhere {
        /// The object.
        object: Object,
        /// The chart.
        chart: String,
        /// From where.
        from: String,
    },
    /// Values that an object gives to a chart, and that can't be read.
    #[error("the values that {object} gives to the chart `{chart}` can't be read: {why}")]
    Values {
        /// The object.
        object: Object,
        /// The chart.
        chart: String,
        /// Why.
        why: String,
    },
    /// More sets of values for one chart than it is rendered with.
    #[error("objects give the chart `{chart}` more than {limit} sets of values")]
    TooManyValues {
        /// The chart.
        chart: String,
        /// How many are rendered.
        limit: usize,
    },
    /// More images than any chart has.
    #[error("there are more than {limit} images in what is looked through")]
    TooManyImages {
        /// How many are told.
        limit: usize,
    },
    /// A file can't be read.
    #[error("it can't be read: {why}")]
    Unreadable {
        /// Why.
        why: String,
    },
    /// A document is no YAML, or too large or deep.
    #[error("a document can't be read as YAML, from line {line} on: {why}")]
    Document {
        /// The line at which the document begins, from 1.
        line: usize,
        /// Why.
        why: String,
    },
    /// A document of a file that is applied as it is, and that is no object; or a file without any.
    #[error("what begins at line {line} is no object of Kubernetes: it has no `apiVersion` or no `kind`")]
    NoObject {
        /// The line at which the document begins, from 1.
        line: usize,
    },
    /// Something of a git repository that is made into objects in a way that is not followed.
    #[error("{why}")]
    NotFollowed {
        /// What it is.
        why: String,
    },
    /// A line of a list is no image reference.
    #[error("line {line} of the list, `{text}`, is no image reference")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A list of which nothing is taken.
    #[error("the list has no image that is taken")]
    NoLine,
    /// A pattern that meets nothing in a list.
    #[error("the pattern `{pattern}` meets no image of the list")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// An image that no cluster could pull.
    #[error("{object} has `{text}` at {path}, which is no image reference")]
    NoReference {
        /// The object.
        object: Object,
        /// The way to it in the object.
        path: String,
        /// What stands there.
        text: String,
    },
    /// An image that has a site's own value in it.
    #[error("{object} has the image `{text}` at {path}: it depends on a value that only the site knows")]
    DependsOnSite {
        /// The object.
        object: Object,
        /// The way to it in the object.
        path: String,
        /// What stands there, with the placeholder.
        text: String,
    },
}

impl Trouble {
    /// What to do about it in a git repository, whose charts have no variants.
    pub fn help_in_git(&self) -> &'static str {
        match self {
            Self::Values { .. } | Self::ValuesElsewhere { .. } | Self::TooManyValues { .. } => {
                "list the images that come of these values under `images:`, then waive this"
            }
            other => other.help(),
        }
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Render { .. } => {
                "set the values that the chart asks for; name those that only the site knows under `siteValues`"
            }
            Self::KubernetesVersion { .. } => "take another version of the chart, or of the distribution",
            Self::Schema { .. } => {
                "Helm would read or fetch it each time, inside the gap too: take a chart whose schema holds all of it, or pack \
                 the chart without this reference"
            }
            Self::Varies { .. } => "set the image in the values of the release",
            Self::Late { .. } | Self::TooMuch { .. } | Self::Memory { .. } => {
                "render the chart by hand with `helm template` to see what it does"
            }
            Self::Values { .. } | Self::ValuesElsewhere { .. } | Self::TooManyValues { .. } => {
                "declare these values as `variants` of the chart that is carried, then waive this"
            }
            Self::TooManyImages { .. } => "look what makes so many, and leave it out",
            Self::Unreadable { .. } => "look whether the file is there and whole",
            Self::Document { .. } => {
                "look at this document: in the file, or in what `helm template` makes of the chart"
            }
            Self::NoObject { .. } => "look whether it is the file that is meant: a cluster would refuse it",
            Self::NotFollowed { .. } => {
                "list the images that come of it under `images:`, or name what is made of it under `manifests:` too; then waive \
                 this"
            }
            Self::Line { .. } => {
                "say under `with` what the placeholders in it stand for, or keep a list without this line"
            }
            Self::NoLine => "look whether it is the list that is meant, and at `only` and `except`",
            Self::Pattern { .. } => "write the complete name, such as `docker.io/rancher/*`, or remove the pattern",
            Self::NoReference { .. } => "set the image in the values of the release",
            Self::DependsOnSite { .. } => "name what a site may say there as `oneOf` of the site value",
        }
    }
}
