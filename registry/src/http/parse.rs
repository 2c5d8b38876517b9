//! From bytes to a request. Strict: what two readers could take for different things is refused (RFC 9112,
//! sections 6.3 and 11.2).

use std::net::SocketAddr;

use super::limits::HEADERS;
use super::{Fields, Limits, Method, Request};

/// A request's head, and what comes behind it.
#[derive(Debug)]
pub(super) struct Parsed<'b> {
    pub(super) request: Request<'b>,
    /// How many bytes the head has.
    pub(super) length: usize,
    pub(super) body: Incoming,
    /// Whether the client wants to go on with this connection.
    pub(super) keep_alive: bool,
    /// Whether the client can read chunks: whether it speaks HTTP/1.1.
    pub(super) reads_chunks: bool,
}

/// The body that a request comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incoming {
    /// So many bytes; often none.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Why a head is refused: the status that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u16);

/// Parses a head. `None`: there is more to come.
pub(super) fn parse<'b>(input: &'b [u8], limits: &Limits, peer: SocketAddr) -> Result<Option<Parsed<'b>>, Refused> {
    let mut storage = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut storage);
    let length = match head.parse(input) {
        Ok(httparse::Status::Complete(length)) if length <= limits.head_size => length,
        Ok(httparse::Status::Complete(_)) => return Err(Refused(431)),
        Ok(httparse::Status::Partial) => {
            return too_long(input, limits).map_or(Ok(None), |status| Err(Refused(status)));
        }
        Err(httparse::Error::TooManyHeaders) => return Err(Refused(431)),
        Err(httparse::Error::Version) => return Err(Refused(505)),
        Err(_) => return Err(Refused(400)),
    };
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Err(Refused(400));
    };
    if target.len() > limits.target_size {
        return Err(Refused(414));
    }
    let mut fields = Fields::default();
    for header in head.headers.iter() {
        fields.note(header.name, header.value).map_err(|_| Refused(400))?;
    }
    if version == 1 && fields.host.is_none() {
        return Err(Refused(400));
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        _ => Method::Other,
    };
    let (path, query) = split_target(target).ok_or(Refused(if method == Method::Other { 405 } else { 400 }))?;
    let body = body_of(&fields)?;
    let keep_alive = match version {
        1 => !fields.connection_has("close"),
        _ => fields.connection_has("keep-alive"),
    };
    Ok(Some(Parsed {
        request: Request { method, path, query, fields, peer },
        length,
        body,
        keep_alive,
        reads_chunks: version == 1,
    }))
}

/// The status for a head that is over the limits before its end came.
fn too_long(input: &[u8], limits: &Limits) -> Option<u16> {
    let first_line_ended = input.contains(&b'\n');
    match input.len() {
        length if length >= limits.head_size && !first_line_ended => Some(414),
        length if length >= limits.head_size => Some(431),
        _ => None,
    }
}

/// The path and the query of a target in origin or absolute form (RFC 9112, section 3.2).
fn split_target(target: &str) -> Option<(&str, Option<&str>)> {
    let target = match target.strip_prefix("http://").or_else(|| target.strip_prefix("https://")) {
        Some(rest) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    path.starts_with('/').then_some((path, query))
}

fn body_of(fields: &Fields<'_>) -> Result<Incoming, Refused> {
    match (fields.transfer_encoding, fields.content_length) {
        (Some(_), Some(_)) => Err(Refused(400)),
        (Some(coding), None) if coding.trim().eq_ignore_ascii_case("chunked") => Ok(Incoming::Chunked),
        (Some(_), None) => Err(Refused(501)),
        (None, None) => Ok(Incoming::Length(0)),
        (None, Some(length)) => {
            let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
            let length = digits.then(|| length.parse().ok()).flatten();
            length.map(Incoming::Length).ok_or(Refused(400))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn peer() -> SocketAddr {
        ([127, 0, 0, 1], 1).into()
    }

    fn refused(head: &str) -> u16 {
        parse(head.as_bytes(), &Limits::default(), peer()).unwrap_err().0
    }

    #[test]
    fn a_request_is_taken_apart() {
        let head = b"HEAD /v2/a/manifests/b?ns=docker.io HTTP/1.1\r\nHost: x\r\nRANGE: bytes=0-1\r\n\r\nGET";
        let parsed = parse(head, &Limits::default(), peer()).unwrap().unwrap();
        assert_eq!((parsed.request.method, parsed.request.path), (Method::Head, "/v2/a/manifests/b"));
        assert_eq!(parsed.request.parameter("ns").unwrap(), "docker.io");
        assert_eq!(parsed.request.fields.range, Some("bytes=0-1"));
        assert_eq!((parsed.length, parsed.body, parsed.keep_alive), (head.len() - 3, Incoming::Length(0), true));
    }

    #[test]
    fn an_unfinished_head_waits_until_it_is_too_long() {
        assert!(parse(b"GET / HTTP/1.1\r\nHost: x\r\n", &Limits::default(), peer()).unwrap().is_none());
        assert_eq!(refused(&format!("GET /{}", "a".repeat(20_000))), 414);
        assert_eq!(refused(&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9_000))), 414);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(20_000))), 431);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65))), 431);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
            "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
            "nonsense\r\n\r\n",
        ] {
            assert_eq!(refused(head), 400, "{head}");
        }
        assert_eq!(refused("GET / HTTP/2.0\r\n\r\n"), 505);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
        assert_eq!(refused("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    }

    #[test]
    fn the_absolute_form_is_known() {
        let parsed = parse(b"GET http://x/y?z HTTP/1.0\r\n\r\n", &Limits::default(), peer()).unwrap().unwrap();
        assert_eq!((parsed.request.path, parsed.request.query, parsed.keep_alive), ("/y", Some("z"), false));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_taken_without_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = parse(&bytes, &Limits::default(), peer());
            let mut head = b"GET / HTTP/1.1\r\n".to_vec();
            head.extend(bytes);
            let _ = parse(&head, &Limits::default(), peer());
        }
    }
}
