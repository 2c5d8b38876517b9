//! The body of a request, for the few who read one.

use std::io;
use std::time::Duration;

use bytes::{Buf, BytesMut};

use super::parse::{Incoming, Parsed};
use super::stream::Stream;
use super::watch::{Phase, Watch};

/// How long a body may take, whatever its size.
const PATIENCE: Duration = Duration::from_secs(60);
/// The line before a chunk, and all lines behind the last, in bytes.
const LINE: usize = 256;

/// The body of a request: not read yet, perhaps not sent yet.
pub struct RequestBody<'c> {
    stream: &'c mut Stream,
    input: &'c mut BytesMut,
    watch: &'c Watch,
    left: Incoming,
    /// Whether the client waits for a word before it sends the body.
    waits: bool,
}

/// What of a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// So many bytes.
    Length(u64),
    /// Nobody knows how many: only the end of the connection is clear.
    Unknown,
}

/// Why a body can't be had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is larger than it may be.
    #[error("the body of the request is too large")]
    TooLarge,
    /// It is not what HTTP has.
    #[error("the body of the request is malformed")]
    Malformed,
    /// It does not come, or not in time.
    #[error("the body of the request does not come")]
    Lost(#[source] io::Error),
}

impl std::fmt::Debug for RequestBody<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestBody").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<'c> RequestBody<'c> {
    pub(super) fn new(stream: &'c mut Stream, input: &'c mut BytesMut, watch: &'c Watch, parsed: &Parsed<'_>) -> Self {
        let waits = parsed.request.fields.expect.is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue"));
        Self { stream, input, watch, left: parsed.body, waits }
    }

    pub(super) fn rest(self) -> Rest {
        match self.left {
            Incoming::Length(length) => Rest::Length(length),
            Incoming::Chunked => Rest::Unknown,
        }
    }

    /// All of it, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`BodyError`] when it is larger, malformed, or does not come within a minute. The connection ends then.
    pub async fn read_all(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let late = || BodyError::Lost(io::ErrorKind::TimedOut.into());
        let read = tokio::time::timeout(PATIENCE, self.read(limit)).await.unwrap_or_else(|_| Err(late()));
        self.watch.enter(Phase::Work);
        // What is left of one that was not read whole, nobody needs to know.
        self.left = if read.is_ok() { Incoming::Length(0) } else { Incoming::Chunked };
        read
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        if let Incoming::Length(length) = self.left
            && length > limit as u64
        {
            return Err(BodyError::TooLarge);
        }
        if std::mem::take(&mut self.waits) {
            let word = b"HTTP/1.1 100 Continue\r\n\r\n";
            self.stream.write(word, false, self.watch).await.map_err(BodyError::Lost)?;
        }
        match self.left {
            Incoming::Length(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let mut body = Vec::with_capacity(length);
                self.take(length, &mut body).await?;
                Ok(body)
            }
            Incoming::Chunked => self.chunks(limit).await,
        }
    }

    async fn chunks(&mut self, limit: usize) -> Result<Vec<u8>, BodyError> {
        let mut body = Vec::new();
        loop {
            let size = self.line(|line| match httparse::parse_chunk_size(line) {
                Ok(httparse::Status::Complete((_, size))) => Some(size),
                _ => None,
            });
            let size = size.await?;
            if size > (limit - body.len()) as u64 {
                return Err(BodyError::TooLarge);
            }
            if size == 0 {
                // Fields behind the last chunk mean nothing here.
                while !self.line(|line| Some(line == b"\r\n")).await? {}
                return Ok(body);
            }
            self.take(usize::try_from(size).unwrap_or(usize::MAX), &mut body).await?;
            self.line(|line| (line == b"\r\n").then_some(())).await?;
        }
    }

    /// Takes a line, its end with it, and reads it; a line that reads as nothing is malformed.
    async fn line<T>(&mut self, read: impl Fn(&[u8]) -> Option<T>) -> Result<T, BodyError> {
        loop {
            if let Some(end) = self.input.iter().take(LINE).position(|byte| *byte == b'\n') {
                let line = self.input.split_to(end + 1);
                return read(&line).ok_or(BodyError::Malformed);
            }
            if self.input.len() >= LINE {
                return Err(BodyError::Malformed);
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, mut length: usize, body: &mut Vec<u8>) -> Result<(), BodyError> {
        loop {
            let here = length.min(self.input.len());
            body.extend_from_slice(&self.input[..here]);
            self.input.advance(here);
            length -= here;
            if length == 0 {
                return Ok(());
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), BodyError> {
        self.watch.enter(Phase::Head);
        self.input.reserve(16 << 10);
        match self.stream.read(self.input).await.map_err(BodyError::Lost)? {
            0 => Err(BodyError::Lost(io::ErrorKind::UnexpectedEof.into())),
            _ => Ok(()),
        }
    }
}
