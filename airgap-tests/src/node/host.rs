//! What lets a container be a host of containers: kubelet and containerd expect things of a whole machine that this one
//! does not hand to a container by itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::programs::rig_folder;

/// Not below `/etc` or `/usr/local`: those are the administrator's, and tests look at them.
const SCRIPT: &str = "usr/lib/airgap-rig/host";
const UNIT: &str = "usr/lib/systemd/system/airgap-rig-host.service";
const WANTED: &str = "etc/systemd/system/sysinit.target.wants/airgap-rig-host.service";

/// Where a node has the programs of Kubernetes, as the set-up built them: too big to be copied for each.
pub(super) const PROGRAMS: &str = "/opt/airgap-rig/kubernetes";

/// The folder with these programs on this machine.
pub(super) fn programs() -> Result<PathBuf> {
    let folder = rig_folder().join("kubernetes").canonicalize();
    folder.context("Kubernetes is not built: run airgap-tests/setup")
}

/// Puts the unit that does it into the tree of a node.
pub(super) fn furnish(root: &Path) -> Result<()> {
    // Pods that are left over at power-off don't listen to signals.
    let patience = "[Manager]\nDefaultTimeoutStopSec=10s\n";
    for (file, text) in [
        (SCRIPT, include_str!("host/host.sh")),
        (UNIT, include_str!("host/airgap-rig-host.service")),
        ("usr/lib/systemd/system.conf.d/airgap-rig.conf", patience),
    ] {
        let path = root.join(file);
        create_parent(&path)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    fs::set_permissions(root.join(SCRIPT), fs::Permissions::from_mode(0o755)).context("cannot set a mode")?;
    let wanted = root.join(WANTED);
    create_parent(&wanted)?;
    symlink(Path::new("/").join(UNIT), &wanted).with_context(|| format!("cannot link {}", wanted.display()))?;
    // The unit makes keys of this node's own.
    for entry in fs::read_dir(root.join("etc/ssh")).context("the tree has no /etc/ssh")? {
        let path = entry.context("cannot read /etc/ssh")?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ssh_host_")) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    // The services of these packages are not those of a cluster, which runs its own.
    for unit in ["containerd", "etcd"] {
        let link = root.join(format!("etc/systemd/system/multi-user.target.wants/{unit}.service"));
        if link.symlink_metadata().is_ok() {
            fs::remove_file(&link).with_context(|| format!("cannot remove {}", link.display()))?;
        }
    }
    Ok(())
}

fn create_parent(path: &Path) -> Result<()> {
    let parent = path.parent().context("a file needs a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))
//! A node as the installer sees machines, without the SSH in between.

use std::process::Stdio;

use installer::host::{Command, Exit, Host, HostError, Input, Output};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin};

use super::{ENVIRONMENT, Node};

/// A node on which commands run as root.
#[derive(Debug, Clone)]
pub struct NodeHost {
    name: String,
    leader: u32,
}

impl Node {
    /// The node as a machine of the installer's, called `name`, until it reboots.
    pub fn host(&self, name: &str) -> NodeHost {
        NodeHost { name: name.to_owned(), leader: self.leader }
    }
}

impl NodeHost {
    fn start(&self, command: &Command) -> std::io::Result<Child> {
        let mut process = tokio::process::Command::new("/usr/bin/nsenter");
        process.args(["--target", &self.leader.to_string(), "--all", "--", "/usr/bin/env", "-i", "-C", "/root"]);
        process.args(ENVIRONMENT).args(&command.argv);
        // A group of its own: what nsenter starts in the node goes with it.
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        process.kill_on_drop(true).spawn()
    }

    async fn finish(&self, command: &Command) -> std::io::Result<Option<Output>> {
        let mut child = self.start(command)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let stdin = child.stdin.take();
        let feed = async {
            // A command need not read what it is given.
            if let Some(stdin) = stdin {
                feed(&command.input, stdin).await.ok();
            }
        };
        let end = async { tokio::join!(child.wait_with_output(), feed).0 };
        match tokio::time::timeout(command.patience, end).await {
            Ok(output) => output.map(|output| Some(told(output, command.kept))),
            Err(_) => {
                if let Some(group) = group {
                    kill_process_group(group, Signal::KILL).ok();
                }
                Ok(None)
            }
        }
    }
}

impl Host for NodeHost {
    fn name(&self) -> &str {
        &self.name
    }

    fn run<'a>(
        &'a self,
        command: &'a Command,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Output, HostError>> + Send + 'a>> {
        Box::pin(async move {
            let (host, what) = (self.name.clone(), command.what.clone());
            match self.finish(command).await {
                Ok(Some(output)) => Ok(output),
                Ok(None) => Err(HostError::TimedOut { host, what, seconds: command.patience.as_secs() }),
                Err(_) => Err(HostError::Lost { host, what }),
            }
        })
    }
}

async fn feed(input: &Input, mut stdin: ChildStdin) -> std::io::Result<()> {
    match input {
        Input::Nothing => {}
        Input::Bytes(bytes) => stdin.write_all(bytes).await?,
        Input::File { path, offset, length } => {
            let mut file = tokio::fs::File::open(path).await?;
            file.seek(std::io::SeekFrom::Start(*offset)).await?;
            tokio::io::copy(&mut file.take(*length), &mut stdin).await?;
        }
    }
    stdin.shutdown().await
}

/// What a process said, as far as it is kept.
fn told(output: std::process::Output, kept: usize) -> Output {
    use std::os::unix::process::ExitStatusExt as _;
    let exit = match (output.status.code(), output.status.signal()) {
        (Some(code), _) => Exit::Code(code.unsigned_abs()),
        (None, signal) => Exit::Signal(signal.unwrap_or_default().to_string()),
    };
    let cut = output.stdout.len() > kept || output.stderr.len() > kept;
    let last = |mut bytes: Vec<u8>| bytes.split_off(bytes.len().saturating_sub(kept));
    Output { exit, stdout: last(output.stdout), stderr: last(output.stderr), cut }
}
