//! Versions of RPM: `[epoch:]version[-release]`, each part compared as `rpmvercmp` does.

use std::cmp::Ordering;

/// Compares. Where one has no release, releases are not compared: advisories name some versions without.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (epoch_a, version_a, release_a) = split(a);
    let (epoch_b, version_b, release_b) = split(b);
    let release = match (release_a, release_b) {
        (Some(a), Some(b)) => parts(a, b),
        _ => Ordering::Equal,
    };
    epoch_a.cmp(&epoch_b).then_with(|| parts(version_a, version_b)).then(release)
}

fn split(text: &str) -> (u64, &str, Option<&str>) {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, text),
    };
    match rest.rsplit_once('-') {
        Some((version, release)) => (epoch, version, Some(release)),
        None => (epoch, rest, None),
    }
}

/// Runs of letters and of digits in turn; `~` sorts before everything, `^` after the end and before all else.
fn parts(mut a: &str, mut b: &str) -> Ordering {
    let is_divider = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
    loop {
        a = a.trim_start_matches(is_divider);
        b = b.trim_start_matches(is_divider);
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(rest_a), Some(rest_b)) => {
                (a, b) = (rest_a, rest_b);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (a.strip_prefix('^'), b.strip_prefix('^')) {
            (Some(rest_a), Some(rest_b)) => {
                (a, b) = (rest_a, rest_b);
                continue;
            }
            (Some(_), None) => return if b.is_empty() { Ordering::Greater } else { Ordering::Less },
            (None, Some(_)) => return if a.is_empty() { Ordering::Less } else { Ordering::Greater },
            (None, None) => {}
        }
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let is_number = a.starts_with(|c: char| c.is_ascii_digit());
        let (run_a, rest_a) = run(a, is_number);
        let (run_b, rest_b) = run(b, is_number);
        if run_b.is_empty() {
            // A number is newer than a word.
            return if is_number { Ordering::Greater } else { Ordering::Less };
        }
        let order = if is_number {
            let (a, b) = (run_a.trim_start_matches('0'), run_b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        } else {
            run_a.cmp(run_b)
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

fn run(text: &str, of_digits: bool) -> (&str, &str) {
    let belongs = |c: char| if of_digits { c.is_ascii_digit() } else { c.is_ascii_alphabetic() };
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_the_order_of_rpm() {
        // From RPM's own tests (`tests/rpmvercmp.at`).
        for (a, b, order) in [
            ("1.0", "1.0", 0),
            ("1.0", "2.0", -1),
            ("2.0.1a", "2.0.1", 1),
            ("5.5p1", "5.5p10", -1),
            ("10xyz", "10.1xyz", -1),
            ("xyz10", "xyz10.1", -1),
            ("xyz.4", "8", -1),
            ("5.5p2", "5.6p1", -1),
            ("6.0.rc1", "6.0", 1),
            ("10b2", "10a1", 1),
            ("1.0a", "1.0aa", -1),
            ("10.0001", "10.0039", -1),
            ("4.999.9", "5.0", -1),
            ("20101121", "20101122", -1),
            ("2_0", "2.0", 0),
            ("1.0~rc1", "1.0", -1),
            ("1.0~rc1", "1.0arc1", -1),
            ("1.0~rc1~git123", "1.0~rc1", -1),
            ("1.0^", "1.0", 1),
            ("1.0^git1", "1.0.1", -1),
            ("1.0^20160101", "1.0.1", -1),
            ("1.0~rc1^git1", "1.0~rc1", 1),
        ] {
            assert_eq!(parts(a, b) as i8, order, "{a} {b}");
            assert_eq!(parts(b, a) as i8, -order, "{b} {a}");
        }
    }

    #[test]
    fn an_epoch_decides_and_a_release_that_is_not_said_does_not() {
        assert_eq!(compare("1:1.0-1", "2.0-1"), Ordering::Greater);
        assert_eq!(compare("0:1.0-1.el9", "1.0-2.el9"), Ordering::Less);
        assert_eq!(compare("1.0-1.el9", "1.0"), Ordering::Equal);
    }
}
