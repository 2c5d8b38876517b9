//! The programs that this one keeps running. They end with it, however it ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::layout::say;

/// A program to keep running.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) log: PathBuf,
}

impl Service {
    /// Starts it, and again whenever it ends.
    pub(crate) fn keep(self) -> Result<()> {
        let parent = self.log.parent().context("a log needs a folder")?;
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        // The thread lives as long as the process: the child is killed when the thread that made it ends.
        thread::spawn(move || {
            loop {
                let ended = match self.once() {
                    Ok(status) => status,
                    Err(error) => format!("{error:#}"),
                };
                say(&format!("level=error msg=\"{} ended: {ended}; its log is {}\"", self.program, self.log.display()));
                thread::sleep(Duration::from_secs(1));
            }
        });
        Ok(())
    }

    fn once(&self) -> Result<String> {
        let log = fs::OpenOptions::new().create(true).append(true).open(&self.log).context("cannot open its log")?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", &self.program]).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command.status().context("cannot start it")?.to_string())
    }
}

/// Runs a program to its end and returns what it wrote.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let command = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = command.with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("{program} {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Tries until it works, and says now and then why it does not yet.
pub(crate) fn until<T>(what: &str, pause: Duration, mut attempt: impl FnMut() -> Result<T>) -> T {
    let mut said: Option<Instant> = None;
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(error) if said.is_none_or(|at| at.elapsed() > Duration::from_secs(10)) => {
                say(&format!("level=info msg=\"waiting: {what}: {error:#}\""));
                said = Some(Instant::now());
            }
            Err(_) => {}
        }
        thread::sleep(pause);
    }
}
