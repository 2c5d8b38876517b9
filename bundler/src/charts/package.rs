//! Packages a local directory as a chart's archive, the same bytes on any machine.
//!
//! Takes the files that `helm package` takes (`.helmignore` honoured, links followed), sorted, with one time, one mode
//! and no owner. `Chart.yaml` stands first and keeps its bytes.
//!
//! Helm follows links anywhere and warns. Here a link that leaves the chart's folder is refused: who writes charts is
//! not always who builds and signs, and must not be able to put files of the building machine into what is signed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use jiff::Timestamp;

use super::archive::{self, ArchiveError, MAX_MEMBERS, MAX_UNPACKED};
use super::ignore::{IgnoreError, IgnoreRules};
use super::metadata::{Metadata, MetadataError};

/// How deep folders may be nested: links may form a circle.
const MAX_DEPTH: usize = 32;

/// A packaged chart.
#[derive(Debug, Clone)]
pub struct Package {
    /// What the chart says about itself.
    pub metadata: Metadata,
    /// The archive's bytes.
    pub archive: Vec<u8>,
}

/// Packages the chart in a directory; every member gets the time `created`.
///
/// # Errors
/// [`PackageError`] for what can't be read, is no chart, is too large, or lacks a chart that it depends on.
pub fn package(directory: &Path, created: Timestamp) -> Result<Package, PackageError> {
    let root = resolve(directory)?;
    let mut walk = Walk { root, files: BTreeMap::new(), rules: read_rules(directory)? };
    walk.directory(directory, "", 0)?;
    let files = walk.files;
    let own = |name: &str| files.get(name).map(|path| read(path)).transpose();
    let chart = own("Chart.yaml")?.ok_or_else(|| PackageError::NoChart(directory.to_owned()))?;
    let metadata = Metadata::parse(&chart, own("requirements.yaml")?.as_deref()).map_err(PackageError::Metadata)?;
    check_dependencies(&metadata, &files)?;
    let archive = write(&metadata.name, &files, created)?;
    // What was written has to pass for what every other chart has to pass for.
    archive::read_metadata(&*archive).map_err(PackageError::Archive)?;
    Ok(Package { metadata, archive })
}

struct Walk {
    /// The chart's folder, without links.
    root: PathBuf,
    /// The path in the chart, and where the file is.
    files: BTreeMap<String, PathBuf>,
    rules: IgnoreRules,
}

impl Walk {
    fn directory(&mut self, directory: &Path, prefix: &str, depth: usize) -> Result<(), PackageError> {
        if depth > MAX_DEPTH {
            return Err(PackageError::TooDeep(directory.to_owned()));
        }
        let failed = |source| PackageError::Read { path: directory.to_owned(), source };
        for entry in fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                return Err(PackageError::Name(path));
            };
            let name = format!("{prefix}{name}");
            let kind = fs::metadata(&path).map_err(|source| PackageError::Read { path: path.clone(), source })?;
            if self.rules.ignore(&name, kind.is_dir()) {
                continue;
            }
            if entry.file_type().map_err(failed)?.is_symlink() {
                self.check_link(&path)?;
            }
            if kind.is_dir() {
                self.directory(&path, &format!("{name}/"), depth + 1)?;
            } else if !kind.is_file() {
                return Err(PackageError::Special(path));
            } else if self.files.len() >= MAX_MEMBERS {
                return Err(PackageError::Archive(ArchiveError::TooManyMembers));
            } else {
                self.files.insert(name, path);
            }
        }
        Ok(())
    }

    fn check_link(&self, link: &Path) -> Result<(), PackageError> {
        let target = resolve(link)?;
        if target.starts_with(&self.root) {
            return Ok(());
        }
        Err(PackageError::Outside { link: link.to_owned(), target })
    }
}

/// Where a path leads when all links in it are followed.
fn resolve(path: &Path) -> Result<PathBuf, PackageError> {
    fs::canonicalize(path).map_err(|source| PackageError::Read { path: path.to_owned(), source })
}

