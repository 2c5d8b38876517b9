//! One request to a repository: what git's smart HTTP asks for, answered by `git upload-pack`.
//!
//! Source: <https://git-scm.com/docs/http-protocol>. That program reads all of a request and writes all of the answer; it is
//! what `git http-backend` runs, too.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use manifests::Digest;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout};
use tokio::sync::OwnedSemaphorePermit;

use super::program::{git, not_started};
use super::{GitError, Repositories};
use crate::content::Content;
use crate::http::{Body, BodyError, Flow, Request, RequestBody, Response};

/// How long git may say nothing while it is not the client that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a request waits until others have ended.
const QUEUE: Duration = Duration::from_secs(30);
/// What a client says it has and wants: 4 MiB of it, and 16 MiB once it is unpacked.
const BODY: usize = 4 << 20;
/// See [`BODY`].
const UNPACKED: u64 = 16 << 20;
/// Bytes that are read of git at once.
const PIECE: usize = 64 << 10;
/// What comes before the names to a client of protocol version 0 or 1.
const SERVICE: &[u8] = b"001e# service=git-upload-pack\n0000";

/// What a client asks of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Which branches and tags it has.
    Names,
    /// What the client lacks.
    Objects,
}

impl Repositories {
    /// Answers a request to the repository that is packed in the file `digest`.
    pub(crate) async fn answer(
        &self,
        content: &Content,
        digest: &Digest,
        asked: Asked,
        request: &Request<'_>,
        body: &mut RequestBody<'_>,
    ) -> Response {
        let work = self.work(content, digest, asked, request, body);
        match work.await {
            Ok(response) => response,
            Err(Failure::Git(error)) => unable(&error),
            Err(Failure::Body(error)) => {
                let status = if matches!(error, BodyError::TooLarge) { 413 } else { 400 };
                Response::text(status, crate::web::TEXT, format!("{status} {error}\n"))
            }
        }
    }

    async fn work(
        &self,
        content: &Content,
        digest: &Digest,
        asked: Asked,
        request: &Request<'_>,
        body: &mut RequestBody<'_>,
    ) -> Result<Response, Failure> {
        // It is held while the body is read: it bounds what bodies take in all.
        let permit = std::sync::Arc::clone(&self.running).acquire_owned();
        let permit = tokio::time::timeout(QUEUE, permit).await.map_err(|_| GitError::Busy)?;
        let permit = permit.map_err(|_| GitError::Busy)?;
        let input = match asked {
            Asked::Names => None,
            Asked::Objects => Some(read(request, body).await?),
        };
        let path = self.open(content, digest).await?;
        let protocol = request.fields.git_protocol.filter(|protocol| is_protocol(protocol));
        let prefix = if asked == Asked::Names && version(protocol) < 2 { SERVICE } else { b"" };
        let flow = Running::start(&path, asked, input, protocol, prefix, permit)?;
        let kind = if asked == Asked::Names { "advertisement" } else { "result" };
        Ok(Response::new(200)
            .with_header("Content-Type", &format!("application/x-git-upload-pack-{kind}"))
            .with_header("Cache-Control", "no-store")
            .with_body(Body::Flow(Box::new(flow))))
    }
}

/// Why a request is not answered as it should be.
#[derive(Debug)]
enum Failure {
    Git(GitError),
    Body(BodyError),
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

fn unable(error: &GitError) -> Response {
    let told = match error {
        GitError::Absent | GitError::Version(_) => format!("{error}: install git 2.31 or later, and ask again"),
        GitError::Busy => error.to_string(),
        GitError::Blob(_) | GitError::Io { .. } | GitError::Refused(_) => {
            tracing::error!(error = error as &dyn std::error::Error, "can't serve a git repository");
            "the repository can't be unpacked: the log of the site's server says why".to_owned()
        }
    };
    Response::text(503, crate::web::TEXT, format!("503 {told}\n")).with_header("Retry-After", "10")
}

/// What a client says: whole, and unpacked.
async fn read(request: &Request<'_>, body: &mut RequestBody<'_>) -> Result<Vec<u8>, Failure> {
    let packed = body.read_all(BODY).await?;
    match request.fields.content_encoding {
        None | Some("identity") => Ok(packed),
        Some("gzip" | "x-gzip") => {
            let mut unpacked = Vec::new();
            let read = flate2::read::GzDecoder::new(packed.as_slice()).take(UNPACKED + 1).read_to_end(&mut unpacked);
            match read {
                Ok(count) if count as u64 > UNPACKED => Err(BodyError::TooLarge.into()),
                Ok(_) => Ok(unpacked),
                Err(_) => Err(BodyError::Malformed.into()),
            }
        }
        Some(_) => Err(BodyError::Malformed.into()),
    }
}

/// Whether a value is what git's clients send: `version=2`, perhaps with more of that kind.
fn is_protocol(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b':' | b'-' | b'.'))
}

/// The version of the protocol that is meant.
fn version(protocol: Option<&str>) -> u32 {
    let versions = protocol.into_iter().flat_map(|text| text.split(':'));
    versions.filter_map(|part| part.strip_prefix("version=")?.parse().ok()).max().unwrap_or(0)
}

/// A program at work, and what it writes.
struct Running {
    child: Child,
    output: ChildStdout,
    prefix: &'static [u8],
    _permit: OwnedSemaphorePermit,
}

impl Running {
    fn start(
        repository: &Path,
        asked: Asked,
        input: Option<Vec<u8>>,
        protocol: Option<&str>,
        prefix: &'static [u8],
        permit: OwnedSemaphorePermit,
    ) -> Result<Self, GitError> {
        let failed = |source| GitError::Io { path: repository.to_owned(), source };
        let mut command = git(repository);
        command.args(["upload-pack", "--strict", "--stateless-rpc"]);
        if asked == Asked::Names {
            command.arg("--advertise-refs");
        }
        command.arg(".").stdout(Stdio::piped()).process_group(0);
        if let Some(protocol) = protocol {
            command.env("GIT_PROTOCOL", protocol);
        }
        if let Some(input) = input {
            // A file can't make both sides wait for each other.
            let mut file = tempfile::tempfile().map_err(failed)?;
            file.write_all(&input).and_then(|()| io::Seek::rewind(&mut file)).map_err(failed)?;
            command.stdin(file);
        }
        let mut child = command.spawn().map_err(not_started(repository))?;
        let output = child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self { child, output, prefix, _permit: permit })
    }

    async fn piece(&mut self) -> io::Result<Bytes> {
        if !self.prefix.is_empty() {
            return Ok(Bytes::from_static(std::mem::take(&mut self.prefix)));
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = tokio::time::timeout(PATIENCE, self.output.read_buf(&mut piece)).await;
        read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok(piece.freeze())
    }
}

impl Flow for Running {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send + '_>> {
        Box::pin(self.piece())
    }
}

impl Drop for Running {
    /// Whoever packs for it ends with it.
    fn drop(&mut self) {
        let group = self.child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group {
            // It may have ended already.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clients_send_is_passed_on() {
        assert!(is_protocol("version=2") && is_protocol("version=2:agent=git-1.0"));
        assert!(!is_protocol("version=2;x") && !is_protocol(&"a".repeat(65)) && !is_protocol("$(x)"));
        assert_eq!((version(Some("version=2")), version(Some("x:version=1")), version(None)), (2, 1, 0));
    }
}
