//! Relations between packages (Debian Policy 7.1): `libc6 (>= 2.36), default-mta | mail-transport-agent`.
//!
//! They are read without copying: an index has hundreds of thousands of them, and only those of a closure are looked at.

use std::fmt;
use std::str::FromStr;

use super::version::{Version, VersionError, compare, is_version};
use crate::word::excerpt;

mod parse;

pub use parse::parse_relations;

/// The longest list of relations that is read, in bytes: the longest in Debian has some 30 000.
pub const MAX_LENGTH: usize = 1 << 20;

/// What a name's colon adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Qualifier<'a> {
    /// Nothing: the architecture follows from the package that has the relation.
    None,
    /// `:any`: every architecture, of a package that allows it.
    Any,
    /// `:native`: the architecture of the system.
    Native,
    /// `:arm64`.
    Architecture(&'a str),
}

/// How versions are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

impl Operator {
    /// Whether it holds for `version` on its left and `bound` on its right.
    pub fn holds(self, version: &str, bound: &str) -> bool {
        let order = compare(version, bound);
        match self {
            Self::Earlier => order.is_lt(),
            Self::EarlierOrEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::LaterOrEqual => order.is_ge(),
            Self::Later => order.is_gt(),
        }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Earlier => "<<",
            Self::EarlierOrEqual => "<=",
            Self::Equal => "=",
            Self::LaterOrEqual => ">=",
            Self::Later => ">>",
        }
    }

    /// The operator at the start of a text, and the rest. The retired `<` and `>` mean `<=` and `>=`, as for dpkg.
    fn take(text: &str) -> Option<(Self, &str)> {
        [
            ("<<", Self::Earlier),
            ("<=", Self::EarlierOrEqual),
            (">=", Self::LaterOrEqual),
            (">>", Self::Later),
            ("=", Self::Equal),
            ("<", Self::EarlierOrEqual),
            (">", Self::LaterOrEqual),
        ]
        .into_iter()
        .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
    }
}

/// One package that is asked for, provided or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Relation<'a> {
    /// The package's name, or a virtual one.
    pub name: &'a str,
    /// For which architecture.
    pub qualifier: Qualifier<'a>,
    /// Which versions; of a `Provides`, the one that is provided.
    pub constraint: Option<(Operator, &'a str)>,
}

impl Relation<'_> {
    /// Whether a version fits. Of a relation without a constraint, every one does.
    pub fn accepts(&self, version: &str) -> bool {
        self.constraint.is_none_or(|(operator, bound)| operator.holds(version, bound))
    }
}

impl fmt::Display for Relation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.qualifier {
            Qualifier::None => {}
            Qualifier::Any => f.write_str(":any")?,
            Qualifier::Native => f.write_str(":native")?,
            Qualifier::Architecture(architecture) => write!(f, ":{architecture}")?,
        }
        match self.constraint {
            Some((operator, version)) => write!(f, " ({} {version})", operator.as_str()),
            None => Ok(()),
        }
    }
}

/// Relations of which one has to hold; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives<'a>(Vec<Relation<'a>>);

impl<'a> Alternatives<'a> {
    /// In the order in which they were written, which is the order of preference.
    pub fn relations(&self) -> &[Relation<'a>] {
        &self.0
    }
}

impl fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, relation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            relation.fmt(f)?;
        }
        Ok(())
    }
}

/// Which versions of a package are asked for, on its own: `>= 1:2.6`. A bare version means exactly that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionConstraint {
    /// How to compare.
    pub operator: Operator,
    /// With what.
    pub version: Version,
}

impl VersionConstraint {
    /// Whether a version fits.
    pub fn accepts(&self, version: &str) -> bool {
        self.operator.holds(version, self.version.as_str())
    }
}

impl fmt::Display for VersionConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operator.as_str(), self.version)
    }
}

impl FromStr for VersionConstraint {
    type Err = VersionConstraintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (operator, version) = match Operator::take(text) {
            // Here nobody depends on the retired ones, and who writes `>` means `>>`.
            Some(_) if is_retired(text) => return Err(VersionConstraintError::retired(text)),
            Some((operator, version)) => (operator, version.trim_start()),
            None => (Operator::Equal, text),
        };
        let version =
            version.parse().map_err(|source| VersionConstraintError::Version { text: excerpt(text), source })?;
        Ok(Self { operator, version })
    }
}

fn is_retired(text: &str) -> bool {
    text.starts_with(['<', '>']) && !text[1..].starts_with(['<', '>', '='])
}

impl serde::Serialize for VersionConstraint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for VersionConstraint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for VersionConstraint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PackageVersionConstraint".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^\s*((<<|<=|=|>=|>>)\s*)?([0-9]+:)?[A-Za-z0-9][A-Za-z0-9.+:~_-]*\s*$",
            "description": "Which versions of a Debian package, such as `>= 1:2.6`. A bare version means exactly it."
        })
    }
}

/// A text that doesn't say which versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum VersionConstraintError {
    /// `<` and `>` alone.
    #[error("`{text}` uses `<` or `>` alone, which mean `<=` and `>=` for Debian")]
    #[diagnostic(help("write `<<` or `>>` for strictly earlier or later, `<=` or `>=` otherwise"))]
    Retired {
        /// What was written.
        text: String,
    },
    /// What stands behind the operator is no version.
    #[error("`{text}` doesn't say which versions")]
    #[diagnostic(help("write an operator (`<<`, `<=`, `=`, `>=`, `>>`) and a version, such as `>= 1:2.6`"))]
    Version {
        /// What was written.
        text: String,
        /// What is wrong with the version.
        #[source]
        source: VersionError,
    },
}

impl VersionConstraintError {
    fn retired(text: &str) -> Self {
        Self::Retired { text: excerpt(text) }
    }
}

/// A list of relations that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelationError {
    /// Longer than [`MAX_LENGTH`].
    #[error("the relations have {0} bytes, more than the {MAX_LENGTH} that are read")]
    TooLong(usize),
    /// A part that is no relation.
    #[error("`{part}` is no relation to a package: {reason}")]
    Malformed {
        /// The part.
        part: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

#[cfg(test)]
mod tests;
