//! Chart versions and ranges of them, read as Helm reads them.
//!
//! The grammar and the rules are those of Masterminds/semver version 3, which Helm uses: `1.2.3`, `v1.2`, `~1.2`,
//! `^1.2.3`, `1.x`, `>=1.2 <2 || 3.1.*`, `1.2 - 1.4`. They differ from Cargo's: `1.2.3` is that version alone, and a
//! pre-release is taken only by a comparison that names one itself.

use std::fmt;
use std::str::FromStr;

use semver::Version;

/// The longest range that is read, in bytes.
const MAX_LENGTH: usize = 256;

/// A version or a range of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    /// One of these must hold; in each, all comparisons.
    alternatives: Vec<Vec<Comparison>>,
}

impl VersionRange {
    /// As it was written. Helm takes a version of exactly this text before it looks at the rules.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The one version that is meant, if it is no range: `1.2.3` and `v1.2.3`, as written.
    pub fn exact(&self) -> Option<&str> {
        parse_version(&self.text).map(|_| self.text.as_str())
    }

    /// Whether a version is in the range.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|all| all.iter().all(|comparison| comparison.matches(version)))
    }
}

/// Reads a chart's full version as Helm does: with or without a leading `v`, but with all three numbers.
pub fn parse_version(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for VersionRange {
    type Err = VersionRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || VersionRangeError(text.chars().take(80).collect());
        if text.len() > MAX_LENGTH || text.trim() != text || text.is_empty() {
            return Err(fail());
        }
        let alternatives: Option<Vec<_>> = text.split("||").map(|part| conjunction(part.trim())).collect();
        Ok(Self { text: text.to_owned(), alternatives: alternatives.ok_or_else(fail)? })
    }
}

/// A text that is no version and no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version or a range of versions such as `1.2.3`, `~1.2`, `^1.2.3`, `1.x` or `>=1.2 <2`")]
pub struct VersionRangeError(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Tilde,
    Caret,
}

/// The operators as they are written, the longer ones first.
const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("=>", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("=<", Operator::LessOrEqual),
    ("~>", Operator::Tilde),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    /// The version, with 0 for the parts that are not given.
    version: Version,
    /// How many of its three numbers are given.
    given: usize,
}

/// Comparisons with spaces or commas between them, or one `a - b`.
fn conjunction(text: &str) -> Option<Vec<Comparison>> {
    let mut comparisons = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        if rest.is_empty() {
            break;
        }
        let (operator, after) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((Some(*operator), rest.strip_prefix(sign)?.trim_start())))
            .unwrap_or((None, rest));
        let end = after.find([' ', ',', '\t']).unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        // `a - b`: both ends belong to it.
        if let (None, Some(upper)) = (operator, after.trim_start().strip_prefix("- ")) {
            let upper = upper.trim_start();
            let end = upper.find([' ', ',', '\t']).unwrap_or(upper.len());
            let (upper, after) = upper.split_at(end);
            comparisons.push(comparison(Operator::GreaterOrEqual, word)?);
            comparisons.push(comparison(Operator::LessOrEqual, upper)?);
            rest = after;
            continue;
        }
        comparisons.push(comparison(operator.unwrap_or(Operator::Equal), word)?);
        rest = after;
    }
    (!comparisons.is_empty()).then_some(comparisons)
}

fn comparison(operator: Operator, word: &str) -> Option<Comparison> {
    let word = word.strip_prefix('v').unwrap_or(word);
    let numbers_end = word.find(['-', '+']).unwrap_or(word.len());
    let (numbers, suffix) = word.split_at(numbers_end);
    let parts: Vec<&str> = numbers.split('.').collect();
    let wild = |part: &&str| matches!(*part, "x" | "X" | "*");
    let given = parts.iter().position(wild).unwrap_or(parts.len());
    if parts.len() > 3 || parts[given..].iter().any(|part| !wild(part)) || (given < 3 && !suffix.is_empty()) {
        return None;
    }
    let number = |index: usize| if index < given { parts[index] } else { "0" };
    let version = Version::parse(&format!("{}.{}.{}{suffix}", number(0), number(1), number(2))).ok()?;
    Some(Comparison { operator, version, given })
}

