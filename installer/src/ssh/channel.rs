//! A command on a channel, from its line to its exit.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use zeroize::Zeroizing;

use super::line::line;
use super::root::{Refusal, Way};
use super::tail::Tail;
use crate::host::{Command, Exit, HostError, Input, Output};

/// How long the machine has to end a command by itself and say so, before it is left alone.
const GRACE: Duration = Duration::from_secs(10);
/// How much is read from a file at once, in bytes.
const PIECE: usize = 64 << 10;
/// How much is kept of what comes before a command's own output.
const NOISE: usize = 64 << 10;
/// Standard error, as the protocol numbers it.
const STANDARD_ERROR: u32 = 1;
/// What `timeout(1)` ends with when it has ended the command, and when it had to kill it.
const OVERDUE: [Exit; 2] = [Exit::Code(124), Exit::Code(137)];

/// Who asks whom.
pub(super) struct Parties<'a> {
    pub(super) host: &'a str,
    pub(super) user: &'a str,
    pub(super) way: &'a Way,
}

/// A stream of output: what comes before the mark is not the command's.
struct Stream {
    mark: String,
    /// None once the mark was seen.
    noise: Option<Vec<u8>>,
    tail: Tail,
}

impl Stream {
    fn new(mark: &str, kept: usize) -> Self {
        Self { mark: mark.to_owned(), noise: Some(Vec::new()), tail: Tail::new(kept) }
    }

    fn begun(&self) -> bool {
        self.noise.is_none()
    }

    fn push(&mut self, bytes: &[u8]) {
        let Some(noise) = &mut self.noise else { return self.tail.push(bytes) };
        noise.extend_from_slice(bytes);
        if let Some(at) = find(noise, &self.mark) {
            self.tail.push(&noise[at + self.mark.len()..]);
            self.noise = None;
        } else if noise.len() > 2 * NOISE {
            noise.drain(..noise.len() - NOISE);
        }
    }

    /// Takes the first prompt, with all before it.
    fn take_prompt(&mut self, prompt: &str) -> bool {
        let Some(noise) = &mut self.noise else { return false };
        let Some(at) = find(noise, prompt) else { return false };
        noise.drain(..at + prompt.len());
        true
    }

    fn noise(&self) -> String {
        String::from_utf8_lossy(self.noise.as_deref().unwrap_or_default()).into_owned()
    }
}

fn find(bytes: &[u8], wanted: &str) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted.as_bytes())
}

/// A command that runs.
struct Running<'a> {
    parties: &'a Parties<'a>,
    command: &'a Command,
    prompt: String,
    asked: bool,
    stdout: Stream,
    stderr: Stream,
    exit: Option<Exit>,
}

/// Runs a command on a fresh channel.
pub(super) async fn run(channel: Channel<Msg>, parties: &Parties<'_>, command: &Command) -> Result<Output, HostError> {
    let (mark, prompt) = (nonce("began"), nonce("password"));
    let text = line(&parties.way.entrance(&prompt), &mark, command).map_err(|error| HostError::Local {
        host: parties.host.to_owned(),
        path: command.what.clone(),
        source: io::Error::new(io::ErrorKind::InvalidInput, error),
    })?;
    let (mut read, write) = channel.split();
    let begun = Instant::now();
    let mut running = Running {
        parties,
        command,
        prompt,
        asked: false,
        stdout: Stream::new(&mark, command.kept),
        stderr: Stream::new(&mark, command.kept),
        exit: None,
    };
    write.exec(true, text).await.map_err(|_| running.lost())?;
    let end = tokio::time::timeout(command.patience + GRACE, running.attend(&mut read, &write)).await;
    // Whatever is left of it there is no longer listened to.
    let _ = write.close().await;
    end.unwrap_or_else(|_| Err(running.overdue()))?;
    running.ended(begun.elapsed())
}

