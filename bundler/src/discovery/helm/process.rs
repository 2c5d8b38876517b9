//! A program that is run within limits.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// Bytes of complaints that are kept.
const COMPLAINTS: u64 = 16 << 10;

/// What Helm ends its complaints with, and what helps nobody who does not run it by hand.
const ADVICE: &str = "Use --debug flag to render out invalid YAML";

/// How far a program may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long it may take.
    pub(super) time: Duration,
    /// How many bytes it may write.
    pub(super) output: u64,
    /// How many bytes of memory it may write to.
    pub(super) memory: u64,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Well, with what it wrote.
    Well(Vec<u8>),
    /// Badly, with what it complained of, as one line.
    Failed(String),
    /// Not in time.
    Late,
    /// With more output than is read.
    TooMuch,
    /// For want of memory.
    NoMemory,
}

/// Runs a program in a folder, with nothing in its environment but what is given.
pub(super) async fn run(
    program: &Path,
    arguments: &[OsString],
    environment: &[(&'static str, OsString)],
    folder: &Path,
    limits: Limits,
) -> io::Result<Ended> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    bound(&child, limits.memory)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let conversation = async {
        let (output, complaints) = tokio::join!(first(stdout, limits.output), complaints_of(stderr, COMPLAINTS));
        let (output, is_whole) = output?;
        if !is_whole {
            return Ok(Ended::TooMuch);
        }
        let status = child.wait().await?;
        let complaints = complaints?;
        Ok(match status.success() {
            true => Ended::Well(output),
            false if is_of_memory(&complaints) => Ended::NoMemory,
            false => Ended::Failed(one_line(&complaints, status)),
        })
    };
    // Whatever is left of it is killed when it is dropped here.
    tokio::time::timeout(limits.time, conversation).await.unwrap_or(Ok(Ended::Late))
}

/// Bounds the memory of a program that has just begun. It is what it writes to that counts: Go reserves much more.
fn bound(child: &Child, memory: u64) -> io::Result<()> {
    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let limit = Rlimit { current: Some(memory), maximum: Some(memory) };
    match id.map(|id| prlimit(Some(id), Resource::Data, limit)) {
        // It has ended already.
        None | Some(Ok(_) | Err(Errno::SRCH)) => Ok(()),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Whether a program of Go ended for want of memory.
fn is_of_memory(complaints: &[u8]) -> bool {
    let text = String::from_utf8_lossy(complaints);
    text.contains("fatal error:") && (text.contains("out of memory") || text.contains("cannot allocate memory"))
}

/// The first bytes of what a program complains of. All of it is read: who could not write on would end for that.
async fn complaints_of(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let Some(mut stream) = stream else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    (&mut stream).take(limit).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

/// The first bytes of a stream, and whether that is all of it. What comes after is not read: who writes on is told so.
async fn first(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let Some(stream) = stream else { return Ok((bytes, true)) };
    let mut stream = stream.take(limit + 1);
    stream.read_to_end(&mut bytes).await?;
    let is_whole = bytes.len() as u64 <= limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((bytes, is_whole))
}

fn one_line(complaints: &[u8], status: std::process::ExitStatus) -> String {
    let text = String::from_utf8_lossy(complaints);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line: String = words.collect::<Vec<_>>().join(" ").chars().take(2000).collect();
    let line = line.strip_prefix("Error: ").unwrap_or(&line);
    let line = line.strip_suffix(ADVICE).unwrap_or(line).trim_end();
    if line.is_empty() { status.to_string() } else { line.to_owned() }
}
