//! Places of files, as RKE2 has them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where the rig has the programs of Kubernetes on a node.
pub(crate) const PROGRAMS: &str = "/opt/airgap-rig/kubernetes";
/// Where kubelet and the controllers look for plugins, as both distributions tell them.
pub(crate) const VOLUME_PLUGINS: &str = "/var/lib/kubelet/volumeplugins";
/// The socket of containerd, as k3s and RKE2 have it.
pub(crate) const CONTAINERD: &str = "/run/k3s/containerd/containerd.sock";
/// Where containerd looks for the network of pods: gone after a reboot, until services work again.
pub(crate) const CNI: &str = "/run/k3s/cni/net.d";

/// The folder of state.
#[derive(Debug, Clone)]
pub(crate) struct Data(PathBuf);

impl Data {
    pub(crate) fn new(folder: &str) -> Self {
        Self(PathBuf::from(folder))
    }

    /// A place in it.
    pub(crate) fn at(&self, place: &str) -> PathBuf {
        self.0.join(place)
    }

    /// The same as text, for arguments.
    pub(crate) fn text(&self, place: &str) -> String {
        self.at(place).display().to_string()
    }

    /// Writes a file that only root may read.
    pub(crate) fn write(&self, place: &str, content: impl AsRef<[u8]>) -> Result<()> {
        write(&self.at(place), 0o600, content)
    }

    /// Reads a text file; none when there is none.
    pub(crate) fn read(&self, place: &str) -> Option<String> {
        fs::read_to_string(self.at(place)).ok()
    }
}

/// The path of a program of Kubernetes.
pub(crate) fn program(name: &str) -> String {
    format!("{PROGRAMS}/{name}")
}

/// Writes a file whole, with a mode, and the folders above it.
pub(crate) fn write(path: &Path, mode: u32, content: impl AsRef<[u8]>) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let parent = path.parent().with_context(failed)?;
    fs::create_dir_all(parent).with_context(failed)?;
    let unfinished = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&unfinished)
        .with_context(failed)?;
    file.write_all(content.as_ref()).with_context(failed)?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(mode)).with_context(failed)?;
    fs::rename(&unfinished, path).with_context(failed)
}

/// A line for the journal.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}

/// Tells systemd that the unit is up.
pub(crate) fn ready() -> Result<()> {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return Ok(()) };
    let sender = UnixDatagram::unbound().context("cannot make a socket")?;
    sender.send_to(b"READY=1\n", &socket).context("cannot tell systemd that the unit is up")?;
    Ok(())
}
