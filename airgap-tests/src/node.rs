//! A node: the system of a real machine, booted by systemd in a container, behind the gap.
//!
//! The tree is made once from the archive that this machine itself uses, and each node has it as its own; the network is one of
//! the gap's. Nothing of a node has a name outside of its folder and its control groups, and both go with it.

mod cgroup;
mod host;
mod hosting;
mod sources;
mod tree;
mod watches;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

pub use host::NodeHost;
pub use sources::{ArchiveSource, archive_sources, codename};
pub use tree::Profile;

use crate::network::Network;
use crate::process::{Daemon, Outcome, run};
use crate::programs::tool;
use cgroup::ControlGroups;
use watches::Watches;

/// How long a node may take to boot, to start a service or to power off.
const PATIENCE: Duration = Duration::from_secs(120);
/// The environment of commands, as a login of root has it.
const ENVIRONMENT: [&str; 4] =
    ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "LANG=C.UTF-8"];

/// What is around a node.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// Addresses with their names.
    pub(crate) hosts: &'a [(&'a str, &'a [&'a str])],
    /// Who is asked for all other names.
    pub(crate) resolver: &'a str,
    /// Folders of this machine, and where the node has them.
    pub(crate) folders: &'a [(&'a Path, &'a str)],
}

/// A running node. It ends with this value.
#[derive(Debug)]
pub struct Node {
    // Dropped in this order: the processes first, all of them with the container, then what they stand on.
    system: Daemon,
    leader: u32,
    /// What starts the container.
    power: Command,
    address: String,
    _groups: ControlGroups,
    _watches: Watches,
    network: Arc<Network>,
    folder: TempDir,
}

/// Mounts an overlay, then runs what follows: where this is said, no other node sees mounts.
const MOUNTED: &str = "mount -t overlay -o \"$1\" node \"$2\" && shift 2 && exec \"$@\"";

/// Takes off a network what a reboot ends.
const FORGET: &str = "nft flush ruleset; for link in $(ls /sys/class/net); do \
                      case $link in lo|eth0) ;; *) ip link delete $link ;; esac; done";

