//! Images that are put into containerd before anything runs.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use airgap_tests::distribution::RUNTIME;
pub(crate) use airgap_tests::distribution::{CHART_JOB, COREDNS, PAUSE};

use crate::config::Config;
use crate::contract::contract;
use crate::layout::{CONTAINERD, say};
use crate::runtime::ctr;

/// What the real one's decoder takes: 32 MiB. Archives that need more are refused there, so they are here.
const WINDOW: u32 = 25;

/// Takes in every archive of `agent/images`, and pulls what its lists name.
pub(crate) fn import(config: &Config) -> Result<()> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(config.data.at("agent/images")).context("cannot read agent/images")? {
        files.push(entry.context("cannot read agent/images")?.path());
    }
    files.sort();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let taken = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("zst" | "tzst") => File::open(&file).context("cannot open it").and_then(|file| {
                let mut decoder = zstd::Decoder::new(BufReader::new(file))?;
                decoder.window_log_max(WINDOW)?;
                load(&mut decoder)
            }),
            Some("gz" | "tgz") => File::open(&file)
                .context("cannot open it")
                .and_then(|file| load(&mut flate2::read::GzDecoder::new(file))),
            Some("tar") => File::open(&file).context("cannot open it").and_then(|mut file| load(&mut file)),
            Some("txt") => pull_all(config, &file),
            _ => continue,
        };
        // As the real one does: what can't be taken in is said, and what needs it fails later.
        if let Err(error) = taken {
            say(&format!("level=error msg=\"Unable to import {name}: {error:#}\""));
        }
    }
    Ok(())
}

fn load(archive: &mut impl Read) -> Result<()> {
    let mut command = Command::new("ctr");
    command.args(["--address", CONTAINERD, "--namespace", "k8s.io", "images", "import", "--no-unpack", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("cannot run ctr")?;
    let mut pipe = child.stdin.take().context("no pipe to ctr")?;
    let copied = std::io::copy(archive, &mut pipe);
    drop(pipe);
    let status = child.wait().context("cannot wait for ctr")?;
    copied.context("cannot read it")?;
    if !status.success() {
        bail!("ctr ended with {status}");
    }
    Ok(())
}

fn pull_all(config: &Config, list: &Path) -> Result<()> {
    let text = fs::read_to_string(list).context("cannot read it")?;
    text.lines().map(str::trim).filter(|line| !line.is_empty()).try_for_each(|image| pull(config, image))
}

fn pull(config: &Config, image: &str) -> Result<()> {
    let hosts = config.data.text("agent/etc/containerd/certs.d");
    ctr(&["images", "pull", "--hosts-dir", &hosts, image]).map(drop)
}

/// The full reference of an image.
pub(crate) fn reference(image: &str) -> String {
    airgap_tests::distribution::reference(image, &contract().edition)
}

/// The image with the programs, without which the real RKE2 does not start.
pub(crate) fn require_runtime(config: &Config) -> Result<()> {
    if contract().is_k3s() {
        return Ok(());
    }
    let image = reference(RUNTIME);
    if ctr(&["images", "list", "--quiet", &format!("name=={image}")])?.trim() != image {
        pull(config, &image).with_context(|| format!("failed to get runtime image {image}"))?;
    }
    Ok(())
}
