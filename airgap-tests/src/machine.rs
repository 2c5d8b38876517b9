//! A machine: where commands run, with nothing of the caller's environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::network::Network;
use crate::process::{Daemon, Outcome, behind, run};
use crate::programs::{our_program, rig_folder, tool};

/// A machine: a folder with a home and a temporary folder of its own, and the network of the caller or one of its own.
/// All of it goes when it is dropped.
#[derive(Debug)]
pub struct Machine {
    folder: TempDir,
    network: Option<Arc<Network>>,
    environment: Vec<(String, String)>,
}

impl Machine {
    /// A machine on the caller's network.
    ///
    /// # Errors
    /// When its folder can't be made.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("airgap-").tempdir().context("cannot make a temporary folder")?;
        for name in ["home", "tmp", "work"] {
            std::fs::create_dir(folder.path().join(name)).context("cannot make a machine's folders")?;
        }
        Ok(Self { folder, network: None, environment: Vec::new() })
    }

    /// A machine on a network of its own.
    ///
    /// # Errors
    /// When its folder can't be made.
    pub fn on(network: Arc<Network>) -> Result<Self> {
        Ok(Self { network: Some(network), ..Self::new()? })
    }

    /// Sets a variable for every command.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().display().to_string()));
        self
    }

    /// Puts a folder of its own in the place of one of the system's, which no other network sees. It is empty, or with
    /// `copied` a copy.
    ///
    /// # Errors
    /// When it can't be mounted: the system has no such folder, or the machine no network of its own.
    pub fn with_own(self, folder: &str, copied: bool) -> Result<Self> {
        self.network().context("the machine has no network of its own")?;
        let own = self.folder.path().join(folder.replace('/', "-"));
        std::fs::create_dir(&own).context("cannot make a machine's folders")?;
        let own = own.display();
        let copy = if copied { format!("cp -a {folder}/. {own}/ && ") } else { String::new() };
        self.run("sh", &["-c", &format!("{copy}mount --bind {own} {folder}")])?;
        Ok(self)
    }

    /// Its network.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_deref()
    }

    /// Its network, to be shared with others.
    pub(crate) fn own_network(&self) -> Option<Arc<Network>> {
        self.network.clone()
    }

    /// Waits until a server answers on a loopback port of this machine, which has a network of its own.
    ///
    /// # Errors
    /// When the server ends first or half a minute passes.
    pub fn wait_for_port(&self, server: &mut Daemon, port: u16) -> Result<()> {
        let network = self.network().context("the machine has no network of its own")?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        server.wait_until(&format!("it answered on port {port}"), || network.connect(address).is_ok())
    }

    /// Its folder, in which commands run.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// A path in its folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.work().join(name)
    }

    /// The home of its user.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file into its folder and returns the path.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.path(name);
        let parent = path.parent().context("a file needs a folder")?;
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        std::fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// What lies in its temporary folder: must be nothing when a command has ended, however it ended.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn leftovers(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder.path().join("tmp");
        let entries = std::fs::read_dir(folder).context("cannot read the temporary folder")?;
        entries.map(|entry| Ok(entry.context("cannot read the temporary folder")?.path())).collect()
    }

    /// A command by the path of its program.
    pub fn command_at(&self, program: &Path) -> Command {
        let prefix = self.network.as_ref().map(|network| network.prefix(&self.work())).unwrap_or_default();
        let mut command = behind(&prefix, program);
        let folder = self.folder.path();
        command.current_dir(self.work()).env_clear();
        let path = format!("{}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", rig_folder().join("bin").display());
        command.env("PATH", path).env("HOME", self.home()).env("TMPDIR", folder.join("tmp"));
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("NO_COLOR", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A command of a tool, by its name.
    ///
    /// # Errors
    /// When the tool is not installed.
    pub fn command(&self, name: &str, arguments: &[&str]) -> Result<Command> {
        let mut command = self.command_at(&tool(name)?);
        command.args(arguments);
        Ok(command)
    }

    /// A command of one of our programs.
    ///
    /// # Errors
    /// When ours do not build.
    pub fn ours(&self, name: &str, arguments: &[&str]) -> Result<Command> {
        let mut command = self.command_at(&our_program(name)?);
        command.args(arguments);
        Ok(command)
    }

    /// Runs a tool and returns what it says, if it succeeds.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, name: &str, arguments: &[&str]) -> Result<String> {
        Ok(run(&mut self.command(name, arguments)?)?.success()?.stdout)
    }

    /// Runs `airgap-bundle`.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn bundle(&self, arguments: &[&str]) -> Result<Outcome> {
        run(&mut self.ours("airgap-bundle", arguments)?)
    }

    /// Runs `airgap-install`.
    ///
    /// # Errors
    /// When it can't be run; not when it fails.
    pub fn install(&self, arguments: &[&str]) -> Result<Outcome> {
        run(&mut self.ours("airgap-install", arguments)?)
    }
}
