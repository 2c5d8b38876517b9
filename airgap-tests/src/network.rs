//! A network of its own: a network namespace and, with it, a view of `/etc/hosts` and `/etc/resolv.conf` of its own.
//! Nothing of it has a name in the system, so nothing of it can be left behind.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tempfile::TempDir;

use crate::process::{Daemon, run};
use crate::programs::tool;

/// A network namespace that lives as long as this value. Without links to others it has only a loopback.
#[derive(Debug)]
pub struct Network {
    holder: Daemon,
    files: TempDir,
}

impl Network {
    /// A network with a loopback, in which `hosts` (address, names) are all the names that resolve without asking.
    ///
    /// # Errors
    /// Without root, or where the kernel has no network namespaces.
    pub fn new(hosts: &[(&str, &[&str])]) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            bail!("the rig makes network namespaces and mounts: run it as root, or through `make test` with sudo");
        }
        let files = tempfile::Builder::new().prefix("airgap-net-").tempdir().context("cannot make a folder")?;
        // As on any Debian machine its own name resolves: some libraries look it up when they are loaded.
        let own_name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut table = format!("127.0.0.1 localhost\n127.0.1.1 {own_name}\n");
        for (address, names) in hosts {
            table.push_str(&format!("{address} {}\n", names.join(" ")));
        }
        std::fs::write(files.path().join("hosts"), table)?;
        std::fs::write(files.path().join("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")?;
        let mut command = Command::new(tool("unshare")?);
        command.args(["--net", "--mount", "--propagation", "private", "--"]).args(["sleep", "infinity"]);
        command.env("PATH", "/usr/bin:/bin");
        let mut holder = Daemon::start(&command, &files.path().join("log"))?;
        // The process is in its namespaces once it has become `sleep`.
        let name = format!("/proc/{}/comm", holder.id());
        holder.wait_until("its network was there", || {
            std::fs::read_to_string(&name).is_ok_and(|comm| comm.trim() == "sleep")
        })?;
        let network = Self { holder, files };
        for file in ["hosts", "resolv.conf"] {
            let source = network.files.path().join(file).display().to_string();
            network.run("mount", &["--bind", &source, &format!("/etc/{file}")])?;
        }
        // Where IPv6 is absent there is nothing to switch off.
        let ipv6 = "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 > $f; done";
        network.run("sh", &["-c", &format!("{ipv6}; ip link set lo up")])?;
        Ok(network)
    }

    /// Lets names that are not in the table be asked for at `address`.
    pub(crate) fn ask_names_at(&self, address: &str) -> Result<()> {
        let text = format!("nameserver {address}\noptions timeout:1 attempts:1\n");
        // In place: the file is bind-mounted.
        std::fs::write(self.files.path().join("resolv.conf"), text).context("cannot write resolv.conf")
    }

    /// Adds an address and its names to the table.
    ///
    /// # Errors
    /// When the table can't be written.
    pub fn know(&self, address: &str, names: &[&str]) -> Result<()> {
        let path = self.files.path().join("hosts");
        let table = std::fs::read_to_string(&path).context("cannot read the table of names")?;
        // In place: the file is bind-mounted.
        std::fs::write(path, format!("{table}{address} {}\n", names.join(" ")))
            .context("cannot write the table of names")
    }

    /// The process that holds it.
    pub(crate) fn holder(&self) -> u32 {
        self.holder.id()
    }

    /// The words before a command that make it run in this network, in the folder `work`.
    pub(crate) fn prefix(&self, work: &Path) -> Vec<OsString> {
        let mut words = vec![OsString::from("/usr/bin/nsenter")];
        words.push(format!("--target={}", self.holder.id()).into());
        words.extend(["--net", "--mount", "--", "/usr/bin/env", "-C"].map(OsString::from));
        words.push(work.into());
        words
    }

    /// Runs a tool of the system in it.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, name: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("/usr/bin/nsenter");
        command.arg(format!("--target={}", self.holder.id())).args(["--net", "--mount", "--"]);
        command.arg(tool(name)?).args(arguments);
        Ok(run(&mut command)?.success()?.stdout)
    }

    /// Does something from within it.
    ///
    /// # Errors
    /// When the network can't be entered, or what `f` says.
    pub fn inside<T: Send>(&self, f: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        let namespace = File::open(format!("/proc/{}/ns/net", self.holder.id()))?;
        thread::scope(|scope| {
            // The namespace is the thread's: it goes with the thread.
            let thread = scope.spawn(move || {
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
                f()
            });
            thread.join().unwrap_or_else(|_| Err(io::Error::other("the work inside a network panicked")))
        })
    }

    /// Connects to an address from within it.
    ///
    /// # Errors
    /// When nothing answers within ten seconds.
    pub fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.inside(move || TcpStream::connect_timeout(&address, Duration::from_secs(10)))
    }
}
