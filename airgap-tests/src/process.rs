//! Running commands: to their end with a limit on their time, or as servers that end with their guard.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// No command of a test takes longer,
const LIMIT: Duration = Duration::from_secs(300);
/// apart from those that install a whole system: longer than what they themselves wait for anything, so that they tell for what.
const LONG: Duration = Duration::from_secs(1500);
/// What of a command is told that did not end.
const LAST_LINES: usize = 20;

/// What a command said and how it ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The command line.
    pub command: String,
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        writeln!(f, "$ {command}\n{stdout}{stderr}(exit {code:?})")
    }
}

impl Outcome {
    fn last_lines(&self) -> String {
        let said = [self.stdout.as_str(), &self.stderr].concat();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    /// The outcome, if the command succeeded.
    ///
    /// # Errors
    /// Everything the command said, if it failed.
    pub fn success(self) -> Result<Self> {
        if self.code == Some(0) { Ok(self) } else { bail!("failed: {self}") }
    }

    /// The outcome, if the command failed by itself: with an exit code, not by a signal or a panic (101).
    ///
    /// # Errors
    /// Everything the command said, if it succeeded or crashed.
    pub fn failure(self) -> Result<Self> {
        if matches!(self.code, Some(code) if code != 0 && code != 101) {
            Ok(self)
        } else {
            bail!("should have failed: {self}")
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
/// When it can't be started or does not end within five minutes; not when it fails.
pub fn run(command: &mut Command) -> Result<Outcome> {
    run_within(command, LIMIT)
}

/// Runs a command that installs a whole system to its end.
///
/// # Errors
/// As [`run`], but after twenty-five minutes.
pub fn run_long(command: &mut Command) -> Result<Outcome> {
    run_within(command, LONG)
}

/// Runs a command that may take as long as `limit`.
fn run_within(command: &mut Command, limit: Duration) -> Result<Outcome> {
    let line = line_of(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {line}"))?;
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let status = wait(&mut child, limit)?;
    if status.is_none() {
        child.kill().ok();
        child.wait().ok();
    }
    let outcome = Outcome { command: line, code: status.and_then(|s| s.code()), stdout: stdout()?, stderr: stderr()? };
    if status.is_none() {
        bail!("took longer than {limit:?}: $ {}\n{}", outcome.command, outcome.last_lines());
    }
    Ok(outcome)
}

/// Reads a pipe to its end beside the caller; the result is the text.
fn collect<R: Read + Send + 'static>(pipe: Option<R>) -> impl FnOnce() -> Result<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).ok();
        }
        sender.send(bytes).ok();
    });
    // A server left behind may keep the pipe open: then what came so far is lost, and that is an error to see.
    move || {
        let bytes = receiver.recv_timeout(Duration::from_secs(10)).context("something kept a command's output open")?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a command")? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// A process in the background, with those that it starts itself. All of them end with this guard and, should the tests
/// themselves be killed, with them.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    /// Ends the whole group when its standard input does, which is with this process.
    watch: Child,
    line: String,
    log: PathBuf,
}

/// What [`Daemon::watch`] runs, with the group's number behind it.
const WATCH: &str = "read -r _; kill -KILL \"-$1\"";

impl Daemon {
    /// Starts a command with its output in the file `log`.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(command: &Command, log: &Path) -> Result<Self> {
        let line = line_of(command);
        let output = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let mut own = Command::new(command.get_program());
        own.args(command.get_args()).process_group(0);
        own.env_clear();
        own.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            own.current_dir(folder);
        }
        own.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let mut child = own.spawn().with_context(|| format!("cannot run {line}"))?;
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh", &child.id().to_string()]).process_group(0);
        watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        match watch.spawn() {
            Ok(watch) => Ok(Self { child, watch, line, log: log.to_owned() }),
            Err(error) => {
                child.kill().ok();
                child.wait().ok();
                Err(error).with_context(|| format!("cannot watch over {line}"))
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Waits until `ready` holds.
    ///
    /// # Errors
    /// When the process ends first, or half a minute passes.
    pub fn wait_until(&mut self, what: &str, mut ready: impl FnMut() -> bool) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("ended ({status}) before {what}: {}\n{}", self.line, self.log());
            }
            if start.elapsed() > Duration::from_secs(30) {
                bail!("half a minute went by before {what}: {}\n{}", self.line, self.log());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits for its end; none when it still runs after `limit`.
    ///
    /// # Errors
    /// When waiting fails.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        wait(&mut self.child, limit)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = Pid::from_raw(self.child.id().cast_signed()).context("no process id")?;
        kill_process(id, signal).with_context(|| format!("cannot signal {}", self.line))
    }

    /// Ends it as `systemctl stop` would and returns what it wrote.
    ///
    /// # Errors
    /// When it does not end within half a minute, or ends with a failure.
    pub fn stop(mut self) -> Result<String> {
        self.signal(Signal::TERM)?;
        match self.wait(Duration::from_secs(30))? {
            Some(status) if status.success() || status.signal() == Some(15) => Ok(self.log()),
            Some(status) => bail!("{} ended with {status} when told to stop:\n{}", self.line, self.log()),
            None => bail!("{} went on when told to stop:\n{}", self.line, self.log()),
        }
    }

    /// Kills it as a power cut would.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The group may live on when the process that led it has ended.
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.child.wait().ok();
        self.watch.kill().ok();
        self.watch.wait().ok();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

/// The command with its arguments behind another one, such as `nsenter … --`.
pub(crate) fn behind(prefix: &[OsString], program: &Path) -> Command {
    match prefix.split_first() {
        None => Command::new(program),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Names the folder in which a run that is to be cut off works.
    const CUT_OFF: &str = "AIRGAP_TEST_CUT_OFF";

    /// A server with a worker whose process id it writes into the file `worker`.
    fn server(folder: &Path) -> Daemon {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "/bin/sleep 600 & echo $! > worker.new; mv worker.new worker; wait"]);
        command.env("PATH", "/usr/bin:/bin").current_dir(folder);
        Daemon::start(&command, &folder.join("log")).unwrap()
    }

    /// The worker, once it is there.
    fn worker(folder: &Path) -> PathBuf {
        let id = poll(|| std::fs::read_to_string(folder.join("worker")).ok()).expect("the server starts its worker");
        Path::new("/proc").join(id.trim())
    }

    /// Looks for half a minute at most.
    fn poll<T>(look: impl Fn() -> Option<T>) -> Option<T> {
        (0..3000).find_map(|_| {
            look().or_else(|| {
                thread::sleep(Duration::from_millis(10));
                None
            })
        })
    }

    /// What was killed may stay in the table until it is waited for.
    fn is_gone(process: &Path) -> bool {
        poll(|| std::fs::read_to_string(process.join("cmdline")).unwrap_or_default().is_empty().then_some(())).is_some()
    }

    #[test]
    fn a_daemon_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path());
        let worker = worker(folder.path());
        assert!(worker.exists());
        drop(server);
        assert!(is_gone(&worker));
    }

    #[test]
    fn daemons_end_with_a_run_that_is_cut_off() {
        if let Some(folder) = std::env::var_os(CUT_OFF) {
            let _server = server(Path::new(&folder));
            thread::sleep(LIMIT);
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        let mut run = Command::new(this);
        run.args(["--exact", "process::tests::daemons_end_with_a_run_that_is_cut_off"]);
        let mut run = run.env(CUT_OFF, folder.path()).stdout(Stdio::null()).spawn().unwrap();
        let worker = worker(folder.path());
        assert!(worker.exists());
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(is_gone(&worker));
    }
}
