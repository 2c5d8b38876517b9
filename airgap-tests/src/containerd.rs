//! A real containerd with a root, a state folder and a socket of its own.

use std::path::PathBuf;

use anyhow::Result;

use crate::machine::Machine;
use crate::process::{Daemon, Outcome, run};
use crate::programs::tool;

/// A running containerd. Its containers end with it.
#[derive(Debug)]
pub struct Containerd {
    machine: Machine,
    _server: Daemon,
}

impl Containerd {
    /// Starts one on a machine. Its mirrors are the folders of `certs.d` in the machine's folder.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(machine: Machine) -> Result<Self> {
        let work = machine.work().display().to_string();
        let config = format!(
            "version = 2\nroot = \"{work}/root\"\nstate = \"{work}/state\"\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
             [grpc]\n  address = \"{work}/c.sock\"\n"
        );
        machine.write("containerd.toml", config)?;
        // Its shims and clients meet in /run, whatever the configuration says: the machine's network has a view of it of
        // its own. With process ids of its own, they all end with it.
        let run = "grep -q '^airgap-run ' /proc/self/mounts || mount -t tmpfs airgap-run /run";
        machine.run("sh", &["-c", run])?;
        let (program, config) = (tool("containerd")?.display().to_string(), format!("{work}/containerd.toml"));
        let own_ids = ["--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "--"];
        let command = machine.command("unshare", &[&own_ids[..], &[&program, "-c", &config]].concat())?;
        let mut server = Daemon::start(&command, &machine.path("containerd.log"))?;
        server
            .wait_until("containerd answered", || Self::ctr(&machine, &["version"]).is_ok_and(|o| o.code == Some(0)))?;
        Ok(Self { machine, _server: server })
    }

    /// Its socket.
    pub fn address(&self) -> PathBuf {
        self.machine.path("c.sock")
    }

    /// The machine it runs on.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    fn ctr(machine: &Machine, arguments: &[&str]) -> Result<Outcome> {
        let socket = machine.path("c.sock").display().to_string();
        run(&mut machine.command("ctr", &[&["--address", &socket], arguments].concat())?)
    }

    /// Pulls an image by its original name.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn pull(&self, reference: &str) -> Result<Outcome> {
        let mirrors = self.machine.path("certs.d").display().to_string();
        Self::ctr(&self.machine, &["images", "pull", "--snapshotter", "native", "--hosts-dir", &mirrors, reference])
    }

    /// Runs a container of an image that was pulled, and returns what it printed.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, reference: &str) -> Result<String> {
        let options = ["run", "--rm", "--snapshotter", "native", reference, "one"];
        Ok(Self::ctr(&self.machine, &options)?.success()?.stdout)
    }

    /// The digest under which an image was stored.
    ///
    /// # Errors
    /// When it is not there.
    pub fn digest(&self, reference: &str) -> Result<String> {
        let list = Self::ctr(&self.machine, &["images", "list", &format!("name=={reference}")])?.success()?.stdout;
        let digest = list.split_whitespace().find(|word| word.starts_with("sha256:"));
        digest.map(str::to_owned).ok_or_else(|| anyhow::anyhow!("no image {reference}: {list}"))
    }
}
