//! Control groups of a node's own: two containers in one group would share the names of their services.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// A group in every hierarchy of this machine: systemd uses some, kubelet and containers the others. They go with this
/// value.
#[derive(Debug)]
pub(super) struct ControlGroups(Vec<PathBuf>);

impl ControlGroups {
    pub(super) fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("airgap-node-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut groups = Self(Vec::new());
        for hierarchy in hierarchies()? {
            let group = hierarchy.join(&name);
            fs::create_dir(&group).with_context(|| format!("cannot make {}", group.display()))?;
            groups.0.push(group);
            if hierarchy.join("cpuset.cpus").exists() {
                inherit_processors(&hierarchy, &hierarchy.join(&name))?;
            }
        }
        anyhow::ensure!(!groups.0.is_empty(), "this machine has no control groups in /sys/fs/cgroup");
        Ok(groups)
    }

    /// A command that enters the groups and then becomes `command`.
    pub(super) fn starting(&self, command: &Command) -> Command {
        let mut shell = Command::new("/bin/sh");
        let enter = "while [ \"$1\" != -- ]; do echo $$ >\"$1/cgroup.procs\" || exit; shift; done; shift; exec \"$@\"";
        shell.args(["-c", enter, "sh"]).args(&self.0).arg("--");
        shell.arg(command.get_program()).args(command.get_args().map(OsString::from));
        shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell
    }
}

impl Drop for ControlGroups {
    fn drop(&mut self) {
        for group in &self.0 {
            // What was killed just now may still be listed.
            for _ in 0..100 {
                if remove(group).is_ok() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// Where the hierarchies are mounted: one for each controller and one of systemd's own, or a unified one.
fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read the table of mounts")?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let place = words.next()?;
        words.next()?.starts_with("cgroup").then(|| PathBuf::from(place))
    });
    Ok(mounts.filter(|place| place.starts_with("/sys/fs/cgroup")).collect())
}

/// A group of cgroup v1 takes no process before it has been told its processors.
fn inherit_processors(from: &Path, to: &Path) -> Result<()> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let value = fs::read_to_string(from.join(file)).with_context(|| format!("cannot read {file}"))?;
        fs::write(to.join(file), value).with_context(|| format!("cannot write {file} of {}", to.display()))?;
    }
    Ok(())
}

/// Removes a group with those below it. Its files go by themselves.
fn remove(group: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
