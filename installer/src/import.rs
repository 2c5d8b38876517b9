//! Taking a bundle in: its files become a generation's, and every byte is checked on the way.
//!
//! ```text
//! <state>/generations/.incoming-<hex>/bundle.tar.zst   written at any place, many at a time
//! <state>/generations/.incoming-<hex>/verified         which blobs lie there, synced and checked
//! ```
//!
//! A kill at any moment leaves this folder, which nobody serves; the next run passes over what `verified` names. The
//! rename to a number is what makes it a generation.

mod error;
mod ledger;
mod target;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use manifests::Digest;
use manifests::bundle::{CopyError, UnverifiedBundle, VerifiedBundle};
use registry::store::{Generation, Receipt, SignedBy, Store, StoreLock};

pub use error::{Damages, ImportError};

use crate::place::Method;
use crate::stop::Stop;
use ledger::Ledger;
use target::{Here, Nowhere};

/// The bundle's file in a generation, when it is one.
const FILE_NAME: &str = "bundle.tar.zst";

/// An import, ready to run.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// Where it goes.
    pub store: &'a Store,
    /// The right to change that.
    pub lock: &'a StoreLock,
    /// What is taken in.
    pub bundle: &'a VerifiedBundle,
    /// How.
    pub method: Method,
    /// A generation that is the same bundle and is not whole any more: it goes once this one is there.
    pub broken: Option<u32>,
    /// With how many threads.
    pub threads: usize,
    /// Asks it to end.
    pub stop: &'a Stop,
}

/// How many bytes of a bundle an earlier, broken import left on the disk.
pub fn present(store: &Store, bundle: &Digest) -> u64 {
    let Ok(entries) = fs::read_dir(store.incoming_path(bundle)) else { return 0 };
    entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|file| file.blocks() * 512).sum()
}

