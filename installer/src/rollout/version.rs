//! Versions of distributions: which may take the place of which.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use miette::Diagnostic;

/// The version of a distribution: that of the Kubernetes in it, and how often it was released with that (`v1.30.6+rke2r1`).
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    kubernetes: semver::Version,
    /// `rke2r`, `k3s`.
    line: String,
    release: u64,
}

/// A text that is no such version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no version of a distribution, such as v1.30.6+rke2r1")]
pub struct NoVersion;

/// Longer ones are not of a distribution.
const LENGTH: usize = 64;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        if text.len() > LENGTH {
            return Err(NoVersion);
        }
        let mut kubernetes: semver::Version = text.strip_prefix('v').unwrap_or(text).parse().map_err(|_| NoVersion)?;
        let build = std::mem::take(&mut kubernetes.build);
        let line = build.as_str().trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let count = &build.as_str()[line.len()..];
        let release = if count.is_empty() { 0 } else { count.parse().map_err(|_| NoVersion)? };
        Ok(Self { text: text.to_owned(), kubernetes, line, release })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What it means for a machine that runs one version to be given another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is the same.
    None,
    /// It is a later one, at most of the next minor version.
    Upgrade,
    /// It is an earlier one.
    Downgrade,
    /// It is a later one, and a minor version between them is left out.
    Skip,
}

impl Version {
    /// What it means for a machine that runs this one to be given `next`.
    pub fn to(&self, next: &Self) -> Change {
        let (from, to) = (&self.kubernetes, &next.kubernetes);
        match (from, self.release).cmp(&(to, next.release)) {
            Ordering::Equal => Change::None,
            Ordering::Greater => Change::Downgrade,
            Ordering::Less if from.major == to.major && to.minor - from.minor <= 1 => Change::Upgrade,
            Ordering::Less => Change::Skip,
        }
    }

    /// Whether it is of the same Kubernetes: a distribution's own count is not told by every program in it.
    pub fn same_kubernetes(&self, other: &Self) -> bool {
        self.kubernetes == other.kubernetes
    }

    /// The minor version behind this one, as people name it: `v1.31`.
    fn next_minor(&self) -> String {
        format!("v{}.{}", self.kubernetes.major, self.kubernetes.minor + 1)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        (&self.kubernetes, &self.line, self.release) == (&other.kubernetes, &other.line, other.release)
    }
}

impl Eq for Version {}

/// The bundle's version can't take the place of what some nodes run.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the bundle's {distribution} {version} can't take the place of what {} of the nodes run; nothing was done to any", nodes.len())]
pub struct Unfollowable {
    /// The distribution.
    pub distribution: &'static str,
    /// The version that the bundle brings.
    pub version: Version,
    /// The nodes.
    #[related]
    pub nodes: Vec<Unfit>,
}

/// Why the bundle's version can't take the place of what a node runs.
#[derive(Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum Unfit {
    /// It is older.
    #[error("{node} has run {from}, which is newer than {to}")]
    #[diagnostic(help(
        "what a newer version has written an older one need not understand: bring a bundle with {from} or a later one. The \
         way back to {to} is a snapshot of etcd that {to} has made"
    ))]
    Older {
        /// The node.
        node: String,
        /// What it ran last.
        from: Version,
        /// What the bundle brings.
        to: Version,
    },
    /// It leaves a minor version out.
    #[error("{node} has run {from}, and {to} leaves out {}", from.next_minor())]
    #[diagnostic(help(
        "Kubernetes goes from one minor version to the next: install a bundle with {} first", from.next_minor()
    ))]
    Skips {
        /// The node.
        node: String,
        /// What it ran last.
        from: Version,
        /// What the bundle brings.
        to: Version,
    },
}

impl Unfit {
    /// Why a node that has run `from` can't be given `to`, if it can't.
    pub fn between(node: &str, from: &Version, to: &Version) -> Option<Self> {
        let (node, from_to) = (node.to_owned(), (from.clone(), to.clone()));
        match (from.to(to), from_to) {
            (Change::None | Change::Upgrade, _) => None,
            (Change::Downgrade, (from, to)) => Some(Self::Older { node, from, to }),
            (Change::Skip, (from, to)) => Some(Self::Skips { node, from, to }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn what_may_take_the_place_of_what() {
        for (from, to, change) in [
            ("v1.30.6+rke2r1", "v1.30.6+rke2r1", Change::None),
            ("v1.30.6+rke2r1", "v1.30.6+rke2r2", Change::Upgrade),
            ("v1.30.6+rke2r2", "v1.30.6+rke2r10", Change::Upgrade),
            ("v1.30.6+rke2r1", "v1.30.14+rke2r1", Change::Upgrade),
            ("v1.30.14+k3s1", "v1.31.2+k3s1", Change::Upgrade),
            ("v1.30.6-rc1+rke2r1", "v1.30.6+rke2r1", Change::Upgrade),
            ("v1.30.14+rke2r1", "v1.30.6+rke2r1", Change::Downgrade),
            ("v1.30.6+rke2r10", "v1.30.6+rke2r2", Change::Downgrade),
            ("v1.31.0+rke2r1", "v1.30.14+rke2r1", Change::Downgrade),
            ("v1.29.9+rke2r1", "v1.31.0+rke2r1", Change::Skip),
            ("v1.30.9+rke2r1", "v2.0.0+rke2r1", Change::Skip),
        ] {
            assert_eq!(version(from).to(&version(to)), change, "{from} to {to}");
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        let long = format!("v1.30.6+rke2r{}", "1".repeat(80));
        for text in ["", "v", "v1.30", "rke2", "v1.30.6+rke2r99999999999999999999", "v1.30.6 +rke2r1", &long] {
            assert_eq!(text.parse::<Version>().err(), Some(NoVersion), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_what_runs_what_comes_and_what_to_do() {
        let refusal = |from: &str, to: &str| {
            Unfit::between("n1", &version(from), &version(to)).map(|unfit| {
                let help = unfit.help().unwrap().to_string();
                format!("{unfit}: {help}")
            })
        };
        assert_eq!(refusal("v1.30.6+rke2r1", "v1.30.14+rke2r1"), None);
        let older = refusal("v1.30.14+rke2r1", "v1.30.6+rke2r1").unwrap();
        assert!(older.starts_with("n1 has run v1.30.14+rke2r1, which is newer than v1.30.6+rke2r1: "), "{older}");
        let skip = refusal("v1.28.9+rke2r1", "v1.30.6+rke2r1").unwrap();
        assert!(skip.contains("leaves out v1.29") && skip.contains("install a bundle with v1.29 first"), "{skip}");
    }
}
