//! The real git: found, its version checked, run where it sees nothing of this machine's configuration.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::GitProblem;
use crate::deadline::until;

/// The oldest git that has everything that is asked of it: major and minor.
const OLDEST: (u32, u32) = (2, 31);
/// Bytes of output that are read at most: the names of all files of the largest repositories.
const OUTPUT: u64 = 256 << 20;
/// Bytes of complaints that are kept.
const COMPLAINTS: u64 = 16 << 10;
/// What of this machine git gets to know: how the network is reached, and where keys are.
const PASSED_ON: [&str; 11] = [
    "PATH",
    "SSH_AUTH_SOCK",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "TMPDIR",
];
/// What is set for every call. Hooks and what else could run are off, and a server that says nothing is given up.
const CONFIGURATION: &str = "\
[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tcommitGraph = false\n\taskPass =\n\tsshCommand = ssh -o BatchMode=yes -o ConnectTimeout=30 \
-o ServerAliveInterval=15 -o ServerAliveCountMax=4\n\
[credential]\n\thelper =\n\
[protocol]\n\tallow = never\n\
[protocol \"https\"]\n\tallow = always\n\
[protocol \"http\"]\n\tallow = always\n\
[protocol \"ssh\"]\n\tallow = always\n\
[protocol \"file\"]\n\tallow = always\n\
[http]\n\tlowSpeedLimit = 1000\n\tlowSpeedTime = 60\n\
[gc]\n\tauto = 0\n\
[maintenance]\n\tauto = false\n\
[safe]\n\tdirectory = *\n\
[pack]\n\tthreads = 1\n\tcompression = 6\n\twindow = 10\n\tdepth = 50\n\twindowMemory = 0\n\
[advice]\n\tdetachedHead = false\n";

/// A git whose version is known, and a home of its own.
#[derive(Debug)]
pub(super) struct Git {
    program: PathBuf,
    version: String,
    home: tempfile::TempDir,
    stop: CancellationToken,
    deadline: Option<Instant>,
}

/// One call.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    /// What it is for, in words that follow on `can't`.
    pub(super) what: String,
    /// The repository; none where there is none yet.
    pub(super) repository: Option<&'a Path>,
    /// The arguments.
    pub(super) arguments: Vec<OsString>,
    /// More of the configuration, among it what must not be shown.
    pub(super) configuration: Vec<(String, String)>,
    /// What it reads.
    pub(super) input: Option<File>,
    /// What it writes to; none where that is read here.
    pub(super) output: Option<File>,
}

impl<'a> Call<'a> {
    pub(super) fn new(what: impl Into<String>, arguments: &[&str]) -> Self {
        Self { what: what.into(), arguments: arguments.iter().map(OsString::from).collect(), ..Self::default() }
    }

    pub(super) fn within(self, repository: &'a Path) -> Self {
        Self { repository: Some(repository), ..self }
    }
}

impl Git {
    /// Finds git in the search path, and asks for its version.
    pub(super) async fn find(
        search_path: Option<&OsStr>,
        stop: CancellationToken,
        deadline: Option<Instant>,
    ) -> Result<Self, GitProblem> {
        let found = search_path.map(std::env::split_paths).into_iter().flatten();
        let program = found.map(|folder| folder.join("git")).find(|path| path.is_file()).ok_or(GitProblem::Absent)?;
        let home = tempfile::Builder::new().prefix("airgap-git-").tempdir();
        let home = home.map_err(|source| GitProblem::Work { path: std::env::temp_dir(), source })?;
        let configuration = home.path().join(".gitconfig");
        std::fs::write(&configuration, CONFIGURATION)
            .map_err(|source| GitProblem::Work { path: configuration, source })?;
        let mut git = Self { program, version: String::new(), home, stop, deadline };
        let said = git.text(Call::new("say its version", &["version"])).await?;
        match version(&said) {
            Some((version, numbers)) if numbers >= OLDEST => git.version = version.to_owned(),
            _ => return Err(GitProblem::Version { program: git.program, said: said.trim().to_owned() }),
        }
        Ok(git)
    }

    /// Its version.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// A folder that is its own, and goes away with it.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it, and gives what it wrote as text.
    pub(super) async fn text(&self, call: Call<'_>) -> Result<String, GitProblem> {
        Ok(String::from_utf8_lossy(&self.run(call).await?).into_owned())
    }

    /// Runs it, and gives what it wrote.
    pub(super) async fn run(&self, call: Call<'_>) -> Result<Vec<u8>, GitProblem> {
        let what = call.what.clone();
        match self.try_run(call).await? {
            (0, output, _) => Ok(output),
            (_, _, said) => Err(GitProblem::Failed { what, said }),
        }
    }

