//! The grammar of ranges: alternatives between `||`, bounds between commas or spaces.

use super::{Bound, ConstraintError, Operator, Wildcard, parse_number};

/// The longest range that is read, in bytes: `Chart.yaml` and `index.yaml` come from others.
const MAX_LENGTH: usize = 1024;

/// The longer operators stand before those that they start with.
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

pub(super) fn alternatives(text: &str) -> Result<Vec<Vec<Bound>>, ConstraintError> {
    let bad = || ConstraintError { text: text.chars().take(80).collect() };
    if text.len() > MAX_LENGTH {
        return Err(bad());
    }
    text.split("||").map(|part| bounds(part).ok_or_else(bad)).collect()
}

fn bounds(text: &str) -> Option<Vec<Bound>> {
    let mut bounds = Vec::new();
    let mut rest = text.trim_start();
    // `a - b` is taken at the start, after a comma and after another one; Helm reads `1 2 - 3` as nonsense.
    let mut span_allowed = true;
    loop {
        let (operator, after) = operator(rest);
        let (word, after) = split_word(after.trim_start());
        let spaced = after.starts_with(char::is_whitespace);
        let after = after.trim_start();
        let end = after.strip_prefix('-').filter(|end| spaced && end.starts_with(char::is_whitespace));
        let is_span = end.is_some();
        match end {
            Some(end) => {
                let (last, after) = split_word(end.trim_start());
                if operator.is_some() || !span_allowed {
                    return None;
                }
                bounds.push(bound(Operator::GreaterOrEqual, word)?);
                bounds.push(bound(Operator::LessOrEqual, last)?);
                rest = after;
            }
            None => {
                bounds.push(bound(operator.unwrap_or(Operator::Equal), word)?);
                rest = &rest[rest.len() - after.len()..];
                if !spaced && !rest.is_empty() && !rest.starts_with(',') {
                    return None;
                }
            }
        }
        let trimmed = rest.trim_start();
        let next = trimmed.strip_prefix(',');
        span_allowed = next.is_some() || is_span;
        if trimmed.is_empty() {
            return Some(bounds);
        }
        rest = next.unwrap_or(trimmed).trim_start();
    }
}

fn operator(text: &str) -> (Option<Operator>, &str) {
    let found = OPERATORS.iter().find_map(|(word, operator)| Some((*operator, text.strip_prefix(word)?)));
    found.map_or((None, text), |(operator, rest)| (Some(operator), rest))
}

fn split_word(text: &str) -> (&str, &str) {
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '*' | '-' | '+');
    text.split_at(text.find(|c: char| !in_word(c)).unwrap_or(text.len()))
}

/// A version in which parts may be missing or be `x`, `X` or `*`.
fn bound(operator: Operator, word: &str) -> Option<Bound> {
    let rest = word.strip_prefix('v').unwrap_or(word);
    let end = rest.find(['-', '+']).unwrap_or(rest.len());
    let (numbers, suffix) = rest.split_at(end);
    let mut parts = numbers.split('.');
    let [major, minor, patch] = [parts.next()?, parts.next().unwrap_or("x"), parts.next().unwrap_or("x")];
    if parts.next().is_some() {
        return None;
    }
    let open = |part: &str| matches!(part, "x" | "X" | "*");
    // What stands behind an open part says nothing, but has to be a part.
    let known = |part: &str| open(part) || parse_number(part).is_some();
    if ![major, minor, patch].into_iter().all(known) {
        return None;
    }
    let (wildcard, version) = if open(major) {
        (Wildcard::Major, format!("0.0.0{suffix}"))
    } else if open(minor) {
        (Wildcard::Minor, format!("{major}.0.0{suffix}"))
    } else if open(patch) {
        (Wildcard::Patch, format!("{major}.{minor}.0{suffix}"))
    } else {
        (Wildcard::None, format!("{major}.{minor}.{patch}{suffix}"))
    };
    Some(Bound { operator, version: version.parse().ok()?, wildcard })
}
