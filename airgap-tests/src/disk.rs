//! A disk of a few megabytes, to be full soon.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::machine::Machine;

/// A small file system in a machine's folder. Only the machine itself sees it.
#[derive(Debug)]
pub struct SmallDisk<'a> {
    machine: &'a Machine,
    path: PathBuf,
}

impl<'a> SmallDisk<'a> {
    /// Mounts one of `mebibytes` at `name` in the folder of a machine that has a network of its own (and with it, a
    /// view of the mounts of its own).
    ///
    /// # Errors
    /// When it can't be mounted.
    pub fn new(machine: &'a Machine, name: &str, mebibytes: u32) -> Result<Self> {
        let path = machine.path(name);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let size = format!("size={mebibytes}m");
        machine.run("mount", &["-t", "tmpfs", "-o", &size, "small-disk", &path.display().to_string()])?;
        Ok(Self { machine, path })
    }

    /// Where the machine sees it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What lies on it, as paths within it.
    ///
    /// # Errors
    /// When it can't be listed.
    pub fn files(&self) -> Result<Vec<String>> {
        let path = self.path.display().to_string();
        let listing = self.machine.run("find", &[&path, "-mindepth", "1", "-printf", "%P\\n"])?;
        Ok(listing.lines().map(str::to_owned).collect())
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        self.machine.run("umount", &["-l", &self.path.display().to_string()]).ok();
    }
}
