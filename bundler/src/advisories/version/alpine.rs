//! Versions of Alpine: `1.2.3a_rc1_p2-r4`.
//!
//! Numbers with points between them, a letter, suffixes of which some come before the release, and the number of the build. A
//! number behind a point that begins with a zero is compared as if it were behind a decimal point, as apk does.

use std::cmp::Ordering;

/// Suffixes in their order; the release itself is between `_rc` and `_cvs`.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg"];
const PATCH: usize = SUFFIXES.len();
const RELEASE: usize = 4;

#[derive(Debug, PartialEq, Eq)]
struct Version<'a> {
    numbers: Vec<&'a str>,
    letter: Option<char>,
    suffixes: Vec<(usize, u64)>,
    build: u64,
}

/// Compares; none where one of them is no version of Alpine.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (Version::parse(a)?, Version::parse(b)?);
    let order = numbers(&a.numbers, &b.numbers)
        .then_with(|| a.letter.cmp(&b.letter))
        .then_with(|| suffixes(&a.suffixes, &b.suffixes))
        .then_with(|| a.build.cmp(&b.build));
    Some(order)
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (text, build) = match text.rsplit_once("-r") {
            Some((text, build)) => (text, build.parse().ok()?),
            None => (text, 0),
        };
        // `~` and a commit may follow, which have no rank.
        let text = text.split('~').next()?;
        let mut parts = text.split('_');
        let numeric = parts.next()?;
        let letter = numeric.chars().last().filter(char::is_ascii_lowercase);
        let numeric = if letter.is_some() { &numeric[..numeric.len() - 1] } else { numeric };
        let numbers: Vec<&str> = numeric.split('.').collect();
        let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let suffixes = parts.map(suffix).collect::<Option<Vec<_>>>()?;
        numbers.iter().all(is_number).then_some(Self { numbers, letter, suffixes, build })
    }
}

fn suffix(text: &str) -> Option<(usize, u64)> {
    let end = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let (name, number) = text.split_at(end);
    let rank = match name {
        "p" => PATCH,
        "" => return None,
        name => SUFFIXES.iter().position(|known| *known == name)?,
    };
    Some((rank, if number.is_empty() { 0 } else { number.parse().ok()? }))
}

fn numbers(a: &[&str], b: &[&str]) -> Ordering {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        let decimal = at > 0 && (a.starts_with('0') || b.starts_with('0'));
        let (short_a, short_b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
        let order =
            if decimal { a.cmp(b) } else { short_a.len().cmp(&short_b.len()).then_with(|| short_a.cmp(short_b)) };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

fn suffixes(a: &[(usize, u64)], b: &[(usize, u64)]) -> Ordering {
    let at = |list: &[(usize, u64)], at: usize| list.get(at).copied().unwrap_or((RELEASE, 0));
    let orders = (0..a.len().max(b.len())).map(|place| at(a, place).cmp(&at(b, place)));
    orders.fold(Ordering::Equal, Ordering::then)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_of_apk() {
        let sorted = [
            "0.1_pre2-r0",
            "0.1.0_alpha",
            "0.1.0_alpha1",
            "0.1.0_rc2",
            "0.1.0-r0",
            "0.1.0-r1",
            "0.1.0_git20200101-r0",
            "0.1.0_p1-r0",
            "0.1.0a-r0",
            "0.1.1-r0",
            "1.02-r0",
            "1.1-r0",
            "1.2-r9",
            "1.2-r10",
            "1.10-r0",
            "10-r0",
        ];
        for (place, a) in sorted.iter().enumerate() {
            for (other, b) in sorted.iter().enumerate() {
                assert_eq!(compare(a, b), Some(place.cmp(&other)), "{a} {b}");
            }
        }
        for text in ["", "a", "1..2", "1_what", "1-rx"] {
            assert_eq!(compare(text, "1"), None, "{text}");
        }
    }
}