impl Import<'_> {
    /// Takes the bundle in. `progress` is told of bytes of the archive as they are done.
    ///
    /// # Errors
    /// [`ImportError`]; what was verified by then stays, and is not read again by the next run.
    pub fn run(&self, now: Timestamp, progress: &(dyn Fn(u64) + Sync)) -> Result<Generation, ImportError> {
        let digest = self.bundle.document_digest();
        self.store.sweep(self.lock, Some(&digest))?;
        let incoming = self.store.incoming(self.lock, &digest)?;
        let folder = incoming.path().to_owned();
        let files = match self.method {
            Method::InPlace => {
                check(self.bundle, self.threads, self.stop, progress)?;
                self.paths_in_place()?
            }
            Method::Reflink | Method::Hardlink => {
                let files = self.link(&folder)?;
                let linked = self.bundle.open_copy(&absolute(&folder, &files))?;
                check(&linked, self.threads, self.stop, progress)?;
                files
            }
            Method::Copy => self.copy(&folder, progress)?,
        };
        self.stop.check()?;
        let generation = incoming.commit(self.lock, &self.receipt(files, now))?;
        self.remove_broken(&generation)?;
        Ok(generation)
    }

    /// Removes what is left of the same bundle where it is known to be damaged or its files are gone.
    fn remove_broken(&self, by: &Generation) -> Result<(), ImportError> {
        let same = |other: &Generation| other.number != by.number && other.receipt.bundle == by.receipt.bundle;
        let (generations, unreadable) = self.store.look()?;
        for other in generations.into_iter().filter(same) {
            if self.broken == Some(other.number) || other.open().is_err() {
                self.store.remove(self.lock, other.number)?;
            }
        }
        // Without a receipt only the archive can tell that it is the same bundle.
        for other in unreadable.iter().filter(|other| digest_in(&other.path) == Some(by.receipt.bundle)) {
            self.store.remove(self.lock, other.number)?;
        }
        Ok(())
    }

    /// Copies and checks in one pass.
    fn copy(&self, folder: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<Vec<PathBuf>, ImportError> {
        let sizes = self.sizes()?;
        let names = names(sizes.len());
        let ledger = Ledger::open(folder, &names, &sizes).map_err(|source| ImportError::write(folder, source))?;
        let here = Here::open(folder, &names, &sizes, &ledger, self.stop);
        let here = here.map_err(|source| ImportError::write(folder, source))?;
        let damages = here.take(|target| self.bundle.copy_checked(target, self.threads, progress));
        let damages = damages.map_err(|source| ImportError::write(folder, source))?;
        Damages::none_of(damages.map_err(|error| ended(error, folder, self.stop))?)?;
        Damages::none_of(self.bundle.open_copy(&absolute(folder, &names))?.check_around())?;
        ledger.remove().map_err(|source| ImportError::write(folder, source))?;
        Ok(names)
    }

    /// Gives the files second names, or names for copies that share their blocks.
    fn link(&self, folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
        clear(folder).map_err(|source| ImportError::write(folder, source))?;
        let sources = self.bundle.files();
        let names = names(sources.len());
        for ((path, file), name) in sources.iter().zip(&names) {
            let target = folder.join(name);
            let linked = match self.method {
                Method::Hardlink => crate::place::hardlink(path, file, &target),
                _ => crate::place::reflink(file, &target),
            };
            linked.map_err(|source| ImportError::write(&target, source))?;
        }
        Ok(names)
    }

    /// Where the bundle lies, by names that hold from any folder.
    fn paths_in_place(&self) -> Result<Vec<PathBuf>, ImportError> {
        let absolute = |(path, _): (PathBuf, _)| {
            fs::canonicalize(&path).map_err(|source| ImportError::Read { path: path.clone(), source })
        };
        self.bundle.files().into_iter().map(absolute).collect()
    }

    fn sizes(&self) -> Result<Vec<u64>, ImportError> {
        let size = |(path, file): (PathBuf, std::sync::Arc<File>)| {
            file.metadata().map(|file| file.len()).map_err(|source| ImportError::Read { path, source })
        };
        self.bundle.files().into_iter().map(size).collect()
    }

    fn receipt(&self, files: Vec<PathBuf>, now: Timestamp) -> Receipt {
        let document = self.bundle.document();
        Receipt {
            bundle: self.bundle.document_digest(),
            name: document.name.clone(),
            version: document.version.clone(),
            created: document.created,
            imported_at: now,
            signers: self.bundle.signers().iter().map(SignedBy::from).collect(),
            archive_size: self.bundle.archive_size(),
            content_size: document.content_size(),
            files,
        }
    }
}

/// Checks every byte of an archive where it lies. `progress` is told of bytes of the archive as they are done.
///
/// # Errors
/// [`ImportError::Damaged`] for what is not as the document says, [`ImportError::Read`], [`ImportError::Interrupted`].
pub fn check(
    bundle: &VerifiedBundle,
    threads: usize,
    stop: &Stop,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), ImportError> {
    let damages = bundle.copy_checked(&Nowhere(stop), threads, progress);
    let mut damages = damages.map_err(|error| ended(error, Path::new(""), stop))?;
    damages.extend(bundle.check_around());
    Ok(Damages::none_of(damages)?)
}

fn ended(error: CopyError, folder: &Path, stop: &Stop) -> ImportError {
    match error {
        CopyError::Write(_) if stop.asked() => ImportError::Interrupted(crate::stop::Interrupted),
        CopyError::Write(source) => ImportError::write(folder, source),
        CopyError::Read { path, source } => ImportError::Read { path, source },
    }
}

/// Which bundle lies in a generation's folder, if one can be opened there.
fn digest_in(folder: &Path) -> Option<Digest> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(FILE_NAME.as_bytes())));
    Some(UnverifiedBundle::open(&files).ok()?.document_digest())
}

/// The names of a bundle's files in a generation.
fn names(count: usize) -> Vec<PathBuf> {
    match count {
        1 => vec![FILE_NAME.into()],
        _ => (1..=count).map(|number| format!("{FILE_NAME}.{number:03}").into()).collect(),
    }
}

fn absolute(folder: &Path, files: &[PathBuf]) -> Vec<PathBuf> {
    files.iter().map(|file| folder.join(file)).collect()
}

/// Empties a folder of an import that went another way before.
fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}
