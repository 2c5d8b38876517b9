//! A connection's socket: plain or TLS, and how file content gets into it.

use std::fs::File;
use std::io;
use std::io::IoSliceMut;
use std::sync::Arc;

use bytes::BytesMut;
use manifests::bundle::Segment;
use rustix::fs::Advice;
use rustix::io::{Errno, ReadWriteFlags};
use rustix::net::SendFlags;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::watch::{Phase, Watch};

/// How much is read ahead when content is not in memory.
const READ_AHEAD: u64 = 4 << 20;
/// The buffer between file and TLS.
const TLS_BUFFER: usize = 128 << 10;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>, Vec<u8>),
}

impl Stream {
    pub(super) fn plain(socket: TcpStream) -> Self {
        Self::Plain(socket)
    }

    pub(super) fn tls(session: TlsStream<TcpStream>) -> Self {
        Self::Tls(Box::new(session), Vec::new())
    }

    pub(super) async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read_buf(buffer).await,
            Self::Tls(session, _) => session.read_buf(buffer).await,
        }
    }

    /// Writes all of `bytes`. `more` says that content follows at once, so that no small packet leaves before it.
    pub(super) async fn write(&mut self, mut bytes: &[u8], more: bool, watch: &Watch) -> io::Result<()> {
        match self {
            Self::Plain(socket) => {
                let flags = if more { SendFlags::MORE | SendFlags::NOSIGNAL } else { SendFlags::NOSIGNAL };
                while !bytes.is_empty() {
                    let send = || Ok(rustix::net::send(&*socket, bytes, flags)?);
                    let count = socket.async_io(Interest::WRITABLE, send).await?;
                    watch.sent(count);
                    bytes = &bytes[count..];
                }
                Ok(())
            }
            Self::Tls(session, _) => {
                while !bytes.is_empty() {
                    let count = session.write(bytes).await?;
                    watch.sent(count);
                    bytes = &bytes[count..];
                }
                if more { Ok(()) } else { session.flush().await }
            }
        }
    }

    /// Sends a piece of a file.
    pub(super) async fn send(&mut self, piece: &Segment, watch: &Watch) -> io::Result<()> {
        match self {
            Self::Plain(socket) => send_plain(socket, piece, watch).await,
            Self::Tls(session, buffer) => send_tls(session, buffer, piece, watch).await,
        }
    }

    /// Lets only full packets leave until it is taken back: the pieces of a file then follow each other without gaps.
    pub(super) fn cork(&self, on: bool) -> io::Result<()> {
        match self {
            Self::Plain(socket) => Ok(rustix::net::sockopt::set_tcp_cork(socket, on)?),
            Self::Tls(..) => Ok(()),
        }
    }

    /// Sends what is held back.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(session, _) => session.flush().await,
        }
    }

    /// Says that no more will be sent.
    pub(super) async fn shutdown(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.shutdown().await,
            Self::Tls(session, _) => session.shutdown().await,
        }
    }
}

async fn send_plain(socket: &TcpStream, piece: &Segment, watch: &Watch) -> io::Result<()> {
    let (mut offset, end) = (piece.offset, piece.offset + piece.length);
    if is_cold(&piece.file, offset, piece.length) {
        warm(&piece.file, offset, piece.length, watch).await?;
    }
    while offset < end {
        let count = usize::try_from(end - offset).unwrap_or(usize::MAX);
        let send = || {
            let mut place = offset;
            Ok(rustix::fs::sendfile(socket, &*piece.file, Some(&mut place), count)?)
        };
        match socket.async_io(Interest::WRITABLE, send).await? {
            0 => return Err(ended()),
            sent => {
                watch.sent(sent);
                offset += sent as u64;
            }
        }
    }
    Ok(())
}

async fn send_tls(
    session: &mut TlsStream<TcpStream>,
    buffer: &mut Vec<u8>,
    piece: &Segment,
    watch: &Watch,
) -> io::Result<()> {
    buffer.resize(TLS_BUFFER, 0);
    let (mut offset, end) = (piece.offset, piece.offset + piece.length);
    while offset < end {
        let wanted = usize::try_from(end - offset).unwrap_or(usize::MAX).min(TLS_BUFFER);
        let part = &mut buffer[..wanted];
        let count = match read_now(&piece.file, part, offset) {
            Err(Errno::AGAIN) => {
                warm(&piece.file, offset, wanted as u64, watch).await?;
                rustix::io::pread(&*piece.file, &mut buffer[..wanted], offset)?
            }
            result => result?,
        };
        if count == 0 {
            return Err(ended());
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let written = session.write(rest).await?;
            watch.sent(written);
            rest = &rest[written..];
        }
        offset += count as u64;
    }
    Ok(())
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends before the content does")
}

/// Whether reading would wait for the disk, judged by the end of the part: what comes before it was read before it.
fn is_cold(file: &File, offset: u64, length: u64) -> bool {
    let last = offset + length.saturating_sub(1);
    matches!(read_now(file, &mut [0], last), Err(Errno::AGAIN))
}

/// Reads what is in memory. Where a file system can't tell, it reads as ever.
fn read_now(file: &File, buffer: &mut [u8], offset: u64) -> rustix::io::Result<usize> {
    match rustix::io::preadv2(file, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => rustix::io::pread(file, buffer, offset),
        result => result,
    }
}

/// Brings content into memory without holding up a thread that serves others.
async fn warm(file: &Arc<File>, offset: u64, length: u64, watch: &Watch) -> io::Result<()> {
    watch.enter(Phase::Work);
    let file = Arc::clone(file);
    let read = move || -> io::Result<()> {
        // Advice may be refused; reading then takes longer, that is all.
        let _ = rustix::fs::fadvise(&*file, offset, std::num::NonZeroU64::new(READ_AHEAD), Advice::WillNeed);
        let mut buffer = vec![0; 64 << 10];
        let mut done = 0;
        while done < length {
            let part = usize::try_from(length - done).unwrap_or(usize::MAX).min(buffer.len());
            match rustix::io::pread(&*file, &mut buffer[..part], offset + done)? {
                0 => return Err(ended()),
                count => done += count as u64,
            }
        }
        Ok(())
    };
    let result = tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?;
    watch.enter(Phase::Send);
    result
}
