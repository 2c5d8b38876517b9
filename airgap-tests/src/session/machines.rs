//! The machines of a session.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::Step;
use crate::containerd::Containerd;
use crate::delivery::Delivery;
use crate::distribution::{Release, version};
use crate::gap::{Gap, JUMP, JUMP_NAME};
use crate::machine::Machine;
use crate::node::{Node, Profile, codename};
use crate::process::{Daemon, run};
use crate::programs::{our_program, rig_folder};
use crate::servers::{OF_CONTAINERS, OPERATOR, Servers};
use crate::upstream::ARCHIVE;

/// The port on which a session's server is waited for.
const PORT: u16 = 5000;

/// How many servers become a cluster.
const CLUSTER: usize = 3;

/// The connected side, the jump host, a client, a server with a system of its own, and servers that are to be a cluster.
pub(super) struct Machines {
    ci: Delivery,
    gap: Gap,
    jump: Machine,
    node: Containerd,
    server: Node,
    _cluster: Servers,
    daemons: Vec<Daemon>,
    _usb: TempDir,
}

impl Machines {
    pub(super) fn new() -> Result<Self> {
        let usb = tempfile::Builder::new().prefix("airgap-usb-").tempdir().context("cannot make a folder")?;
        let ci = Delivery::prepare()?;
        carry_packages(&ci)?;
        lay_plant(ci.machine())?;
        lay_undecided(ci.machine())?;
        for file in ["ci", "ci.pub", "allowed_signers"] {
            fs::remove_file(ci.machine().path(file)).context("cannot remove a prepared key")?;
        }
        let gap = Gap::new()?;
        let jump = gap.jump()?.with_own("/var/lib", false)?;
        let node = gap.client()?.with_own("/etc/containerd", false)?.with_own("/etc/containers", true)?;
        let node = Containerd::start(node)?;
        let server = gap.node_with(Profile::Minimal, &[(usb.path(), "/root/usb")])?;
        let cluster = Servers::boot(&gap, &jump, CLUSTER)?;
        jump.write("site.yaml", site(&cluster))?;
        for machine in [ci.machine(), &jump, node.machine()] {
            symlink(usb.path(), machine.path("usb")).context("cannot plug the medium in")?;
        }
        Ok(Self { ci, gap, jump, node, server, _cluster: cluster, daemons: Vec::new(), _usb: usb })
    }

    /// Runs a step and returns what it printed, standard error behind standard output.
    pub(super) fn run(&mut self, step: &Step) -> Result<String> {
        let machine = match step.prompt.as_str() {
            "ci$" => self.ci.machine(),
            "jump#" => &self.jump,
            "node#" => self.node.machine(),
            "server#" => {
                let outcome = self.server.shell(&step.command)?.success()?;
                return Ok(outcome.stdout + &outcome.stderr);
            }
            other => bail!("no machine has the prompt `{other}`"),
        };
        let ours = our_program("airgap-bundle")?;
        let folder = ours.parent().context("a program is in a folder")?;
        let script = |line: &str| -> Result<std::process::Command> {
            let mut command = machine.command("bash", &["-euo", "pipefail", "-c", line])?;
            let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value);
            let path = path.unwrap_or_default().to_string_lossy().into_owned();
            let kubernetes = rig_folder().join("kubernetes");
            let path = format!("{}:{}:{path}", folder.display(), kubernetes.display());
            command.env("PATH", path).env("COLUMNS", "100");
            command.env("CONTAINERD_ADDRESS", self.node.address()).env("CONTAINERD_SNAPSHOTTER", "native");
            Ok(command)
        };
        if let Some(line) = step.command.strip_suffix('&') {
            let log = machine.path(format!("server-{}.log", self.daemons.len()));
            let mut server = Daemon::start(&script(&format!("exec {line}"))?, &log)?;
            server.wait_until(&format!("{JUMP_NAME} answered"), || self.gap.answers(PORT))?;
            // It answers a moment before it says so.
            let mut said = step.output.iter().rev().map(|line| line.split('…').next().unwrap_or_default());
            let last = said.find(|line| !line.trim().is_empty()).unwrap_or_default();
            let has_said = || std::fs::read_to_string(&log).is_ok_and(|text| text.contains(last));
            server.wait_until(&format!("it said `{last}`"), has_said)?;
            let output = server.log();
            self.daemons.push(server);
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

/// A stack with a chart that names an image where nobody can be sure of it.
fn lay_undecided(ci: &Machine) -> Result<()> {
    for (file, text) in [
        ("undecided.yaml", include_str!("undecided/undecided.yaml")),
        ("injector/Chart.yaml", include_str!("undecided/Chart.yaml")),
        ("injector/templates/config.yaml", include_str!("undecided/config.yaml")),
    ] {
        ci.write(file, text)?;
    }
    Ok(())
}

/// A second stack: a distribution, and a component of one small chart.
fn lay_plant(ci: &Machine) -> Result<()> {
    ci.write("rke2.yaml", Release::get()?.component()?)?;
    for (file, text) in [
        ("plant.yaml", include_str!("plant/plant.yaml").replace("VERSION", &version())),
        ("shop.yaml", include_str!("plant/shop.yaml").to_owned()),
        ("shop/Chart.yaml", include_str!("plant/Chart.yaml").to_owned()),
        ("shop/templates/shop.yaml", include_str!("plant/template.yaml").to_owned()),
    ] {
        ci.write(file, text)?;
    }
    Ok(())
}

/// The site whose servers become a cluster.
fn site(cluster: &Servers) -> String {
    let mut text = format!(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {{name: plant, versions: \"1\"}}\n\
         jumpHost: {{address: {JUMP}, port: {PORT}}}\nssh: {{user: {OPERATOR}, key: ./servers}}\nbecome: sudo\nnodes:\n"
    );
    for (number, node) in cluster.nodes().iter().enumerate() {
        let role = if number == 0 { "server" } else { "agent" };
        text.push_str(&format!("  - {{name: node-{}, address: {}, role: {role}}}\n", number + 1, node.address()));
    }
    text.push_str("waivers:\n");
    for check in OF_CONTAINERS {
        text.push_str(&format!("  {check}: its nodes are containers of one machine\n"));
    }
    text
}

/// A stack of charts, files and packages, and what packages take: the archive's key, and what a node has.
fn carry_packages(ci: &Delivery) -> Result<()> {
    let fixtures = ci.upstream().fixtures();
    for file in ["archive.asc", "node.status"] {
        fs::copy(fixtures.path(file), ci.machine().path(file)).context("cannot copy a fixture")?;
    }
    let codename = codename()?;
    let architecture = ci.machine().run("dpkg", &["--print-architecture"])?;
    let stack = ci.machine().path("stack.yaml");
    let text = ci.stack_of_charts("1.0.0")?;
    let packages = format!(
        "systems:\n  - series: {codename}\n    architectures: [{}]\n    base: [node.status]\n    repositories:\n      \
         - url: https://{ARCHIVE}/debian\n        suites: [{codename}]\n        components: [main]\n        \
         key: archive.asc\npackages:\n  - nfs-common\n  - open-iscsi\n",
        architecture.trim(),
    );
    fs::write(&stack, text + &packages).context("cannot write the stack")
}