    /// Runs it, and gives its exit status, what it wrote, and what it complained of.
    pub(super) async fn try_run(&self, call: Call<'_>) -> Result<(i32, Vec<u8>, String), GitProblem> {
        let what = call.what.clone();
        let failed = |source| GitProblem::Start { program: self.program.clone(), source };
        let mut child = self.command(call).spawn().map_err(failed)?;
        let ended = tokio::select! {
            ended = converse(&mut child) => ended,
            // It is killed when it is dropped.
            () = self.stop.cancelled() => return Err(GitProblem::Stopped),
            () = until(self.deadline) => return Err(GitProblem::Stopped),
        };
        ended.map_err(|error| GitProblem::Failed { what, said: error.to_string() })
    }

    /// Waits, unless the build is stopped meanwhile.
    pub(super) async fn pause(&self, pause: Duration) -> Result<(), GitProblem> {
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.stop.cancelled() => Err(GitProblem::Stopped),
            () = until(self.deadline) => Err(GitProblem::Stopped),
        }
    }

    fn command(&self, call: Call<'_>) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().current_dir(self.home());
        command.envs(PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("HOME", self.home()).env("XDG_CONFIG_HOME", self.home()).env("LC_ALL", "C");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_ATTR_NOSYSTEM", "1");
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_REPLACE_OBJECTS", "1");
        // Through the environment: arguments are there for every user of the machine to see.
        command.env("GIT_CONFIG_COUNT", call.configuration.len().to_string());
        for (number, (key, value)) in call.configuration.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        if let Some(repository) = call.repository {
            command.arg("--git-dir").arg(repository);
        }
        command.args(call.arguments);
        command.stdin(call.input.map_or_else(Stdio::null, Stdio::from));
        command.stdout(call.output.map_or_else(Stdio::piped, Stdio::from));
        command.stderr(Stdio::piped()).kill_on_drop(true);
        command
    }
}

/// Reads what a program writes, and waits for its end.
async fn converse(child: &mut Child) -> io::Result<(i32, Vec<u8>, String)> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (output, complaints) = tokio::try_join!(all(stdout, OUTPUT), first(stderr, COMPLAINTS))?;
    let status = child.wait().await?;
    let said = one_line(&complaints);
    let said = if said.is_empty() { status.to_string() } else { said };
    Ok((status.code().unwrap_or(-1), output, said))
}

/// All of a stream. With more than the limit it is an error at once: a small repository may list files without end.
async fn all(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(stream) = stream else { return Ok(bytes) };
    stream.take(limit + 1).read_to_end(&mut bytes).await?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it wrote more than {limit} bytes")));
    }
    Ok(bytes)
}

/// The first bytes of a stream. The rest is read and dropped: who can't write on would hang.
async fn first(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let Some(mut stream) = stream else { return Ok(bytes) };
    (&mut stream).take(limit).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

fn one_line(complaints: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaints);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line: String = words.collect::<Vec<_>>().join(" ").chars().take(1000).collect();
    line.strip_prefix("fatal: ").unwrap_or(&line).to_owned()
}

/// The version in `git version 2.39.5 (Apple Git-154)`, and its first two numbers.
fn version(said: &str) -> Option<(&str, (u32, u32))> {
    let version = said.trim().strip_prefix("git version ")?.split(' ').next()?;
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    Some((version, (numbers.next()??, numbers.next()??)))
}

/// How long to wait before something is tried again.
pub(super) const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Whether what git complained of may be gone in a moment.
pub(super) fn may_pass(said: &str) -> bool {
    const PASSING: [&str; 11] = [
        "Could not resolve host",
        "Couldn't connect",
        "Failed to connect",
        "timed out",
        "Connection reset",
        "Connection refused",
        "early EOF",
        "RPC failed",
        "returned error: 5",
        "hung up unexpectedly",
        "transfer closed",
    ];
    PASSING.iter().any(|text| said.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_whoever_built_it() {
        assert_eq!(version("git version 2.39.5\n"), Some(("2.39.5", (2, 39))));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)\n"), Some(("2.39.5", (2, 39))));
        assert_eq!(version("git version 2.47.1.windows.1\n"), Some(("2.47.1.windows.1", (2, 47))));
        assert_eq!(version("gut"), None);
        assert!((2, 25) < OLDEST && (2, 31) >= OLDEST && (3, 0) >= OLDEST);
    }

    #[tokio::test]
    async fn what_writes_without_end_is_not_read_to_its_end() {
        assert!(all(Some(tokio::io::repeat(b'x')), 9).await.is_err());
        assert_eq!(all(Some(&b"123456789"[..]), 9).await.unwrap(), b"123456789");
        assert_eq!(first(Some(&b"0123456789"[..]), 9).await.unwrap(), b"012345678");
    }

    #[test]
    fn complaints_are_one_line() {
        assert_eq!(
            one_line(b"fatal: repository not found\n\x1b[31mhint: look\n"),
            "repository not found [31mhint: look"
        );
        assert!(may_pass("unable to access 'https://x/': Could not resolve host: x") && !may_pass("not found"));
    }
}
