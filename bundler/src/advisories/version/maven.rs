//! Versions of Maven, as its `ComparableVersion` orders them, without the nesting that hyphens make there: numbers and words in
//! turn, of which some words come before a release.

use std::cmp::Ordering;

/// Words in their order; the release itself is the empty one. Other words come after all of these.
const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(usize, String),
    Number(u128),
}

/// Compares.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    let nothing = |other: &Part| match other {
        Part::Number(_) => Part::Number(0),
        Part::Word(..) => Part::Word(RELEASE, String::new()),
    };
    for place in 0..a.len().max(b.len()) {
        let order = match (a.get(place), b.get(place)) {
            (Some(a), Some(b)) => a.cmp(b),
            (Some(a), None) => a.cmp(&nothing(a)),
            (None, Some(b)) => nothing(b).cmp(b),
            (None, None) => Ordering::Equal,
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn parts(text: &str) -> Vec<Part> {
    let text = text.to_ascii_lowercase();
    let mut parts = Vec::new();
    for run in text.split(['.', '-', '_', '+']) {
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let is_number = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            // `1.0-b2` is a beta; `1.0-b` is a word of its own.
            parts.push(if is_number {
                Part::Number(part.parse().unwrap_or(u128::MAX))
            } else {
                word(part, !after.is_empty())
            });
            rest = after;
        }
    }
    parts
}

fn word(text: &str, number_follows: bool) -> Part {
    let text = match (text, number_follows) {
        ("a", true) => "alpha",
        ("b", true) => "beta",
        ("m", true) => "milestone",
        ("cr", _) => "rc",
        ("ga" | "final" | "release", _) => "",
        (other, _) => other,
    };
    match WORDS.iter().position(|known| *known == text) {
        Some(rank) => Part::Word(rank, String::new()),
        None => Part::Word(WORDS.len(), text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_maven() {
        for (a, b, order) in [
            ("1", "1.0", 0),
            ("1.0-alpha-1", "1.0-beta", -1),
            ("1.0-b2", "1.0-rc1", -1),
            ("1.0-rc1", "1.0", -1),
            ("1.0-SNAPSHOT", "1.0", -1),
            ("1.0", "1.0-sp", -1),
            ("1.0.Final", "1.0", 0),
            ("2.9.10", "2.9.9", 1),
            ("2.9.10.8", "2.9.10", 1),
            ("1.0", "1.0-jre", -1),
            ("31.1-jre", "32.0.0-android", -1),
            ("1.0-cr1", "1.0-rc1", 0),
        ] {
            assert_eq!(compare(a, b) as i8, order, "{a} {b}");
            assert_eq!(compare(b, a) as i8, -order, "{b} {a}");
        }
    }
}
