//! Time, memory and bytes written of a command, by GNU time.

use std::path::Path;
use std::process::Command;

use airgap_tests::{Daemon, Machine, run};
use anyhow::{Context, Result};

/// What a command took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Seconds from start to end.
    pub(crate) seconds: f64,
    /// Seconds of processor, its own and the kernel's for it.
    pub(crate) cpu: f64,
    /// Most memory it held, in MiB.
    pub(crate) memory: f64,
    /// Bytes it had written to disk.
    pub(crate) written: f64,
}

/// Runs a command of a machine to its end.
pub(crate) fn measure(machine: &Machine, command: &Command) -> Result<Usage> {
    let report = machine.path("usage");
    let report_name = report.display().to_string();
    let mut timed = machine.command("time", &["-o", &report_name, "-f", "%e %U %S %M %O"])?;
    // The command stands behind what enters the machine's network already: once is enough, twice does no harm.
    timed.arg(command.get_program()).args(command.get_args());
    run(&mut timed)?.success()?;
    let text = std::fs::read_to_string(&report).context("time wrote nothing")?;
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [seconds, user, system, kib, blocks] = numbers[..] else { anyhow::bail!("time wrote `{text}`") };
    Ok(Usage { seconds, cpu: user + system, memory: kib / 1024.0, written: blocks * 512.0 })
}

/// Runs a script of the shell.
pub(crate) fn script(machine: &Machine, text: &str) -> Result<Usage> {
    measure(machine, &machine.command("bash", &["-euo", "pipefail", "-c", text])?)
}

/// The most memory that a server has held so far, in MiB.
pub(crate) fn peak_memory(server: &Daemon) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).context("the server is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak of memory")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().context("no peak of memory")?;
    Ok(kib / 1024.0)
}

/// The size of a file as a number to divide by.
pub(crate) fn size(path: &Path) -> Result<f64> {
    Ok(std::fs::metadata(path).with_context(|| format!("no {}", path.display()))?.len() as f64)
}
