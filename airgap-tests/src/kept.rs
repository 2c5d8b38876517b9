//! What is made once and kept in `.rig/`, as long as that which it is made of stays the same.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{FlockOperation, flock};

use crate::programs::rig_folder;

/// The folder `NAME-KEY`, which `make` fills if there is none yet. Those of the name with other keys go then.
///
/// # Errors
/// What `make` says, or when a folder can't be made or removed.
pub(crate) fn kept(name: &str, key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let folder = rig_folder().join(format!("{name}-{key}"));
    fs::create_dir_all(rig_folder()).context("cannot create .rig")?;
    let lock = File::create(rig_folder().join(format!("{name}.lock"))).context("cannot create a lock")?;
    flock(&lock, FlockOperation::LockExclusive).with_context(|| format!("cannot lock {name}"))?;
    if !folder.exists() {
        remove_older(&format!("{name}-"))?;
        let unfinished = rig_folder().join(format!("{name}-{key}.new"));
        fs::create_dir_all(&unfinished).with_context(|| format!("cannot create {}", unfinished.display()))?;
        make(&unfinished)?;
        fs::rename(&unfinished, &folder).with_context(|| format!("cannot put {} in its place", folder.display()))?;
    }
    Ok(folder)
}

fn remove_older(beginning: &str) -> Result<()> {
    for entry in fs::read_dir(rig_folder()).context("cannot read .rig")? {
        let path = entry.context("cannot read .rig")?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning)) {
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
