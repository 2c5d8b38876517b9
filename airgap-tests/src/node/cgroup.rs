//! Control groups of a node's own: two containers in one group would share the names of their services.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// Where systemd keeps its groups: one hierarchy of its own, with or without the unified one beside it, or the unified
/// one alone.
const HIERARCHIES: [&str; 3] = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/// A group in every hierarchy that systemd uses. They go with this value.
#[derive(Debug)]
pub(super) struct ControlGroups(Vec<PathBuf>);

impl ControlGroups {
    pub(super) fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("airgap-node-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut groups = Self(Vec::new());
        for hierarchy in HIERARCHIES.map(Path::new) {
            // `/sys/fs/cgroup` is itself a hierarchy only where it has processes.
            if hierarchy.join("cgroup.procs").exists() {
                let group = hierarchy.join(&name);
                fs::create_dir(&group).with_context(|| format!("cannot make {}", group.display()))?;
                groups.0.push(group);
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
