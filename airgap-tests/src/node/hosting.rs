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
        (SCRIPT, include_str!("hosting/host.sh")),
        (UNIT, include_str!("hosting/airgap-rig-host.service")),
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
}
