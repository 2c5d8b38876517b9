//! Trees: made once by mmdebstrap and kept below `.rig/`. Each node has a copy of one, but for `/usr`: that is nearly all of it,
//! and every node sees the tree's own with what it changes laid over it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use manifests::Digest;
use rustix::fs::{FlockOperation, flock};

use super::sources::{archive_sources, codename};
use crate::process::run_long;
use crate::programs::{rig_folder, tool};

/// Where distributions keep the keys of their archives.
const KEYRINGS: &str = "/usr/share/keyrings";
/// What a tree without systemd lacks to be a node.
const BOOTABLE: &str = "systemd,systemd-sysv,dbus,iproute2,procps";

/// What a node already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What apt needs, and systemd.
    Minimal,
    /// Nearer to a server as its distribution installs it.
    Server,
    /// A server on which the stand-in distribution finds what it wraps: see [`crate::Release`].
    Cluster,
}

impl Profile {
    fn packages(self) -> String {
        match self {
            Self::Minimal => BOOTABLE.to_owned(),
            Self::Server => format!(
                "{BOOTABLE},ca-certificates,chrony,cron,curl,ethtool,iptables,kmod,less,logrotate,nftables,\
                 openssh-server,python3,rsyslog,sudo,udev,unattended-upgrades,vim-tiny"
            ),
            Self::Cluster => format!(
                "{BOOTABLE},busybox-static,ca-certificates,conntrack,containerd,containernetworking-plugins,curl,ethtool,etcd-client,\
                 etcd-server,iptables,kmod,nftables,openssh-server,runc,socat,sudo,zstd"
            ),
        }
    }

    /// The folder of its tree. Nobody may change it.
    pub(crate) fn tree(self) -> Result<PathBuf> {
        base(self)
    }

    /// What is installed: dpkg's status file, as a node of this profile has it.
    ///
    /// # Errors
    /// When its tree can't be made.
    pub fn status(self) -> Result<PathBuf> {
        Ok(base(self)?.join("var/lib/dpkg/status"))
    }
}

/// The folder of a profile's tree, which is made by the first who asks. Nobody may change it.
pub(super) fn base(profile: Profile) -> Result<PathBuf> {
    let (folder, codename) = (rig_folder().join("trees"), codename()?);
    let packages = profile.packages();
    let sources: String = archive_sources()?.iter().map(super::ArchiveSource::line).collect();
    let key = Digest::of(format!("{packages}\n{sources}").as_bytes());
    let tree = folder.join(format!("{codename}-{}", &key.hex()[..12]));
    fs::create_dir_all(&folder).context("cannot make the folder of trees")?;
    let lock = File::create(folder.join("lock")).context("cannot lock the folder of trees")?;
    flock(&lock, FlockOperation::LockExclusive).context("cannot lock the folder of trees")?;
    if !tree.exists() {
        let unfinished = tree.with_extension("new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).context("cannot remove an unfinished tree")?;
        }
        let list = tree.with_extension("list");
        fs::write(&list, sources).context("cannot write the list of sources")?;
        make(&unfinished, &packages, &codename, &list)?;
        fs::rename(&unfinished, &tree).context("cannot put a tree in its place")?;
    }
    Ok(tree)
}

/// Puts into a copy of the profile's tree what does not come in packages.
pub(super) fn finish(profile: Profile, root: &Path) -> Result<()> {
    if profile == Profile::Cluster { super::hosting::furnish(root) } else { Ok(()) }
}

fn make(tree: &Path, packages: &str, codename: &str, list: &Path) -> Result<()> {
    let mut command = Command::new(tool("mmdebstrap")?);
    command.args(["--variant=minbase", "--format=directory", &format!("--include={packages}")]);
    command.arg(format!("--keyring={KEYRINGS}")).arg(codename).arg(tree).arg(list);
    run_long(&mut command)?.success().context("cannot make the tree of a node")?;
    Ok(())
}

/// The part of a tree that is not copied.
const SHARED: &str = "usr";

/// A copy of a tree without what nodes share.
pub(super) fn copy(base: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.join(SHARED)).context("cannot make the folder of a node")?;
    let mode = fs::metadata(base).context("cannot look at the tree of a node")?.permissions();
    fs::set_permissions(to, mode).context("cannot set the mode of a node's root")?;
    let mut command = Command::new(tool("cp")?);
    command.args(["--archive", "--reflink=auto", "--target-directory"]).arg(to);
    for entry in fs::read_dir(base).context("cannot read the tree of a node")? {
        let entry = entry.context("cannot read the tree of a node")?;
        if entry.file_name() != SHARED {
            command.arg(entry.path());
        }
    }
    run_long(&mut command)?.success()?;
    Ok(())
}

/// What overlayfs is told so that a copy is a whole tree, and where it is mounted. What the node changes lies in the copy, and what
/// overlayfs needs beside that in `scratch`.
pub(super) fn join(base: &Path, copy: &Path, scratch: &Path) -> Result<(String, PathBuf)> {
    fs::create_dir_all(scratch).context("cannot make the folder of a node")?;
    let (below, own) = (base.join(SHARED), copy.join(SHARED));
    let layers = format!("lowerdir={},upperdir={},workdir={}", below.display(), own.display(), scratch.display());
    Ok((layers, own))
}
