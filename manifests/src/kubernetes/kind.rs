//! Kinds of objects, their versions, and what is said of their state.

use std::str::FromStr;

use super::label::is_word;
use super::name::is_label;
use crate::word::{excerpt, word};

/// A kind of objects, such as `Deployment`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(String);

word!(Kind, "^[A-Z][A-Za-z0-9]{0,62}$", "A kind of Kubernetes objects, such as `Deployment`.");

impl FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = text.len() <= 63
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if good { Ok(Self(text.to_owned())) } else { Err(KindError::Kind(excerpt(text))) }
    }
}

/// The version of a kind, with its group unless that is the core: `v1`, `postgresql.cnpg.io/v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersion(String);

word!(
    GroupVersion,
    "^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[a-z][a-z0-9]{0,62}$",
    "The version of a kind of Kubernetes objects, with its group: `apps/v1`."
);

impl GroupVersion {
    /// The group, empty for the core, and the version.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or(("", &self.0))
    }
}

impl FromStr for GroupVersion {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (group, version) = text.split_once('/').map_or((None, text), |(group, version)| (Some(group), version));
        let good_group = group.is_none_or(|group| group.len() <= 253 && group.split('.').all(is_label));
        let good_version = version.len() <= 63
            && version.starts_with(|c: char| c.is_ascii_lowercase())
            && version.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if good_group && good_version { Ok(Self(text.to_owned())) } else { Err(KindError::Version(excerpt(text))) }
    }
}

/// The type of a condition in an object's status, such as `Ready`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionType(String);

word!(
    ConditionType,
    "^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$",
    "The type of a condition in an object's status, such as `Ready`."
);

impl FromStr for ConditionType {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (domain, name) = text.split_once('/').map_or((None, text), |(domain, name)| (Some(domain), name));
        let good_domain = domain.is_none_or(|domain| domain.len() <= 253 && domain.split('.').all(is_label));
        if good_domain && is_word(name) { Ok(Self(text.to_owned())) } else { Err(KindError::Condition(excerpt(text))) }
    }
}

/// A text that is no kind, version or condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// Not a kind.
    #[error("`{0}` is not a kind of objects: expected a word such as `Deployment`")]
    Kind(String),
    /// Not a version.
    #[error("`{0}` is not the version of a kind: expected `v1`, or `group/v1`")]
    Version(String),
    /// Not a condition.
    #[error("`{0}` is not the type of a condition: expected a word such as `Ready`")]
    Condition(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_versions_and_conditions_are_words_of_the_api() {
        assert!(["Deployment", "HTTPRoute", "L4"].iter().all(|text| text.parse::<Kind>().is_ok()));
        assert!(["", "deployment", "A-b", "A/b", "../A", &"A".repeat(64)].iter().all(|t| t.parse::<Kind>().is_err()));
        let version: GroupVersion = "postgresql.cnpg.io/v1".parse().unwrap();
        assert_eq!(version.parts(), ("postgresql.cnpg.io", "v1"));
        assert_eq!("v1".parse::<GroupVersion>().unwrap().parts(), ("", "v1"));
        for text in ["", "/", "/v1", "a/", "a/b/c", "A/v1", "a/1", "a/../v1", "a/v1 "] {
            assert!(text.parse::<GroupVersion>().is_err(), "{text}");
        }
        assert!(["Ready", "example.org/Synced"].iter().all(|text| text.parse::<ConditionType>().is_ok()));
        assert!(["", "a b", "/Ready", "a/b/c", "Ready\n"].iter().all(|text| text.parse::<ConditionType>().is_err()));
    }
}
