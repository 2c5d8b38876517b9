//! `server/manifests`: what is put there is applied.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use manifests::Digest;

use crate::config::Config;
use crate::contract::contract;
use crate::control_plane::kubectl;
use crate::coredns;
use crate::join::Settings;
use crate::layout::say;

/// Writes the packaged charts that are not disabled.
pub(crate) fn write_packaged(config: &Config, settings: &Settings) -> Result<()> {
    let folder = config.data.at("server/manifests");
    fs::create_dir_all(&folder).context("cannot make the folder of manifests")?;
    if config.list("disable").iter().any(|name| name == contract().coredns) {
        return Ok(());
    }
    config.data.write(&format!("server/manifests/{}.yaml", contract().coredns), coredns::manifest(settings)?)
}

/// Applies what is there and what comes, for ever.
pub(crate) fn deploy(config: &Config) -> Result<()> {
    let mut applied: BTreeMap<PathBuf, Digest> = BTreeMap::new();
    loop {
        for file in files(config)? {
            // It may be gone again.
            let Ok(content) = fs::read(&file) else { continue };
            let digest = Digest::of(&content);
            if applied.get(&file) == Some(&digest) {
                continue;
            }
            let path = file.display().to_string();
            let words = ["apply", "--server-side", "--force-conflicts", "--field-manager=deploy@stand-in", "-f", &path];
            match kubectl(&config.data, &words) {
                Ok(_) => drop(applied.insert(file, digest)),
                Err(error) => say(&format!("level=error msg=\"Failed to process {path}: {error:#}\"")),
            }
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// Without those that a file `NAME.skip` beside them forbids.
fn files(config: &Config) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(config.data.at("server/manifests")).context("cannot read the folder of manifests")? {
        files.push(entry.context("cannot read the folder of manifests")?.path());
    }
    files.retain(|file| {
        let name = file.display().to_string();
        let known = [".yaml", ".yml", ".json"].iter().any(|extension| name.ends_with(extension));
        known && !fs::exists(format!("{name}.skip")).unwrap_or(false)
    });
    files.sort();
    Ok(files)
}
