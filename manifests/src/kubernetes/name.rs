//! Names of objects (RFC 1123, as apimachinery's `validation` reads it) and of Helm's releases.

use std::str::FromStr;

use crate::BundleName;
use crate::word::{excerpt, word};

/// The longest name of an object, in bytes.
const LONGEST: usize = 253;
/// The longest name of a release, in bytes (Helm, `chartutil.ValidateReleaseName`).
const LONGEST_RELEASE: usize = 53;

/// The name of a namespace: a label of RFC 1123.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceName(String);

word!(NamespaceName, "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "The name of a namespace.");

impl FromStr for NamespaceName {
    type Err = KubernetesNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_label(text) { Ok(Self(text.to_owned())) } else { Err(KubernetesNameError::Namespace(excerpt(text))) }
    }
}

impl From<&BundleName> for NamespaceName {
    /// The rule is the same.
    fn from(name: &BundleName) -> Self {
        Self(name.as_str().to_owned())
    }
}

/// The name of a release: a label of RFC 1123 of at most 53 characters. Dots, which Helm takes, are refused: they are
/// not taken where the name becomes that of a job or a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseName(String);

word!(ReleaseName, "^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$", "The name of a Helm release.");

impl FromStr for ReleaseName {
    type Err = KubernetesNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = is_label(text) && text.len() <= LONGEST_RELEASE;
        if good { Ok(Self(text.to_owned())) } else { Err(KubernetesNameError::Release(excerpt(text))) }
    }
}

/// The name of an object: a subdomain of RFC 1123.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

word!(ObjectName, "^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", "The name of a Kubernetes object.");

impl FromStr for ObjectName {
    type Err = KubernetesNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = text.len() <= LONGEST && text.split('.').all(is_label);
        if good { Ok(Self(text.to_owned())) } else { Err(KubernetesNameError::Object(excerpt(text))) }
    }
}

/// A part of a name between dots (RFC 1123): 1 to 63 lower-case letters, digits and `-`, with no `-` at its ends.
pub(crate) fn is_label(label: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(good) && !label.starts_with('-') && !label.ends_with('-')
}

/// A text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubernetesNameError {
    /// Not of a namespace.
    #[error("`{0}` is not the name of a namespace: expected 1 to 63 lower-case letters, digits and `-`")]
    Namespace(String),
    /// Not of a release.
    #[error("`{0}` is not the name of a release: expected 1 to 53 lower-case letters, digits and `-`")]
    Release(String),
    /// Not of an object.
    #[error("`{0}` is not the name of an object: expected lower-case letters, digits, `-` and `.`")]
    Object(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rfc_1123_and_helm() {
        for text in ["a", "longhorn-system", "0a", &"a".repeat(53)] {
            assert!(text.parse::<NamespaceName>().is_ok() && text.parse::<ReleaseName>().is_ok(), "{text}");
        }
        for text in ["", "A", "-a", "a-", "a.b", "a_b", "a/b", "../a", "é", "a\n", &"a".repeat(64)] {
            assert!(text.parse::<NamespaceName>().is_err() && text.parse::<ReleaseName>().is_err(), "{text}");
        }
        assert!("a".repeat(54).parse::<ReleaseName>().is_err());
        for text in ["v1beta1.metrics.k8s.io", "web", &["a"; 100].join(".")] {
            assert!(text.parse::<ObjectName>().is_ok(), "{text}");
        }
        for text in ["", ".", "a..b", "a.", ".a", "a.B", "a b", "a/b", &["a"; 200].join(".")] {
            assert!(text.parse::<ObjectName>().is_err(), "{text}");
        }
    }
}
