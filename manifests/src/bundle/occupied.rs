//! What has the name already that something is to be written to: a bundle takes the place of a bundle, and of nothing
//! else.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::limits;
use super::reader::{OpenError, UnverifiedBundle};
use super::volume::{self, SetDocument};
use super::writer::{journal, with_ending};
use crate::signature;

/// A name that is taken by something that must not be replaced.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum OccupiedError {
    /// A folder, a link, a device.
    #[error("`{path}` is {what}", path = path.display())]
    #[diagnostic(code(usage), help("name a file, such as platform.tar.zst"))]
    NotAFile {
        /// What is there.
        path: PathBuf,
        /// Its kind.
        what: &'static str,
    },
    /// A file with something else in it.
    #[error("`{path}` is there and is no {expected}", path = path.display())]
    #[diagnostic(code(usage), help("name another file, or remove this one first"))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What may be replaced.
        expected: &'static str,
        /// What is wrong with it.
        #[source]
        source: Option<Box<OpenError>>,
    },
    /// It can't be read.
    #[error("can't read `{path}`, which would be replaced", path = path.display())]
    #[diagnostic(code(usage), help("name another file"))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Makes sure that a bundle may be written to `target`; with `in_volumes` its volumes, whatever their number, and
/// their set document. Returns the bundle that has the name, in one file or in volumes, where it can be opened.
///
/// # Errors
/// [`OccupiedError`] for the first name that is taken by something else.
pub fn check_target(target: &Path, in_volumes: bool) -> Result<Option<UnverifiedBundle>, OccupiedError> {
    check_unfinished(target)?;
    if !in_volumes && is_taken(target)? {
        return open(target).map(Some);
    }
    if in_volumes {
        volume::names(target).try_for_each(|name| check_volume(&name))?;
        if let Some(first) = volume::names(target).next() {
            check_set_document(&first)?;
        }
    }
    Ok(UnverifiedBundle::open(&[target]).ok())
}

/// Makes sure that what an unfinished bundle is written to beside its name belongs to one: the journal, and the file or
/// the first volume. There is no such file without a journal.
pub(crate) fn check_unfinished(target: &Path) -> Result<(), OccupiedError> {
    let journal = journal::path_of(target);
    let has_journal = is_taken(&journal)?;
    if has_journal && !journal::is_one(&start(&journal)?) {
        return Err(foreign(&journal, "journal of an unfinished bundle", None));
    }
    for name in [Some(target.to_owned()), volume::names(target).next()].into_iter().flatten() {
        let partial = with_ending(&name, ".partial");
        if is_taken(&partial)? && !has_journal {
            return Err(foreign(&partial, "unfinished bundle", None));
        }
    }
    Ok(())
}

/// Makes sure that a bundle in one file may be written to `path`.
pub(crate) fn check_file(path: &Path) -> Result<(), OccupiedError> {
    if is_taken(path)? { open(path).map(drop) } else { Ok(()) }
}

/// Makes sure that a volume may be written to `path`.
pub(crate) fn check_volume(path: &Path) -> Result<(), OccupiedError> {
    if !is_taken(path)? || volume::is_volume(path) {
        return Ok(());
    }
    Err(foreign(path, "volume of a bundle", None))
}

/// Makes sure that the set document of the volumes that start with `first`, and its signatures, may be written.
///
/// # Errors
/// [`OccupiedError`].
pub fn check_set_document(first: &Path) -> Result<(), OccupiedError> {
    let [document, signatures] = volume::set_names(first);
    if is_taken(&document)? && SetDocument::parse(&start(&document)?).is_err() {
        return Err(foreign(&document, "list of a bundle's volumes", None));
    }
    if is_taken(&signatures)? && !start(&signatures)?.starts_with(signature::ARMOUR_START.as_bytes()) {
        return Err(foreign(&signatures, "signature", None));
    }
    Ok(())
}

/// Whether there is a file. A link is not followed: its name would be replaced, not the file.
fn is_taken(path: &Path) -> Result<bool, OccupiedError> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(false) };
    let refused = |what| Err(OccupiedError::NotAFile { path: path.to_owned(), what });
    match metadata.file_type() {
        kind if kind.is_dir() => refused("a folder"),
        kind if kind.is_symlink() => refused("a link"),
        kind if !kind.is_file() => refused("a device, a socket or a pipe"),
        _ => Ok(true),
    }
}

/// Opens the bundle in one file. A single volume is none, also where the others are beside it.
fn open(path: &Path) -> Result<UnverifiedBundle, OccupiedError> {
    match UnverifiedBundle::open(&[path]) {
        Ok(bundle) if bundle.paths() == [path] => Ok(bundle),
        Ok(_) => Err(foreign(path, "bundle in one file", None)),
        Err(source) => Err(foreign(path, "bundle", Some(source))),
    }
}

/// As much of a file as a set document may have, and a byte more.
fn start(path: &Path) -> Result<Vec<u8>, OccupiedError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limits::SET_DOCUMENT_SIZE + 1).read_to_end(&mut bytes));
    read.map_err(|source| OccupiedError::Unreadable { path: path.to_owned(), source })?;
    Ok(bytes)
}

fn foreign(path: &Path, expected: &'static str, source: Option<OpenError>) -> OccupiedError {
    OccupiedError::Foreign { path: path.to_owned(), expected, source: source.map(Box::new) }
}
