//! One connection: requests in, responses out, one after the other (RFC 9112, section 9).

use std::io::{self, Read, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use rustix::io::Errno;

use super::body::Rest;
use super::date::Date;
use super::parse::{Incoming, Parsed, Refused, parse};
use super::server::{Finished, Handler, Service};
use super::stream::Stream;
use super::watch::{Phase, Watch};
use super::{Body, Flow, Method, Pieces, RequestBody, Response, reason};

/// A body in memory up to this size goes out in one write with its head.
const JOINED: usize = 32 << 10;
/// Files above this size have more than one piece.
const CORKED: u64 = 128 << 10;
/// What is read off a connection that is being closed, so that the client gets to read the response.
const LINGER: usize = 256 << 10;
/// How much of a reader is read at a time.
const READ_SIZE: usize = 256 << 10;
/// After so many bytes others get their turn.
const TURN: u64 = 2 << 20;

/// What to do after a response.
struct Next {
    /// The bytes of the request's head.
    head: usize,
    /// The bytes of the request's body that have to be dropped.
    body: u64,
    keep: bool,
}

pub(super) async fn run<H: Handler>(
    mut stream: Stream,
    peer: SocketAddr,
    service: &Service<H>,
    watch: &Watch,
) -> io::Result<()> {
    let mut input = BytesMut::with_capacity(2048);
    let mut exchange =
        Exchange { service, watch, output: Vec::with_capacity(2048), date: Date::new(), reads_chunks: false };
    watch.enter(Phase::Idle);
    loop {
        let next = match parse(&input, &service.limits, peer) {
            _ if input.is_empty() => None,
            Ok(None) => None,
            Ok(Some(parsed)) if parsed.body == Incoming::Length(0) => {
                Some(exchange.answer(&mut stream, &mut BytesMut::new(), &parsed).await?)
            }
            Ok(Some(parsed)) => {
                // The body is read into the same buffer, so the head leaves it.
                let head = parsed.length;
                let head = input.split_to(head);
                let again = parse(&head, &service.limits, peer).ok().flatten().ok_or_else(torn)?;
                Some(Next { head: 0, ..exchange.answer(&mut stream, &mut input, &again).await? })
            }
            Err(refused) => {
                exchange.refuse(&mut stream, refused).await?;
                return linger(&mut stream, watch).await;
            }
        };
        match next {
            Some(next) => {
                input.advance(next.head);
                if !next.keep {
                    return linger(&mut stream, watch).await;
                }
                watch.enter(if input.is_empty() && next.body == 0 { Phase::Idle } else { Phase::Head });
                if !drop_body(&mut stream, &mut input, next.body).await? {
                    return Ok(());
                }
                if next.body > 0 && input.is_empty() {
                    watch.enter(Phase::Idle);
                }
            }
            None => {
                let first = input.is_empty();
                input.reserve(1024);
                if stream.read(&mut input).await? == 0 {
                    return Ok(());
                }
                if first {
                    watch.enter(Phase::Head);
                }
            }
        }
    }
}

/// Reads a request's body off the connection. `false`: it ended before.
async fn drop_body(stream: &mut Stream, input: &mut BytesMut, mut length: u64) -> io::Result<bool> {
    loop {
        let here = usize::try_from(length).unwrap_or(usize::MAX).min(input.len());
        input.advance(here);
        length -= here as u64;
        if length == 0 {
            return Ok(true);
        }
        input.reserve(4096);
        if stream.read(input).await? == 0 {
            return Ok(false);
        }
    }
}

/// Closes so that the client can read the response: what it still sends is read for a while (RFC 9112, section 9.6).
async fn linger(stream: &mut Stream, watch: &Watch) -> io::Result<()> {
    stream.shutdown().await?;
    watch.enter(Phase::Head);
    let mut rest = BytesMut::with_capacity(4096);
    let mut total = 0;
    while total < LINGER {
        rest.clear();
        match stream.read(&mut rest).await? {
            0 => break,
            count => total += count,
        }
    }
    Ok(())
}

struct Exchange<'s, H> {
    service: &'s Service<H>,
    watch: &'s Watch,
    output: Vec<u8>,
    date: Date,
    /// Whether who asks can read chunks.
    reads_chunks: bool,
}

