//! `Range` (RFC 9110, section 14).

use std::ops::Range;

/// What a `Range` header comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole: there is no header, or one that this server may ignore (another unit, broken, several ranges).
    Whole,
    /// One part.
    Part(Range<u64>),
    /// A part that does not exist.
    Unsatisfiable,
}

/// Reads `bytes=first-last`, `bytes=first-` and `bytes=-suffix` for something of `length` bytes.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Wanted::Whole };
    // Several ranges would need multipart/byteranges, which no registry client reads; the whole is allowed instead.
    let Some((first, last)) = spec.trim().split_once('-').filter(|_| !spec.contains(',')) else { return Wanted::Whole };
    match (number(first), number(last), first.is_empty(), last.is_empty()) {
        (Some(first), None, _, true) if first < length => Wanted::Part(first..length),
        (Some(_), None, _, true) => Wanted::Unsatisfiable,
        (Some(first), Some(last), ..) if last < first => Wanted::Whole,
        (Some(first), Some(last), ..) if first < length => Wanted::Part(first..last.saturating_add(1).min(length)),
        (Some(_), Some(_), ..) => Wanted::Unsatisfiable,
        (None, Some(0), true, _) => Wanted::Unsatisfiable,
        (None, Some(_), true, _) if length == 0 => Wanted::Unsatisfiable,
        (None, Some(suffix), true, _) => Wanted::Part(length.saturating_sub(suffix)..length),
        _ => Wanted::Whole,
    }
}

/// A number; one beyond 64 bits is a very large one.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_specification() {
        for (header, length, expected) in [
            ("bytes=0-0", 10, Wanted::Part(0..1)),
            ("bytes=2-4", 10, Wanted::Part(2..5)),
            ("bytes=2-", 10, Wanted::Part(2..10)),
            ("bytes=-3", 10, Wanted::Part(7..10)),
            ("bytes=-30", 10, Wanted::Part(0..10)),
            ("bytes=9-99", 10, Wanted::Part(9..10)),
            ("bytes=0-18446744073709551615", 10, Wanted::Part(0..10)),
            ("bytes=10-", 10, Wanted::Unsatisfiable),
            ("bytes=10-12", 10, Wanted::Unsatisfiable),
            ("bytes=99999999999999999999-", 10, Wanted::Unsatisfiable),
            ("bytes=-0", 10, Wanted::Unsatisfiable),
            ("bytes=-5", 0, Wanted::Unsatisfiable),
            ("bytes=0-", 0, Wanted::Unsatisfiable),
            ("bytes=4-2", 10, Wanted::Whole),
            ("bytes=0-1,3-4", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=--5", 10, Wanted::Whole),
            ("lines=0-1", 10, Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), length), expected, "{header} of {length}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
    }

    proptest::proptest! {
        #[test]
        fn a_part_always_lies_within(header in "bytes=[0-9]{0,20}-[0-9]{0,20}", length: u64) {
            if let Wanted::Part(part) = wanted(Some(&header), length) {
                proptest::prop_assert!(part.start < part.end && part.end <= length);
            }
        }
    }
}
