//! An image that something asks for, and how sure that is.

use std::fmt;

use manifests::component::GitName;
use manifests::kubernetes::ReleaseName;
use manifests::{BundleName, ImageReference};
use serde::Serialize;

/// One image, seen at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sighting {
    /// The image, complete.
    pub reference: ImageReference,
    /// How sure it is that something pulls it.
    pub confidence: Confidence,
    /// Why it is taken for an image.
    pub reason: Reason,
    /// What stands there.
    pub written: String,
    /// The component that it is seen in.
    pub component: BundleName,
    /// What of the component it is seen in.
    pub origin: Origin,
    /// The object; none for a line of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Object>,
    /// The way to it in the object: `spec.template.spec.containers[0].image`, an environment variable or an argument. For a
    /// list its line.
    pub path: String,
    /// Under which values it is there, where not under those of the release itself: the first of such renderings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// How sure it is that something pulls an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Confidence {
    /// A text that has an image's form, and nothing else says that it is one.
    Possible,
    /// A text that has an image's form at a place that names an image, or one with a digest.
    Likely,
    /// A field that Kubernetes or a known operator reads an image from.
    Certain,
}

impl Confidence {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is taken for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The image of a container of a pod.
    Container,
    /// A volume that is an image.
    ImageVolume,
    /// The image of a container within a custom resource.
    ContainerOfCustomResource,
    /// A field of a custom resource that its operator is known to pull from.
    KnownField,
    /// A field whose name says that it is an image.
    NamedField,
    /// Fields that make an image together: a registry, a name, a tag.
    SplitFields,
    /// An environment variable.
    Environment,
    /// An argument or the text of a command.
    Argument,
    /// Text of a ConfigMap.
    ConfigMap,
    /// Text of a Secret.
    Secret,
    /// An annotation.
    Annotation,
    /// Text of a custom resource or of another field.
    OtherField,
    /// What a definition of custom resources has by default.
    Default,
    /// A placeholder that a webhook puts an image in for.
    InjectedLater,
    /// A line of a list that upstream publishes.
    PublishedList,
}

impl Reason {
    /// One sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Container => "it is the image of a container",
            Self::ImageVolume => "it is a volume of a pod that is an image",
            Self::ContainerOfCustomResource => "it is the image of a container in a custom resource",
            Self::KnownField => "the operator of this kind pulls what stands in this field",
            Self::NamedField => "it has the form of an image, in a field that is named for one",
            Self::SplitFields => "fields side by side make an image of it",
            Self::Environment => "an environment variable has the form of an image",
            Self::Argument => "an argument or command has the form of an image in it",
            Self::ConfigMap => "the text of a ConfigMap has the form of an image in it",
            Self::Secret => "the text of a Secret has the form of an image in it",
            Self::Annotation => "an annotation has the form of an image in it",
            Self::OtherField => "a field of an object has the form of an image in it",
            Self::Default => "the definition of a kind has it as a default",
            Self::InjectedLater => "it is a placeholder that is replaced when the pod is made",
            Self::PublishedList => "upstream's list of images names it",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// What of a component is looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "in")]
pub enum Origin {
    /// A chart, as it is rendered for a release.
    Chart {
        /// The chart's name.
        chart: String,
        /// The release.
        release: ReleaseName,
        /// The file in the chart: `shop/charts/db/templates/pod.yaml`. Empty where Helm does not say.
        template: String,
    },
    /// A file of Kubernetes' objects.
    Manifest {
        /// The file, as the component's set of files has it.
        file: String,
    },
    /// A file of a git repository.
    Repository {
        /// The repository's name at the site.
        repository: GitName,
        /// The branch or tag.
        at: String,
        /// The file in it.
        file: String,
        /// The line at which the document begins; none for all of the file.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<usize>,
    },
    /// A list of images.
    List {
        /// The list's file or URL.
        list: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart { chart, template, .. } if template.is_empty() => write!(f, "chart {chart}"),
            Self::Chart { template, .. } => f.write_str(template),
            Self::Manifest { file } => f.write_str(file),
            Self::Repository { repository, at, file, line: None } => write!(f, "{repository}@{at}:{file}"),
            Self::Repository { repository, at, file, line: Some(line) } => {
                write!(f, "{repository}@{at}:{file}:{line}")
            }
            Self::List { list } => f.write_str(list),
        }
    }
}

/// An object of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// Its version, with its group.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, if it says one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name; empty where the cluster makes one.
    pub name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None if self.name.is_empty() => f.write_str(&self.kind),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