impl<H: Handler> Exchange<'_, H> {
    async fn answer(&mut self, stream: &mut Stream, input: &mut BytesMut, parsed: &Parsed<'_>) -> io::Result<Next> {
        self.watch.enter(Phase::Work);
        self.reads_chunks = parsed.reads_chunks;
        let begun = Instant::now();
        let working = self.service.begin();
        let mut body = RequestBody::new(stream, input, self.watch, parsed);
        let response = self.service.handler.handle(&parsed.request, &mut body).await;
        let (body, drops) = match body.rest() {
            Rest::Length(length) => (length, length <= self.service.limits.body_size),
            Rest::Unknown => (0, false),
        };
        // A client that waits for "100 Continue" may or may not send its body: only closing is clear.
        let waits = body > 0 && parsed.request.fields.expect.is_some();
        // Without chunks only the end of the connection ends what flows.
        let ends = parsed.reads_chunks || !matches!(response.body, Body::Flow(_));
        let keep = parsed.keep_alive && drops && !waits && ends && !self.service.draining();
        self.watch.enter(Phase::Send);
        let (status, label) = (response.status, response.label);
        let sent = self.send(stream, response, parsed.request.method == Method::Head, keep).await;
        drop(working);
        let bytes = *sent.as_ref().unwrap_or(&0);
        self.service.handler.finished(&Finished {
            label,
            status,
            bytes,
            elapsed: begun.elapsed(),
            whole: sent.is_ok(),
        });
        sent?;
        Ok(Next { head: parsed.length, body, keep })
    }

    async fn refuse(&mut self, stream: &mut Stream, refused: Refused) -> io::Result<()> {
        self.watch.enter(Phase::Send);
        let text = format!("{} {}\n", refused.0, reason(refused.0));
        let response = Response::text(refused.0, "text/plain; charset=utf-8", text);
        let label = response.label;
        let bytes = self.send(stream, response, false, false).await?;
        let (status, elapsed) = (refused.0, Duration::ZERO);
        self.service.handler.finished(&Finished { label, status, bytes, elapsed, whole: true });
        Ok(())
    }

    /// Sends a response and returns how many bytes of body it had.
    async fn send(&mut self, stream: &mut Stream, response: Response, head: bool, keep: bool) -> io::Result<u64> {
        let told = response.told_length.unwrap_or(response.body.length());
        let flows = matches!(response.body, Body::Flow(_));
        self.output.clear();
        let (status, output) = (response.status, &mut self.output);
        write!(output, "HTTP/1.1 {status} {}\r\nDate: {}\r\n", reason(status), self.date.now())?;
        output.extend_from_slice(response.shared.as_deref().unwrap_or_default().as_bytes());
        output.extend_from_slice(response.lines.as_bytes());
        if flows && self.reads_chunks {
            output.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if status != 304 && !flows {
            write!(output, "Content-Length: {told}\r\n")?;
        }
        output.extend_from_slice(if keep { b"Connection: keep-alive\r\n\r\n" } else { b"Connection: close\r\n\r\n" });
        let body = if head { Body::Empty } else { response.body };
        let length = body.length();
        match body {
            Body::Empty => stream.write(&self.output, false, self.watch).await?,
            Body::Bytes(bytes) if bytes.len() <= JOINED => {
                self.output.extend_from_slice(&bytes);
                stream.write(&self.output, false, self.watch).await?;
            }
            Body::Bytes(bytes) => {
                stream.write(&self.output, true, self.watch).await?;
                stream.write(&bytes, false, self.watch).await?;
            }
            Body::Files(length, pieces) => {
                let corked = length > CORKED;
                if corked {
                    stream.cork(true)?;
                }
                stream.write(&self.output, length > 0, self.watch).await?;
                self.send_pieces(stream, length, pieces).await?;
                if corked {
                    stream.cork(false)?;
                }
            }
            Body::Reader(length, reader) => {
                stream.write(&self.output, length > 0, self.watch).await?;
                self.send_read(stream, length, reader).await?;
            }
            Body::Flow(flow) => {
                stream.write(&self.output, false, self.watch).await?;
                return self.send_flow(stream, flow).await;
            }
        }
        Ok(length)
    }

    async fn send_pieces(&self, stream: &mut Stream, length: u64, mut pieces: Box<dyn Pieces>) -> io::Result<()> {
        let (mut left, mut turn) = (length, 0);
        while let Some(piece) = pieces.next() {
            let piece = piece.inspect_err(|_| pieces.unreadable())?;
            left = left.checked_sub(piece.length).ok_or_else(wrong_length)?;
            let sent = stream.send(&piece, self.watch).await;
            if sent.as_ref().is_err_and(of_the_file) {
                pieces.unreadable();
            }
            sent?;
            turn += piece.length;
            if turn >= TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
        }
        stream.flush().await?;
        if left == 0 { Ok(()) } else { Err(wrong_length()) }
    }

    /// Sends what a program gives, until it ends; to who can't read chunks until the connection does. Returns how much it was.
    async fn send_flow(&self, stream: &mut Stream, mut flow: Box<dyn Flow>) -> io::Result<u64> {
        let mut total = 0;
        loop {
            // It is the program that is waited for now, not the client.
            self.watch.enter(Phase::Work);
            let piece = flow.next().await;
            self.watch.enter(Phase::Send);
            let piece = piece?;
            total += piece.len() as u64;
            if self.reads_chunks {
                // A chunk of no bytes is the last one.
                stream.write(format!("{:x}\r\n", piece.len()).as_bytes(), true, self.watch).await?;
                stream.write(&piece, true, self.watch).await?;
                stream.write(b"\r\n", false, self.watch).await?;
            } else {
                stream.write(&piece, false, self.watch).await?;
            }
            if piece.is_empty() {
                return Ok(total);
            }
        }
    }

    /// Sends what a reader gives, reading on another thread.
    async fn send_read(&self, stream: &mut Stream, length: u64, mut reader: Box<dyn Read + Send>) -> io::Result<()> {
        let (mut left, mut buffer) = (length, Vec::new());
        while left > 0 {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(READ_SIZE);
            buffer.resize(part, 0);
            // It is the disk that is waited for now, not the client.
            self.watch.enter(Phase::Work);
            let read = tokio::task::spawn_blocking(move || {
                let result = reader.read_exact(&mut buffer);
                (result, reader, buffer)
            });
            let (result, rest, full) = read.await.map_err(io::Error::other)?;
            self.watch.enter(Phase::Send);
            result?;
            left -= part as u64;
            stream.write(&full, left > 0, self.watch).await?;
            (reader, buffer) = (rest, full);
        }
        Ok(())
    }
}

/// Whether it was the file that failed, and not the client: an end before its time, or a disk that gives up.
fn of_the_file(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    let disk = [Errno::IO, Errno::UCLEAN, Errno::BADMSG, Errno::STALE, Errno::NODEV, Errno::NXIO];
    error.kind() == io::ErrorKind::UnexpectedEof || errno.is_some_and(|errno| disk.contains(&errno))
}

fn torn() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the head of a request can't be read again")
}

fn wrong_length() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the content has another length than was announced")
}
