//! Version ranges with the syntax and the meaning that they have for Helm 3 (Masterminds/semver v3): `^1.2`, `~1.2.3`,
//! `>=1, <2 || 3.x`, `1.2 - 1.4`, `*`.
//!
//! Its corners are kept, so that a stack resolves to what `helm install --version` would take: `^*` takes `0.0.0`
//! alone, `~0.0.0` takes everything, and a prerelease is taken only where every bound of a range has one itself.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::version::{Version, parse_number};

mod parse;

/// A version range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    text: String,
    /// One of these has to hold; of each, all bounds.
    alternatives: Vec<Vec<Bound>>,
}

/// One comparison of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    operator: Operator,
    version: Version,
    wildcard: Wildcard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// From which part on a version is left open, by `x`, `*` or by saying nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wildcard {
    None,
    Patch,
    Minor,
    Major,
}

impl Constraint {
    /// The range of every stable version: what no version at all means.
    pub fn any() -> Self {
        let zero = Version::parse_strict("0.0.0").ok();
        let bound = |version| Bound { operator: Operator::Equal, version, wildcard: Wildcard::Major };
        Self { text: "*".to_owned(), alternatives: vec![zero.map(bound).into_iter().collect()] }
    }

    /// Whether a version lies in the range.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|bounds| bounds.iter().all(|bound| bound.matches(version)))
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Constraint {
    type Err = ConstraintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alternatives = parse::alternatives(text)?;
        Ok(Self { text: text.to_owned(), alternatives })
    }
}

impl Bound {
    fn matches(&self, version: &Version) -> bool {
        // A full `!=1.2.3` is the one bound that lets prereleases pass.
        let plain_not_equal = self.operator == Operator::NotEqual && self.wildcard == Wildcard::None;
        if version.is_prerelease() && !self.version.is_prerelease() && !plain_not_equal {
            return false;
        }
        match self.operator {
            Operator::Equal if self.wildcard == Wildcard::None => self.order(version).is_eq(),
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater => self.greater(version),
            Operator::Less => self.order(version).is_lt(),
            Operator::GreaterOrEqual => self.order(version).is_ge(),
            Operator::LessOrEqual => self.less_or_equal(version),
            Operator::Caret => self.caret(version),
        }
    }

    /// How a version stands to the bound's.
    fn order(&self, version: &Version) -> Ordering {
        version.precedence(&self.version)
    }

    fn not_equal(&self, version: &Version) -> bool {
        let (major, minor, _) = self.version.numbers();
        let (other_major, other_minor, _) = version.numbers();
        match self.wildcard {
            Wildcard::Minor => major != other_major,
            Wildcard::Patch if (major, minor) == (other_major, other_minor) => {
                self.version.meaning().pre != version.meaning().pre
            }
            Wildcard::Patch => true,
            Wildcard::None | Wildcard::Major => !self.order(version).is_eq(),
        }
    }

    /// `>1.2` means beyond every 1.2.x.
    fn greater(&self, version: &Version) -> bool {
        let (major, minor, _) = self.version.numbers();
        let (other_major, other_minor, _) = version.numbers();
        match self.wildcard {
            Wildcard::None | Wildcard::Major => self.order(version).is_gt(),
            Wildcard::Minor => other_major > major,
            Wildcard::Patch => (other_major, other_minor) > (major, minor),
        }
    }

    /// `<=1.2` takes in every 1.2.x.
    fn less_or_equal(&self, version: &Version) -> bool {
        let (major, minor, _) = self.version.numbers();
        let (other_major, other_minor, _) = version.numbers();
        match self.wildcard {
            Wildcard::None => self.order(version).is_le(),
            Wildcard::Minor => other_major <= major,
            Wildcard::Patch | Wildcard::Major => (other_major, other_minor) <= (major, minor),
        }
    }

    /// `~1.2.3` stays within 1.2, `~1` within 1.
    fn tilde(&self, version: &Version) -> bool {
        if self.order(version).is_lt() {
            return false;
        }
        let (major, minor, _) = self.version.numbers();
        let (other_major, other_minor, _) = version.numbers();
        match self.wildcard {
            Wildcard::None | Wildcard::Major if self.version.numbers() == (0, 0, 0) => true,
            Wildcard::Minor => other_major == major,
            Wildcard::None | Wildcard::Patch | Wildcard::Major => (other_major, other_minor) == (major, minor),
        }
    }

    /// `^1.2.3` keeps the first part that is not zero.
    fn caret(&self, version: &Version) -> bool {
        if self.order(version).is_lt() {
            return false;
        }
        let (major, minor, patch) = self.version.numbers();
        let other = version.numbers();
        if major > 0 || self.wildcard == Wildcard::Minor {
            return other.0 == major;
        }
        if minor > 0 || self.wildcard == Wildcard::Patch {
            return (other.0, other.1) == (major, minor);
        }
        other == (major, minor, patch)
    }
}

/// A text that is no version range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("`{text}` is not a version or a version range")]
#[diagnostic(help(
    "ranges are written as for Helm: `1.2.3`, `^1.2`, `~1.2.3`, `>=1.2, <2`, `1.x`, `1.2 - 1.4`, `^1 || ^2`"
))]
pub struct ConstraintError {
    text: String,
}

#[cfg(test)]
mod tests;