impl Node {
    /// Boots a node with a copy of the profile's tree.
    pub(crate) fn boot(
        (name, address): (&str, &str),
        profile: Profile,
        network: Arc<Network>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self> {
        let base = tree::base(profile)?;
        let folder = tempfile::Builder::new().prefix("airgap-node-").tempdir().context("cannot make a folder")?;
        let root = folder.path().join("root");
        tree::copy(&base, &root)?;
        tree::finish(profile, &root)?;
        furnish(&root, name, surroundings)?;
        let (groups, watches) = (ControlGroups::new()?, Watches::enough());
        let namespace = format!("/proc/{}/ns/net", network.holder());
        let (layers, place) = tree::join(&base, &root, &folder.path().join("scratch"))?;
        let mut container = container(&root, (&layers, &place), name, &namespace)?;
        container.args(surroundings.folders.iter().map(|(from, to)| format!("--bind={}:{to}", from.display())));
        if profile == Profile::Cluster {
            container.arg(format!("--bind-ro={}:{}", hosting::programs()?.display(), hosting::PROGRAMS));
        }
        let power = groups.starting(&container);
        let (system, leader) = power_on(&power, folder.path())?;
        let address = address.to_owned();
        let node = Self { system, leader, power, address, _groups: groups, _watches: watches, network, folder };
        node.wait_until_booted()?;
        Ok(node)
    }

    fn wait_until_booted(&self) -> Result<()> {
        self.wait_for("the node has booted", |node| {
            let state = node.run("systemctl", &["is-system-running"])?.stdout;
            Ok(matches!(state.trim(), "running" | "degraded"))
        })
    }

    /// Reboots the node and waits until its system runs again.
    ///
    /// # Errors
    /// When it does not go down or does not come back within two minutes each.
    pub fn reboot(&mut self) -> Result<()> {
        self.run("systemctl", &["reboot", "--no-block"])?.success()?;
        // A container that reboots ends, and whoever looks after it starts it again.
        if self.system.wait(PATIENCE)?.is_none() {
            bail!("the node did not go down to reboot; its console:\n{}", self.system.log());
        }
        // Its network outlives it here. What a kernel forgets is gone all the same: rules, and links but for the one to the switch.
        self.network.run("sh", &["-c", FORGET])?;
        (self.system, self.leader) = power_on(&self.power, self.folder.path())?;
        self.wait_until_booted()
    }

    /// Its address in the gap.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The number of its first process, as this machine counts.
    pub fn leader(&self) -> u32 {
        self.leader
    }

    /// A path of the node, as this machine sees it while the node runs.
    pub fn path(&self, path: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.leader)).join(path.trim_start_matches('/'))
    }

    /// Writes a file of the node.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let path = self.path(path);
        let parent = path.parent().context("a file needs a folder")?;
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Runs a program of the node as its root.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<Outcome> {
        let mut command = Command::new(tool("nsenter")?);
        command.args(["--target", &self.leader.to_string(), "--all", "--", "/usr/bin/env", "-i", "-C", "/root"]);
        run(command.args(ENVIRONMENT).arg(program).args(arguments))
    }

    /// Runs a line of the shell.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn shell(&self, line: &str) -> Result<Outcome> {
        self.run("/bin/sh", &["-c", line])
    }

    /// Waits until a service of the node is up.
    ///
    /// # Errors
    /// With the service's own words when it is not up within two minutes.
    pub fn wait_for_service(&self, unit: &str) -> Result<()> {
        let active = |node: &Self| Ok(node.run("systemctl", &["is-active", unit])?.code == Some(0));
        let Err(error) = self.wait_for(&format!("{unit} is up"), active) else { return Ok(()) };
        let status = self.run("systemctl", &["status", "--no-pager", "--full", unit])?;
        bail!("{error:#}\n{status}")
    }

    fn wait_for(&self, what: &str, ready: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !ready(self)? {
            if start.elapsed() > PATIENCE {
                bail!("{PATIENCE:?} went by before {what}; the console:\n{}", self.system.log());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Powers the node off and waits until it is.
    ///
    /// # Errors
    /// When it goes on.
    pub fn power_off(mut self) -> Result<()> {
        self.run("systemctl", &["poweroff", "--no-block"])?.success()?;
        match self.system.wait(PATIENCE)? {
            Some(_) => Ok(()),
            None => bail!("the node did not power off; its console:\n{}", self.system.log()),
        }
    }
}

/// Starts the container and waits for its first process.
fn power_on(power: &Command, folder: &Path) -> Result<(Daemon, u32)> {
    let mut system = Daemon::start(power, &folder.join("console"))?;
    let supervisor = system.id();
    system.wait_until("its system began", || first_process(supervisor).is_some())?;
    let leader = first_process(supervisor).context("the node has no first process")?;
    Ok((system, leader))
}

/// The container that boots a tree, which the layers of an overlay make whole.
fn container(root: &Path, (layers, place): (&str, &Path), name: &str, network: &str) -> Result<Command> {
    // Alone in a namespace of processes whose first it is: whoever ends it, ends all of the node. So with its mounts.
    // There `/proc` is another, so the network goes along as an open file.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "exec 9<\"$1\"; shift; exec \"$@\"", "sh", network]).arg(tool("unshare")?);
    command.args(["--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--"]);
    command.args(["/bin/sh", "-c", MOUNTED, "sh", layers]).arg(place).arg(tool("systemd-nspawn")?);
    command.arg("--directory").arg(root).args(["--machine", name, "--boot", "--register=no", "--keep-unit"]);
    command.arg("--network-namespace-path=/proc/self/fd/9");
    command.args(["--capability=all", "--system-call-filter=add_key keyctl bpf perf_event_open @keyring"]);
    command.args(["--private-users=no", "--resolv-conf=off", "--timezone=off", "--console=pipe"]);
    command.env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    Ok(command)
}

/// What makes a copy of the tree one node among others.
fn furnish(root: &Path, name: &str, surroundings: &Surroundings<'_>) -> Result<()> {
    let mut hosts = format!("127.0.0.1 localhost\n127.0.1.1 {name}\n");
    for (address, names) in surroundings.hosts {
        hosts.push_str(&format!("{address} {}\n", names.join(" ")));
    }
    let resolver = format!("nameserver {}\noptions timeout:1 attempts:1\n", surroundings.resolver);
    for (file, text) in
        [("hostname", format!("{name}\n")), ("hosts", hosts), ("resolv.conf", resolver), ("machine-id", String::new())]
    {
        let path = root.join("etc").join(file);
        // A link could lead out of the tree.
        std::fs::remove_file(&path).ok();
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The first process of the container that `supervisor` looks after, once it is systemd.
fn first_process(supervisor: u32) -> Option<u32> {
    let child = only_child(only_child(supervisor)?)?;
    let name = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
    (name.trim() == "systemd").then_some(child)
}

fn only_child(parent: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
