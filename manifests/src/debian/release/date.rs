//! Dates as `Release` has them: `Sat, 10 Jan 2026 10:00:00 UTC`, those of RFC 5322 with the zone's name.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// Reads a date. apt takes `UTC`, `GMT`, `Z` and a numeric zone.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let zone = ["UTC", "GMT", "Z"].into_iter().find_map(|zone| text.strip_suffix(zone));
    let text = zone.map_or_else(|| text.to_owned(), |rest| format!("{} +0000", rest.trim_end()));
    DateTimeParser::new().parse_timestamp(&text).ok()
}

pub(super) fn write(date: Timestamp) -> String {
    date.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}
