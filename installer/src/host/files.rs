//! Files on machines: put in their place whole or not at all, and left alone where they are as they should be.

use std::sync::Arc;
use std::time::Duration;

use manifests::Digest;
use zeroize::Zeroizing;

use super::{Command, Exit, Host, HostError, Input, Said};
use crate::secrets::Secret;

/// What happens on the machine, in the shell of POSIX.
pub(crate) const STEPS: &str = concat!(include_str!("sha256.sh"), include_str!("files.sh"));
/// What it ends with where the machine can't fetch by itself (EX_TEMPFAIL of sysexits.h).
const STREAM_INSTEAD: Exit = Exit::Code(75);
/// What it says of a file that was as it should be.
const UNCHANGED: &str = "unchanged";
/// How long a small file may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many bytes a second are expected at least: some files of a node come at once, and those of all nodes by one line.
const SLOW: u64 = 64 << 10;

/// A file as it should be on a machine.
#[derive(Debug, Clone, Copy)]
pub struct NodeFile<'a> {
    /// Its path there, absolute.
    pub path: &'a str,
    /// Its mode.
    pub mode: u32,
    /// Who owns it: `user:group`.
    pub owner: &'a str,
    /// The digest of its content.
    pub digest: &'a Digest,
}

/// Where a machine can fetch a file by itself.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its URL.
    pub url: String,
    /// The file on the machine with the certificates that the server is known by; none: those that the machine trusts.
    pub authority: Option<String>,
    /// Who asks, and the password.
    pub login: Option<(String, Secret)>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It was as it should be: not even its time has changed.
    Unchanged,
    /// It is now.
    Changed,
}

/// Puts a file on a machine; `content` is sent over the connection.
///
/// # Errors
/// As [`Host::run`]; and [`HostError::Failed`] where what arrives has another digest or can't be written. What was there
/// before is there still.
pub async fn put(host: &dyn Host, file: &NodeFile<'_>, content: Input) -> Result<Placed, HostError> {
    let (length, mode) = (content.length(), octal(file.mode));
    let hex = file.digest.hex();
    let words = ["stream", file.path, mode.as_str(), file.owner, hex.as_ref()];
    let command = Command::script(format!("write {}", file.path), STEPS, &words).reading(content);
    let said = host.expect(&command.within(patience(length))).await?;
    Ok(Placed::of(&said))
}

/// Has a machine fetch a file of `length` bytes by itself. Nothing where it can't, for want of a program or of a way to the
/// server: then [`put`] it.
///
/// # Errors
/// As [`put`].
pub async fn fetch(
    host: &dyn Host,
    file: &NodeFile<'_>,
    served: &Served,
    length: u64,
) -> Result<Option<Placed>, HostError> {
    let mode = octal(file.mode);
    let hex = file.digest.hex();
    let authority = served.authority.as_deref().unwrap_or_default();
    let bytes = length.to_string();
    let words = ["fetch", file.path, mode.as_str(), file.owner, hex.as_ref(), &served.url, authority, &bytes];
    let command = Command::script(format!("fetch {}", file.path), STEPS, &words);
    let command = command.reading(login(served.login.as_ref())).within(patience(length));
    let output = host.run(&command).await?;
    if output.exit == STREAM_INSTEAD {
        tracing::debug!("{} does not fetch {}:{}", host.name(), served.url, Said::of(&output));
        return Ok(None);
    }
    if !output.exit.succeeded() {
        return Err(HostError::failed(host.name(), &command, &output));
    }
    Ok(Some(Placed::of(&String::from_utf8_lossy(&output.stdout))))
}

/// User and password as the script reads them: a line each.
fn login(login: Option<&(String, Secret)>) -> Input {
    let Some((user, password)) = login else { return Input::Nothing };
    let text = Zeroizing::new(format!("{user}\n{}\n", password.reveal()));
    Input::Bytes(Arc::from(text.as_bytes()))
}

/// A mode as `stat -c %a` writes it.
fn octal(mode: u32) -> String {
    format!("{:o}", mode & 0o7777)
}

fn patience(length: u64) -> Duration {
    PATIENCE + Duration::from_secs(length / SLOW)
}

impl Placed {
    fn of(said: &str) -> Self {
        if said.trim() == UNCHANGED { Self::Unchanged } else { Self::Changed }
    }
}
