//! Distributions of Kubernetes and their versions.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::word::excerpt;

/// A distribution of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DistributionName {
    /// RKE2.
    Rke2,
    /// k3s.
    K3s,
}

impl DistributionName {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2",
            Self::K3s => "k3s",
        }
    }

    /// What stands before the number of the distribution's own release in its versions.
    fn mark(self) -> &'static str {
        match self {
            Self::Rke2 => "rke2r",
            Self::K3s => "k3s",
        }
    }
}

impl fmt::Display for DistributionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The version of a distribution: that of Kubernetes and the distribution's own release of it, as in `v1.30.6+rke2r1`
/// and `v1.30.6+k3s1`. Ordered by both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DistributionVersion {
    kubernetes: semver::Version,
    distribution: DistributionName,
    release: u32,
}

impl DistributionVersion {
    /// The version of Kubernetes, without `v` and without the distribution's part.
    pub fn kubernetes(&self) -> &semver::Version {
        &self.kubernetes
    }

    /// Whose version it is.
    pub fn distribution(&self) -> DistributionName {
        self.distribution
    }

    /// The distribution's own release of that version of Kubernetes, from 1.
    pub fn release(&self) -> u32 {
        self.release
    }
}

impl PartialOrd for DistributionVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DistributionVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |version: &Self| (version.kubernetes.clone(), version.distribution, version.release);
        key(self).cmp(&key(other))
    }
}

impl fmt::Display for DistributionVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}+{}{}", self.kubernetes, self.distribution.mark(), self.release)
    }
}

impl FromStr for DistributionVersion {
    type Err = DistributionVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (kubernetes, build) = text.strip_prefix('v')?.split_once('+')?;
            let kubernetes = semver::Version::parse(kubernetes).ok()?;
            let all = [DistributionName::Rke2, DistributionName::K3s];
            let (distribution, release) =
                all.into_iter().find_map(|name| Some((name, build.strip_prefix(name.mark())?)))?;
            // Written as a number is written, so that a version has one form.
            let release = release.parse().ok().filter(|number: &u32| *number > 0 && number.to_string() == release)?;
            Some(Self { kubernetes, distribution, release })
        };
        let short = text.len() <= 64;
        read().filter(|_| short).ok_or_else(|| DistributionVersionError(excerpt(text)))
    }
}

impl Serialize for DistributionVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DistributionVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for DistributionVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DistributionVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?\+(rke2r|k3s)[1-9][0-9]*$",
            "description": "The version of a distribution, such as `v1.30.6+rke2r1` or `v1.30.6+k3s1`."
        })
    }
}

/// A text that is no version of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the version of a distribution: expected one such as `v1.30.6+rke2r1` or `v1.30.6+k3s1`")]
pub struct DistributionVersionError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_releases_and_are_ordered() {
        let version = |text: &str| text.parse::<DistributionVersion>().unwrap();
        for text in ["v1.30.6+rke2r1", "v1.30.6+k3s1", "v1.31.0-rc1+rke2r1", "v1.30.14+rke2r12"] {
            assert_eq!(version(text).to_string(), text);
        }
        for text in [
            "",
            "1.30.6+rke2r1",
            "v1.30.6",
            "v1.30+rke2r1",
            "v1.30.6+rke2",
            "v1.30.6+rke2r",
            "v1.30.6+rke2r0",
            "v1.30.6+rke2r01",
            "v1.30.6+rke2r1.x",
            "v1.30.6+k0s1",
            "v1.30.6-rke2r1",
            "v1.30.6+rke2r1/../x",
            "v1.30.6+k3s99999999999",
        ] {
            assert!(text.parse::<DistributionVersion>().is_err(), "{text}");
        }
        assert!(version("v1.30.6+rke2r10") > version("v1.30.6+rke2r2"));
        assert!(version("v1.30.10+rke2r1") > version("v1.30.9+rke2r1"));
        assert!(version("v1.31.0-rc1+rke2r1") < version("v1.31.0+rke2r1"));
        assert_eq!(version("v1.30.6+k3s1").distribution(), DistributionName::K3s);
        assert_eq!(version("v1.30.6+k3s1").kubernetes().to_string(), "1.30.6");
    }
}
