//! The kinds of findings that can be let pass.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of findings: the word that a waiver names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingId {
    /// A text may be an image, and nobody has decided whether it is carried.
    ImageUndecided,
    /// Something runs an image that is not carried.
    ImageMissing,
    /// An image is not carried for a platform that nodes have.
    ImagePlatformMissing,
    /// Upstream does not make an image for a platform that it is wanted for.
    ImagePlatformUnavailable,
    /// An image is asked for by a tag that moves.
    ImageFloating,
    /// A component lists an image that nothing refers to.
    ImageUnused,
    /// Objects are of a kind whose definition nothing installs.
    CrdMissing,
    /// What objects need is installed by a component that goes in behind theirs.
    ProviderLate,
    /// A chart refuses the stack's version of Kubernetes.
    ChartRefusesKubernetes,
    /// A chart can't be rendered, so nobody knows what it refers to.
    ChartUnrendered,
    /// A chart is not looked through, because people say so.
    ChartUnread,
    /// A list of images has something in it that can't be used.
    ListUnread,
    /// An object has the cluster fetch a chart that is not carried.
    ChartAtRunTime,
    /// An object has the cluster fetch a git repository that is not carried.
    GitMissing,
    /// A controller deploys what is in a git repository, which is not looked through.
    GitUnread,
    /// A command in a pod fetches something from outside that no image or chart is.
    DownloadAtRunTime,
    /// A class of storage is asked for that nothing provides.
    StorageClassMissing,
    /// A class of ingresses is asked for that nothing provides.
    IngressClassMissing,
    /// A class of storage, or a default one, is installed by several.
    StorageClassTwice,
    /// A class of ingresses, or a default one, is installed by several.
    IngressClassTwice,
    /// A module of the kernel is asked for that nothing provides.
    KernelModuleMissing,
    /// A package is asked for on nodes that have it not.
    PackageMissing,
    /// A chart is not rendered with all combinations of what sites may say.
    CombinationsUnrendered,
    /// Two decisions say the opposite of each other.
    DecisionConflicting,
    /// A decision leaves out what surely runs.
    DecisionOverruled,
    /// A decision meets nothing any more.
    DecisionUnused,
    /// A waiver meets nothing any more.
    WaiverUnused,
}

/// A text that is no kind of findings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are no findings of this kind")]
pub struct FindingIdError;

impl FindingId {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::ImageUndecided,
        Self::ImageMissing,
        Self::ImagePlatformMissing,
        Self::ImagePlatformUnavailable,
        Self::ImageFloating,
        Self::ImageUnused,
        Self::CrdMissing,
        Self::ProviderLate,
        Self::ChartRefusesKubernetes,
        Self::ChartUnrendered,
        Self::ChartUnread,
        Self::ListUnread,
        Self::ChartAtRunTime,
        Self::GitMissing,
        Self::GitUnread,
        Self::DownloadAtRunTime,
        Self::StorageClassMissing,
        Self::IngressClassMissing,
        Self::StorageClassTwice,
        Self::IngressClassTwice,
        Self::KernelModuleMissing,
        Self::PackageMissing,
        Self::CombinationsUnrendered,
        Self::DecisionConflicting,
        Self::DecisionOverruled,
        Self::DecisionUnused,
        Self::WaiverUnused,
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImageUndecided => "image-undecided",
            Self::ImageMissing => "image-missing",
            Self::ImagePlatformMissing => "image-platform-missing",
            Self::ImagePlatformUnavailable => "image-platform-unavailable",
            Self::ImageFloating => "image-floating",
            Self::ImageUnused => "image-unused",
            Self::CrdMissing => "crd-missing",
            Self::ProviderLate => "provider-late",
            Self::ChartRefusesKubernetes => "chart-refuses-kubernetes",
            Self::ChartUnrendered => "chart-unrendered",
            Self::ChartUnread => "chart-unread",
            Self::ListUnread => "list-unread",
            Self::ChartAtRunTime => "chart-at-run-time",
            Self::GitMissing => "git-missing",
            Self::GitUnread => "git-unread",
            Self::DownloadAtRunTime => "download-at-run-time",
            Self::StorageClassMissing => "storage-class-missing",
            Self::IngressClassMissing => "ingress-class-missing",
            Self::StorageClassTwice => "storage-class-twice",
            Self::IngressClassTwice => "ingress-class-twice",
            Self::KernelModuleMissing => "kernel-module-missing",
            Self::PackageMissing => "package-missing",
            Self::CombinationsUnrendered => "combinations-unrendered",
            Self::DecisionConflicting => "decision-conflicting",
            Self::DecisionOverruled => "decision-overruled",
            Self::DecisionUnused => "decision-unused",
            Self::WaiverUnused => "waiver-unused",
        }
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FindingId {
    type Err = FindingIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|id| id.as_str() == text).ok_or(FindingIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_that_of_files() {
        for id in FindingId::ALL {
            assert_eq!(serde_json::to_value(id).unwrap(), id.as_str());
            assert_eq!(id.as_str().parse(), Ok(id));
        }
        assert_eq!("image".parse::<FindingId>(), Err(FindingIdError));
    }
}