impl Running<'_> {
    /// Listens and feeds until the command has ended.
    async fn attend(&mut self, read: &mut ChannelReadHalf, write: &ChannelWriteHalf<Msg>) -> Result<(), HostError> {
        // Nothing is fed before the command itself is there to read it.
        while !self.stderr.begun() {
            match read.wait().await {
                None | Some(ChannelMsg::Close) => return Ok(()),
                Some(message) => self.hear(message)?,
            }
            self.answer(write).await?;
        }
        let feeding = feed(&self.command.input, write);
        let mut feeding = std::pin::pin!(feeding);
        let mut fed = false;
        loop {
            tokio::select! {
                message = read.wait() => match message {
                    None | Some(ChannelMsg::Close) => return Ok(()),
                    Some(message) => self.hear(message)?,
                },
                result = &mut feeding, if !fed => {
                    fed = true;
                    result.map_err(|source| self.unread(source))?;
                }
            }
        }
    }

    fn hear(&mut self, message: ChannelMsg) -> Result<(), HostError> {
        match message {
            ChannelMsg::Data { data } => self.stdout.push(&data),
            ChannelMsg::ExtendedData { data, ext: STANDARD_ERROR } => self.stderr.push(&data),
            ChannelMsg::ExitStatus { exit_status } => self.exit = Some(Exit::Code(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => self.exit = Some(Exit::Signal(name(signal_name))),
            ChannelMsg::Failure => {
                return Err(HostError::Unreachable {
                    host: self.parties.host.to_owned(),
                    problem: "its SSH server runs no commands".to_owned(),
                    help: "look for `ForceCommand` or `PermitTTY` in its sshd_config, and at the log of sshd"
                        .to_owned(),
                    passing: false,
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// Answers `sudo`, once.
    async fn answer(&mut self, write: &ChannelWriteHalf<Msg>) -> Result<(), HostError> {
        let Some(password) = self.parties.way.password() else { return Ok(()) };
        while self.stderr.take_prompt(&self.prompt) {
            if self.asked {
                return Err(self.refused(Refusal::WrongPassword));
            }
            self.asked = true;
            let mut answer = Zeroizing::new(Vec::with_capacity(password.reveal().len() + 1));
            answer.extend_from_slice(password.reveal().as_bytes());
            answer.push(b'\n');
            // Whether it is still there is heard on the other half.
            let _ = write.data(answer.as_slice()).await;
        }
        Ok(())
    }

    fn ended(self, took: Duration) -> Result<Output, HostError> {
        let Some(exit) = self.exit.clone() else { return Err(self.lost()) };
        if took >= self.command.patience && (OVERDUE.contains(&exit) || exit == Exit::Signal("KILL".into())) {
            return Err(self.overdue());
        }
        if !self.stderr.begun() {
            return Err(self.refused(Refusal::Ended));
        }
        let ((stdout, more), (stderr, still_more)) = (self.stdout.tail.finish(), self.stderr.tail.finish());
        Ok(Output { exit, stdout, stderr, cut: more || still_more })
    }

    fn refused(&self, refusal: Refusal) -> HostError {
        let Parties { host, user, way } = self.parties;
        let said = format!("{}\n{}", self.stdout.noise(), self.stderr.noise());
        way.refused(host, user, refusal, &said)
    }

    fn lost(&self) -> HostError {
        HostError::Lost { host: self.parties.host.to_owned(), what: self.command.what.clone() }
    }

    fn overdue(&self) -> HostError {
        let seconds = self.command.patience.as_secs();
        HostError::TimedOut { host: self.parties.host.to_owned(), what: self.command.what.clone(), seconds }
    }

    fn unread(&self, source: io::Error) -> HostError {
        let path = match &self.command.input {
            Input::File { path, .. } => path.display().to_string(),
            Input::Nothing | Input::Bytes(_) => "the input".to_owned(),
        };
        HostError::Local { host: self.parties.host.to_owned(), path, source }
    }
}

/// Writes a command's input as fast as it takes it, and then its end.
async fn feed(input: &Input, write: &ChannelWriteHalf<Msg>) -> io::Result<()> {
    match input {
        Input::Nothing => {}
        Input::Bytes(bytes) => {
            // One that does not want all of it is none of our errors.
            let _ = write.data(&bytes[..]).await;
        }
        Input::File { path, offset, length } => feed_file(path, *offset, *length, write).await?,
    }
    let _ = write.eof().await;
    Ok(())
}

async fn feed_file(path: &Path, offset: u64, length: u64, write: &ChannelWriteHalf<Msg>) -> io::Result<()> {
    let mut file = File::open(path).await?;
    file.seek(SeekFrom::Start(offset)).await?;
    let mut left = length;
    while left > 0 {
        let mut piece = vec![0; left.min(PIECE as u64) as usize];
        // A file that is shorter than it was is an error, not an end.
        file.read_exact(&mut piece).await?;
        left -= piece.len() as u64;
        if write.data_bytes(piece).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn name(signal: Sig) -> String {
    match signal {
        Sig::Custom(name) => name,
        known => format!("{known:?}"),
    }
}

/// A word that nobody else writes.
fn nonce(purpose: &str) -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("[{purpose} {:016x}]", RandomState::new().hash_one(purpose))
}
