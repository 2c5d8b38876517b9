//! Going on in the middle of a body: `Content-Range` and the validators that tie two requests together.

use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

/// What a 206 answer says it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: u64,
    pub(super) last: u64,
    /// The size of the whole; none for `*`.
    pub(super) total: Option<u64>,
}

/// `bytes 100-199/200` (RFC 9110, section 14.4).
pub(super) fn content_range(headers: &HeaderMap) -> Option<ContentRange> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let range = ContentRange { first: first.parse().ok()?, last: last.parse().ok()?, total };
    let consistent = range.first <= range.last && range.total.is_none_or(|total| range.last < total);
    consistent.then_some(range)
}

/// The validator to send as `If-Range`: a strong entity tag, else the date of the last change.
pub(super) fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    strong.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        let read = |text: &str| content_range(&HeaderMap::from_iter([(CONTENT_RANGE, text.parse().unwrap())]));
        assert_eq!(read("bytes 5-9/10"), Some(ContentRange { first: 5, last: 9, total: Some(10) }));
        assert_eq!(read("bytes 5-9/*"), Some(ContentRange { first: 5, last: 9, total: None }));
        for wrong in ["5-9/10", "bytes 9-5/10", "bytes 5-10/10", "bytes */10", "bytes a-b/c", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_weak_tag_is_no_validator() {
        let weak = HeaderMap::from_iter([(ETAG, "W/\"a\"".parse().unwrap())]);
        assert_eq!(validator(&weak), None);
        let strong = HeaderMap::from_iter([(ETAG, "\"a\"".parse().unwrap())]);
        assert_eq!(validator(&strong).unwrap(), "\"a\"");
    }
}