impl Comparison {
    fn matches(&self, version: &Version) -> bool {
        if !version.pre.is_empty() && self.version.pre.is_empty() {
            return false;
        }
        let order = version.cmp_precedence(&self.version);
        match self.operator {
            Operator::Equal if self.given == 3 => order.is_eq() && version.build == self.version.build,
            Operator::Equal | Operator::Tilde => self.shares(version, self.given.min(2)) && order.is_ge(),
            Operator::NotEqual if self.given == 3 => order.is_ne(),
            Operator::NotEqual => !self.shares(version, self.given),
            // `>1.2` means above all of 1.2.
            Operator::Greater => order.is_gt() && (self.given == 3 || !self.shares(version, self.given)),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            // `<=1.2` takes all of 1.2.
            Operator::LessOrEqual => order.is_le() || (self.given < 3 && self.shares(version, self.given)),
            Operator::Caret => order.is_ge() && self.shares(version, self.caret()),
        }
    }

    /// Whether the first `count` numbers are the same.
    fn shares(&self, version: &Version, count: usize) -> bool {
        let numbers = |version: &Version| [version.major, version.minor, version.patch];
        numbers(version)[..count] == numbers(&self.version)[..count]
    }

    /// The numbers that `^` holds fast: up to the first that is not 0.
    fn caret(&self) -> usize {
        match (self.version.major, self.version.minor) {
            (major, _) if major > 0 || self.given < 2 => self.given.min(1),
            (_, minor) if minor > 0 || self.given < 3 => 2,
            _ => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        let range: VersionRange = range.parse().unwrap();
        for text in inside {
            assert!(range.matches(&Version::parse(text).unwrap()), "{text} is in {range}");
        }
        for text in outside {
            assert!(!range.matches(&Version::parse(text).unwrap()), "{text} is not in {range}");
        }
    }

    #[test]
    fn ranges_mean_what_they_mean_to_helm() {
        check("1.2.3", &["1.2.3"], &["1.2.4", "1.2.3-rc.1"]);
        check("v1.16.1", &["1.16.1"], &["1.16.2"]);
        check("1.2", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.9"]);
        check("1.x", &["1.0.0", "1.9.0"], &["2.0.0"]);
        check("*", &["0.1.0", "7.0.0"], &["1.0.0-beta"]);
        check("~1.2.3", &["1.2.3", "1.2.9"], &["1.2.2", "1.3.0"]);
        check("~1", &["1.0.0", "1.9.0"], &["2.0.0"]);
        check("^1.2.3", &["1.2.3", "1.9.0"], &["1.2.2", "2.0.0"]);
        check("^0.2.3", &["0.2.3", "0.2.9"], &["0.3.0"]);
        check("^0.0.3", &["0.0.3"], &["0.0.4"]);
        check("^0.0", &["0.0.0", "0.0.9"], &["0.1.0"]);
        check("^0", &["0.0.0", "0.9.0"], &["1.0.0"]);
        check(">=1.2 <2", &["1.2.0", "1.9.9"], &["2.0.0", "1.1.9"]);
        check(">= 1.2, < 2 || 3.1.*", &["1.5.0", "3.1.7"], &["2.5.0", "3.2.0"]);
        check("1.2 - 1.4", &["1.2.0", "1.4.9"], &["1.5.0", "1.1.0"]);
        check(">1.2", &["1.3.0", "2.0.0"], &["1.2.5"]);
        check("!=1.2", &["1.3.0"], &["1.2.5"]);
        check(">=1.0.0-0", &["1.0.0", "1.1.0-rc.1"], &["0.9.0"]);
        check("~1.2.0-0", &["1.2.0-rc.1", "1.2.5"], &["1.3.0"]);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", " 1.2", "latest", "1.2.3.4", "1.x.3", ">", "1.2.3 ||", "1.2-rc", "^^1", "one.two"] {
            assert!(text.parse::<VersionRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_full_version_is_exact() {
        assert_eq!("v1.2.3".parse::<VersionRange>().unwrap().exact(), Some("v1.2.3"));
        assert_eq!("1.2".parse::<VersionRange>().unwrap().exact(), None);
        assert_eq!("=1.2.3".parse::<VersionRange>().unwrap().exact(), None);
    }
}
