//! The timestamps of `valid-after` and `valid-before`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Parses `YYYYMMDD[Z]` and `YYYYMMDDHHMM[SS][Z]`. OpenSSH reads a time without `Z` in the zone of the machine; here it
/// is UTC, since a trust file must mean the same everywhere.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i16>().ok());
    let byte = |from: usize| number(from, from + 2).and_then(|part| i8::try_from(part).ok());
    let moment = DateTime::new(number(0, 4)?, byte(4)?, byte(6)?, byte(8)?, byte(10)?, byte(12)?, 0).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_of_openssh() {
        for (text, expected) in [
            ("20260102", "2026-01-02T00:00:00Z"),
            ("20260102Z", "2026-01-02T00:00:00Z"),
            ("202601022359", "2026-01-02T23:59:00Z"),
            ("20260102235958Z", "2026-01-02T23:59:58Z"),
        ] {
            assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "2026", "20261301", "20260230", "2026-01-02", "202601022460", "+2026010"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
