use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use manifests::bundle::Segment;

/// Where the bytes of a large body lie, in order. Worked out as it is sent: a blob has thousands of pieces.
pub trait Pieces: Iterator<Item = io::Result<Segment>> + Send {
    /// Says that a piece could not be read where it was said to be: the response has broken off.
    fn unreadable(&mut self);
}

/// Bytes that a program gives while they are sent.
pub trait Flow: Send {
    /// The next bytes; none at the end. It must not wait for ever.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send + '_>>;
}

/// A response's body. Its length is known but for what a program gives.
pub enum Body {
    /// Nothing.
    Empty,
    /// Bytes in memory.
    Bytes(Bytes),
    /// Pieces of files, of this many bytes in all; sent by the kernel where the connection is plain.
    Files(u64, Box<dyn Pieces>),
    /// Bytes that are made while they are sent, of this many in all. It is read on a thread that may wait, a part at a
    /// time: a slow client holds a buffer, never a thread.
    Reader(u64, Box<dyn Read + Send>),
    /// Bytes of which nobody knows yet how many there are; sent in chunks.
    Flow(Box<dyn Flow>),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body({} bytes)", self.length())
    }
}

impl Body {
    /// The length in bytes, as far as it is known.
    pub fn length(&self) -> u64 {
        match self {
            Self::Empty | Self::Flow(_) => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Files(length, _) | Self::Reader(length, _) => *length,
        }
    }
}

/// A response: a status, header lines and a body. `Date`, `Content-Length` and `Connection` are not among the lines:
/// the server adds them.
#[derive(Debug)]
pub struct Response {
    pub(crate) status: u16,
    /// Header lines made earlier and shared between responses.
    pub(crate) shared: Option<Arc<str>>,
    /// Header lines of this response.
    pub(crate) lines: String,
    pub(crate) body: Body,
    /// For a `HEAD` or a 304: the length that the body would have.
    pub(crate) told_length: Option<u64>,
    pub(crate) label: usize,
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, shared: None, lines: String::new(), body: Body::Empty, told_length: None, label: 0 }
    }

    /// A response of text in memory.
    pub fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(status).with_header("Content-Type", content_type).with_body(Body::Bytes(body.into()))
    }

    /// Adds a header. Control characters in the value become spaces: nothing from outside ends a line here.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        push_header(&mut self.lines, name, value);
        self
    }

    /// Adds header lines made earlier with [`push_header`].
    #[must_use]
    pub fn with_shared(mut self, lines: Arc<str>) -> Self {
        self.shared = Some(lines);
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Notes what kind of request this answers, for [`super::Handler::finished`].
    #[must_use]
    pub fn with_label(mut self, label: usize) -> Self {
        self.label = label;
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }
}

/// Writes one header line. Control characters in the value become spaces.
pub(crate) fn push_header(lines: &mut String, name: &str, value: &str) {
    lines.push_str(name);
    lines.push_str(": ");
    lines.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
    lines.push_str("\r\n");
}