fn read_rules(directory: &Path) -> Result<IgnoreRules, PackageError> {
    let path = directory.join(".helmignore");
    // Opening a pipe would wait for a writer.
    let text = match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => return Err(PackageError::Special(path)),
        _ => fs::read_to_string(&path),
    };
    let text = match text {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|source| PackageError::Read { path, source })?,
    };
    IgnoreRules::parse(&text).map_err(PackageError::Ignore)
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    let failed = |source| PackageError::Read { path: path.to_owned(), source };
    let mut content = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    let count = file.take(MAX_UNPACKED + 1).read_to_end(&mut content).map_err(failed)?;
    if count as u64 > MAX_UNPACKED { Err(PackageError::Archive(ArchiveError::TooLarge)) } else { Ok(content) }
}

/// Every chart that `Chart.yaml` depends on has to lie in `charts/`: at the site there is nothing to fetch it from.
fn check_dependencies(metadata: &Metadata, files: &BTreeMap<String, PathBuf>) -> Result<(), PackageError> {
    let mut present = Vec::new();
    for (name, path) in files.range("charts/".to_owned()..) {
        let Some(rest) = name.strip_prefix("charts/") else { break };
        let metadata = match rest.split_once('/') {
            None if rest.ends_with(".tgz") => archive::read_metadata(&*read(path)?)
                .map_err(|source| PackageError::Dependency { path: path.clone(), source })?,
            Some((_, "Chart.yaml")) => Metadata::parse(&read(path)?, None).map_err(PackageError::Metadata)?,
            _ => continue,
        };
        present.push(metadata.name);
    }
    let missing: Vec<String> =
        metadata.dependencies.iter().map(|d| d.name.clone()).filter(|name| !present.contains(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(PackageError::MissingDependencies(missing)) }
}

fn write(chart: &str, files: &BTreeMap<String, PathBuf>, created: Timestamp) -> Result<Vec<u8>, PackageError> {
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(9));
    let mut tar = tar::Builder::new(gzip);
    let in_memory = |source| PackageError::Write { source };
    let first = files.get_key_value("Chart.yaml");
    let rest = files.iter().filter(|(name, _)| *name != "Chart.yaml");
    let mut total = 0;
    for (name, path) in first.into_iter().chain(rest) {
        let content = read(path)?;
        total += content.len() as u64;
        if total > MAX_UNPACKED {
            return Err(PackageError::Archive(ArchiveError::TooLarge));
        }
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(created.as_second()).unwrap_or(0));
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, format!("{chart}/{name}"), &*content).map_err(in_memory)?;
    }
    let mut gzip = tar.into_inner().map_err(in_memory)?;
    gzip.flush().map_err(in_memory)?;
    gzip.finish().map_err(in_memory)
}

/// A directory that can't be packaged as a chart.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum PackageError {
    /// There is no `Chart.yaml`.
    #[error("{} is not a chart: it has no Chart.yaml", .0.display())]
    NoChart(PathBuf),
    /// A file or folder can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Charts have UTF-8 names alone.
    #[error("the name of {} is not UTF-8", .0.display())]
    Name(PathBuf),
    /// A device, a socket or a pipe.
    #[error("{} is neither a file nor a folder", .0.display())]
    #[diagnostic(help("a chart holds files and folders: remove it, or leave it out with .helmignore"))]
    Special(PathBuf),
    /// A link out of the chart's folder.
    #[error("{} leads out of the chart's folder, to {}", .link.display(), .target.display())]
    #[diagnostic(help(
        "put a copy of what it leads to into the chart's folder, or leave the link out with .helmignore"
    ))]
    Outside {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// Too many folders in folders.
    #[error("{} is nested too deep: links may form a circle", .0.display())]
    TooDeep(PathBuf),
    /// `.helmignore` is not valid.
    #[error(transparent)]
    Ignore(IgnoreError),
    /// `Chart.yaml` is not valid.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Metadata(MetadataError),
    /// An archive in `charts/` is none.
    #[error("can't read the dependency {}", path.display())]
    Dependency {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: ArchiveError,
    },
    /// Dependencies have not been fetched.
    #[error("Chart.yaml depends on charts that are not in charts/: {}", .0.join(", "))]
    #[diagnostic(help("run `helm dependency build` in the chart's directory, then build the bundle again"))]
    MissingDependencies(Vec<String>),
    /// The archive goes beyond a limit.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Archive(ArchiveError),
    /// The archive can't be written.
    #[error("can't write the chart's archive")]
    Write {
        /// Why.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests;
