//! Comparing what a command printed with what the documentation says, where `…` stands for anything.

use anyhow::{Result, bail};

/// Compares; lines at the end that are empty do not count.
pub(super) fn compare(expected: &[String], actual: &str) -> Result<()> {
    let expected: Vec<&str> = expected.iter().map(|line| line.trim_end()).collect();
    let actual: Vec<&str> = actual.trim_end().lines().map(str::trim_end).collect();
    if lines_match(trim(&expected), &actual) {
        return Ok(());
    }
    bail!("expected:\n{}\nprinted:\n{}\n", expected.join("\n"), actual.join("\n"))
}

fn trim<'a>(mut lines: &'a [&'a str]) -> &'a [&'a str] {
    while let Some((&"", rest)) = lines.split_last() {
        lines = rest;
    }
    lines
}

fn lines_match(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&"…", rest)) => (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..])),
        Some((first, rest)) => match actual.split_first() {
            Some((line, others)) => line_matches(first, line) && lines_match(rest, others),
            None => false,
        },
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = parts.next().and_then(|start| actual.strip_prefix(start)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(expected: &[&str], actual: &str) -> bool {
        let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        compare(&expected, actual).is_ok()
    }

    #[test]
    fn an_ellipsis_stands_for_anything_and_the_rest_for_itself() {
        assert!(matches(&["one", "two 2", ""], "one\ntwo 2\n"));
        assert!(!matches(&["one"], "one\ntwo"));
        assert!(!matches(&["one", "two"], "one"));
        assert!(matches(&["a … b …", "…", "end"], "a 12 b 3\nx\ny\nend\n"));
        assert!(matches(&["…"], ""));
        assert!(!matches(&["a … b"], "a 12 c"));
    }
}
