//! Archives of packages: all suites that stacks name, with the packages that they ask for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bundler::resolve::ResolvedStack;
use manifests::component::{KeySource, PackageRepository};

use super::server::Reply;
use crate::machine::Machine;

/// No system is without one that is essential.
const ESSENTIAL: &str = "base-files";

/// Packages, and a key for all archives.
#[derive(Debug)]
pub(super) struct Packages {
    /// A folder for each host, and in it what that has.
    root: PathBuf,
    keyrings: PathBuf,
}

impl Packages {
    /// Those that stacks ask for, made in the folder of `host`.
    pub(super) fn of(stacks: &[ResolvedStack], host: &Machine) -> Result<Self> {
        let made = Self { root: host.path("archives"), keyrings: host.path("keyrings") };
        fs::create_dir_all(&made.keyrings).context("cannot make a folder")?;
        let systems = || stacks.iter().flat_map(|stack| &stack.systems);
        let wanted = systems().flat_map(|system| &system.packages).map(|package| package.name.as_str());
        let names: BTreeSet<&str> = wanted.chain([ESSENTIAL]).collect();
        let pool = host.path("pool");
        fs::create_dir_all(&pool).context("cannot make a folder")?;
        for name in names {
            package(host, &pool, name)?;
        }
        let gpg = ["--batch", "--pinentry-mode", "loopback"];
        let key = ["--passphrase", "", "--quick-generate-key", "archive@example.org", "ed25519", "sign", "never"];
        host.run("gpg", &[&gpg[..], &key].concat())?;
        let mut published = BTreeSet::new();
        for (system, repository) in systems().flat_map(|system| system.repositories.iter().map(move |it| (system, it)))
        {
            made.key(host, &repository.key)?;
            if published.insert((repository.url.clone(), system.series.to_string())) {
                made.publish(host, &pool, repository, system.series.as_str())?;
            }
        }
        host.run("gpgconf", &["--kill", "gpg-agent"])?;
        Ok(made)
    }

    /// A folder with the key under all names that stacks have for one.
    pub(super) fn keyrings(&self) -> &Path {
        &self.keyrings
    }

    pub(super) fn answer(&self, place: &str) -> Option<Reply> {
        let is_plain = place.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let file = self.root.join(place);
        (is_plain && file.is_file()).then(|| fs::read(file).ok()).flatten().map(|bytes| Reply::new("text/plain", bytes))
    }

    fn key(&self, host: &Machine, key: &KeySource) -> Result<()> {
        let KeySource::File(path) = key else { return Ok(()) };
        let name = path.file_name().context("a key without a name")?;
        let to = self.keyrings.join(name).display().to_string();
        host.run("gpg", &["--batch", "--yes", "--output", &to, "--export"])?;
        Ok(())
    }

    /// Puts all suites of a repository where it is read: with all packages in the first part of the first, and no others.
    fn publish(&self, host: &Machine, pool: &Path, repository: &PackageRepository, series: &str) -> Result<()> {
        let url = repository.snapshot.as_ref().unwrap_or(&repository.url);
        let place = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
        let root = self.root.join(place.trim_end_matches('/'));
        fs::create_dir_all(&root).context("cannot make a folder")?;
        let (root, pool) = (root.display().to_string(), pool.display().to_string());
        host.run("cp", &["--recursive", &pool, &root])?;
        for (number, suite) in repository.suites.iter().enumerate() {
            let folder = format!("{root}/dists/{suite}");
            for (part, name) in repository.components.iter().enumerate() {
                let folder = format!("{folder}/{name}/binary-amd64");
                fs::create_dir_all(&folder).context("cannot make a folder")?;
                let index = if (number, part) == (0, 0) {
                    host.run("sh", &["-c", "cd \"$1\" && apt-ftparchive packages pool", "sh", &root])?
                } else {
                    String::new()
                };
                fs::write(format!("{folder}/Packages"), index).context("cannot write an index")?;
                host.run("xz", &["--keep", &format!("{folder}/Packages")])?;
            }
            let parts = format!("Components={}", repository.components.join(" "));
            let (codename, name) = (format!("Codename={series}"), format!("Suite={suite}"));
            let options = [parts, codename, name, "Architectures=amd64".to_owned()];
            let options = options.map(|option| format!("APT::FTPArchive::Release::{option}"));
            let mut words: Vec<&str> = options.iter().flat_map(|option| ["-o", option]).collect();
            words.extend(["release", &folder]);
            let release = host.run("apt-ftparchive", &words)?;
            fs::write(format!("{folder}/Release"), release).context("cannot write a release")?;
            let (signed, from) = (format!("{folder}/InRelease"), format!("{folder}/Release"));
            host.run("gpg", &["--batch", "--output", &signed, "--clearsign", &from])?;
        }
        Ok(())
    }
}

/// Makes a package that depends on nothing.
fn package(host: &Machine, pool: &Path, name: &str) -> Result<()> {
    let more = if name == ESSENTIAL { "Priority: required\nEssential: yes\n" } else { "Priority: optional\n" };
    let control = format!(
        "Package: {name}\nVersion: 1.0\nArchitecture: amd64\nMaintainer: Nobody <nobody@example.org>\n{more}Description: a \
         package for a test\n"
    );
    let control = host.write(format!("build/{name}/DEBIAN/control"), control)?;
    let folder = control.ancestors().nth(2).context("a package without a folder")?.display().to_string();
    let file = pool.join(format!("{name}_1.0_amd64.deb")).display().to_string();
    host.run("dpkg-deb", &["--root-owner-group", "-Zxz", "--build", &folder, &file])?;
    Ok(())
}
