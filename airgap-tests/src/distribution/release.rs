//! The folder of a release, with the files that the release page has for one platform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use manifests::Digest;

use super::archive::{self, Entry};
use super::{Edition, Flavour, images};
use crate::kept::kept;
use crate::node::Profile;
use crate::process::run;
use crate::programs::{our_program, repository, tool};

const IMAGES: &str = "rke2-images-core.linux-amd64.tar.zst";
const LIST: &str = "rke2-images-core.linux-amd64.txt";
const SUMS: &str = "sha256sum-amd64.txt";

/// The code that decides what is in it, besides the program.
const MAKERS: [&str; 12] = [
    include_str!("release.rs"),
    include_str!("images.rs"),
    include_str!("archive.rs"),
    include_str!("release/chart-job.sh"),
    include_str!("release/rke2-server.service"),
    include_str!("release/rke2-agent.service"),
    include_str!("release/rke2-killall.sh"),
    include_str!("release/rke2-uninstall.sh"),
    include_str!("release/rke2-cis-sysctl.conf"),
    include_str!("../distribution.rs"),
    include_str!("edition.rs"),
    include_str!("../../kubernetes/go.sum"),
];

/// A release.
#[derive(Debug, Clone)]
pub struct Release {
    folder: PathBuf,
    flavour: Flavour,
}

impl Release {
    /// The release of RKE2 of the tree as it stands; made now if there is none yet (seconds).
    ///
    /// # Errors
    /// When a part of it is missing: see `airgap-tests/setup`.
    pub fn get() -> Result<Self> {
        Self::of(&Edition::rke2())
    }

    /// The release of an edition.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn of(edition: &Edition) -> Result<Self> {
        let program = edition.seal(stripped()?);
        let key = Digest::of(MAKERS.join("\n").as_bytes()).hex()[..8].to_owned() + &Digest::of(&program).hex()[..8];
        let name = format!("release-{}-{}", edition.flavour, edition.version);
        let folder = kept(&name, &key, |folder| make(folder, edition, program))?;
        Ok(Self { folder, flavour: edition.flavour })
    }

    /// The folder with its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The component that carries it, as a file to be named in a stack.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn component(&self) -> Result<String> {
        let mut text = format!("apiVersion: airgap/v1\nkind: Component\nname: {}\nfiles:\n", self.flavour);
        for entry in fs::read_dir(&self.folder).context("cannot read the folder of a release")? {
            let path = entry.context("cannot read the folder of a release")?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            text.push_str(&format!("  - path: {name}\n    file: {}\n", path.display()));
        }
        Ok(text)
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The program, without what only a debugger reads.
fn stripped() -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let file = folder.path().join("program");
    run(Command::new(tool("strip")?).arg("-o").arg(&file).arg(our_program("rig-distribution")?))?.success()?;
    fs::read(&file).context("cannot read the program of the stand-in")
}

fn make(folder: &Path, edition: &Edition, program: Vec<u8>) -> Result<()> {
    let busybox = Profile::Cluster.tree()?.join("bin/busybox");
    let busybox = fs::read(busybox).context("the tree of a node has no busybox")?;
    let (archive, list) = images::make(edition, &busybox, &tool("helm")?, &tool("coredns")?)?;
    let archive = zstd::encode_all(archive.as_slice(), 3).context("cannot compress images")?;
    let files = match edition.flavour {
        Flavour::Rke2 => [("rke2.linux-amd64.tar.gz", tarball(program)?), (IMAGES, archive), (LIST, list.into_bytes())],
        // k3s's release is the program itself; its install script writes the units.
        Flavour::K3s => {
            [("k3s", program), ("k3s-airgap-images-amd64.tar.zst", archive), ("k3s-images.txt", list.into_bytes())]
        }
    };
    let mut sums = String::new();
    for (name, content) in &files {
        write(folder, name, content)?;
        sums.push_str(&format!("{}  {name}\n", Digest::of(content).hex()));
    }
    write(folder, SUMS, sums.as_bytes())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    fs::write(folder.join(name), content).with_context(|| format!("cannot write {name}"))
}

/// What RKE2's install script unpacks.
fn tarball(program: Vec<u8>) -> Result<Vec<u8>> {
    let licence = fs::read(repository().join("LICENSE")).context("cannot read our licence")?;
    let unit = |name: &str, text: &str| Entry::file(&format!("lib/systemd/system/{name}"), 0o644, text);
    let entries = [
        Entry::file("bin/rke2", 0o755, program),
        Entry::file("bin/rke2-killall.sh", 0o755, include_str!("release/rke2-killall.sh")),
        Entry::file("bin/rke2-uninstall.sh", 0o755, include_str!("release/rke2-uninstall.sh")),
        unit("rke2-agent.env", ""),
        unit("rke2-agent.service", include_str!("release/rke2-agent.service")),
        unit("rke2-server.env", ""),
        unit("rke2-server.service", include_str!("release/rke2-server.service")),
        Entry::file("share/rke2/LICENSE.txt", 0o644, licence),
        Entry::file("share/rke2/rke2-cis-sysctl.conf", 0o644, include_str!("release/rke2-cis-sysctl.conf")),
    ];
    let tarball = archive::write(&entries, GzEncoder::new(Vec::new(), Compression::fast()))?;
    tarball.finish().context("cannot end an archive")
}
