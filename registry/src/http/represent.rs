//! Conditional requests and ranges, for anything that has an entity tag (RFC 9110, sections 13 and 14).

use std::ops::Range;
use std::sync::Arc;

use super::range::{Wanted, wanted};
use super::{Body, Method, Request, Response};

/// Something that can be asked for: what its responses have in common.
#[derive(Debug, Clone)]
pub struct Representation {
    /// The strong entity tag, without its quotes.
    pub etag: String,
    /// Header lines: `Content-Type` and more, and the `ETag` too.
    pub lines: Arc<str>,
    /// The length in bytes.
    pub length: u64,
}

/// Answers a `GET` or `HEAD` for something: whole, a part, or that nothing changed. `body` is asked for the part that
/// is sent, and only where one is.
pub fn represent(request: &Request<'_>, what: &Representation, body: impl FnOnce(Range<u64>) -> Body) -> Response {
    let answer = |status| Response::new(status).with_shared(Arc::clone(&what.lines));
    if request.fields.if_match.is_some_and(|tags| !matches(tags, &what.etag, false)) {
        return Response::new(412);
    }
    if request.fields.if_none_match.is_some_and(|tags| matches(tags, &what.etag, true)) {
        return answer(304);
    }
    if request.method == Method::Head {
        let mut response = answer(200).with_header("Accept-Ranges", "bytes");
        response.told_length = Some(what.length);
        return response;
    }
    // A part of what the client has no longer is of no use to it: then the whole.
    let fresh = request.fields.if_range.is_none_or(|tag| matches(tag, &what.etag, false));
    match wanted(request.fields.range.filter(|_| fresh), what.length) {
        Wanted::Whole => answer(200).with_header("Accept-Ranges", "bytes").with_body(body(0..what.length)),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start, part.end - 1, what.length);
            answer(206).with_header("Content-Range", &range).with_body(body(part))
        }
        Wanted::Unsatisfiable => Response::new(416).with_header("Content-Range", &format!("bytes */{}", what.length)),
    }
}

/// Whether a list of entity tags has ours. A weak one counts only where `weak` says so.
fn matches(list: &str, etag: &str, weak: bool) -> bool {
    list.split(',').map(str::trim).any(|item| {
        let item = match item.strip_prefix("W/") {
            Some(rest) if weak => rest,
            Some(_) => return false,
            None => item,
        };
        item == "*" || item.strip_prefix('"').and_then(|item| item.strip_suffix('"')) == Some(etag)
    })
}
