//! The machines of a session.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::Step;
use crate::containerd::Containerd;
use crate::delivery::Delivery;
use crate::gap::{Gap, JUMP_NAME};
use crate::machine::Machine;
use crate::process::{Daemon, run};
use crate::programs::our_program;

/// The port on which a session's server is waited for.
const PORT: u16 = 5000;

/// The connected side, the jump host and a client.
pub(super) struct Machines {
    ci: Delivery,
    gap: Gap,
    jump: Machine,
    node: Containerd,
    servers: Vec<Daemon>,
    _usb: TempDir,
}

impl Machines {
    pub(super) fn new() -> Result<Self> {
        let usb = tempfile::Builder::new().prefix("airgap-usb-").tempdir().context("cannot make a folder")?;
        let ci = Delivery::prepare()?;
        for file in ["ci", "ci.pub", "allowed_signers"] {
            fs::remove_file(ci.machine().path(file)).context("cannot remove a prepared key")?;
        }
        let gap = Gap::new()?;
        let jump = gap.jump()?.with_own("/var/lib", false)?;
        let node = gap.client()?.with_own("/etc/containerd", false)?.with_own("/etc/containers", true)?;
        let node = Containerd::start(node)?;
        for machine in [ci.machine(), &jump, node.machine()] {
            symlink(usb.path(), machine.path("usb")).context("cannot plug the medium in")?;
        }
        Ok(Self { ci, gap, jump, node, servers: Vec::new(), _usb: usb })
    }

    /// Runs a step and returns what it printed, standard error behind standard output.
    pub(super) fn run(&mut self, step: &Step) -> Result<String> {
        let machine = match step.prompt.as_str() {
            "ci$" => self.ci.machine(),
            "jump#" => &self.jump,
            "node#" => self.node.machine(),
            other => bail!("no machine has the prompt `{other}`"),
        };
        let ours = our_program("airgap-bundle")?;
        let folder = ours.parent().context("a program is in a folder")?;
        let script = |line: &str| -> Result<std::process::Command> {
            let mut command = machine.command("bash", &["-euo", "pipefail", "-c", line])?;
            let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value);
            let path = path.unwrap_or_default().to_string_lossy().into_owned();
            command.env("PATH", format!("{}:{path}", folder.display())).env("COLUMNS", "100");
            command.env("CONTAINERD_ADDRESS", self.node.address()).env("CONTAINERD_SNAPSHOTTER", "native");
            Ok(command)
        };
        if let Some(line) = step.command.strip_suffix('&') {
            let log = machine.path(format!("server-{}.log", self.servers.len()));
            let mut server = Daemon::start(&script(&format!("exec {line}"))?, &log)?;
            server.wait_until(&format!("{JUMP_NAME} answered"), || self.gap.answers(PORT))?;
            let output = server.log();
            self.servers.push(server);
            return Ok(output);
        }
        let outcome = run(&mut script(&step.command)?)?.success()?;
        Ok(outcome.stdout + &outcome.stderr)
    }

    /// Packets that tried to leave.
    pub(super) fn escaped(&self) -> Result<u64> {
        self.gap.escaped()
    }
}
