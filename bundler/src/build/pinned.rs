//! What a stack's lock is to one build.

use std::path::PathBuf;

use manifests::Lock;
use manifests::yaml::Problem;

use super::error::BuildError;
use super::look::Looked;
use super::{BuildOptions, LockUse};
use crate::lock::{self, Folder, Pins, Update, moved, moved_on_disk};
use crate::resolve::Resolution;

/// The lock of a build.
pub(super) struct Pinned {
    stack: PathBuf,
    path: PathBuf,
    folder: Folder,
    how: LockUse,
    lock: Option<Lock>,
    pins: Pins,
}

impl Pinned {
    /// Reads the lock, if there is one.
    pub(super) fn read(options: &BuildOptions) -> Result<Self, BuildError> {
        let file = options.resolve.stack.clone();
        let (path, folder, how) = (lock::path(&file), Folder::of(&file), options.lock);
        let lock = lock::read(&path)?;
        match (how, &lock) {
            (LockUse::Required, None) => return Err(lock::LockFileError::Missing { path, stack: file }.into()),
            (LockUse::IfThere, None) => {
                tracing::info!("the stack has no lock: every name is looked up now (`airgap-bundle lock` pins them)");
            }
            _ => {}
        }
        let pins = Pins::new(lock.as_ref(), folder.clone(), &Update::Nothing)?;
        Ok(Self { stack: file, path, folder, how, lock, pins })
    }

    /// Holds the lock against the stack, with what its charts refer to.
    pub(super) fn hold(&self, looked: &Looked) -> Result<(), BuildError> {
        let Some(lock) = &self.lock else { return Ok(()) };
        let mut problems = looked.moved.clone();
        problems.extend(moved(&looked.stack, lock, &self.folder));
        if self.is_required() && !problems.is_empty() {
            return Err(BuildError::Moved { lock: self.path.clone(), stack: self.stack.clone(), problems });
        }
        self.warn(&problems);
        Ok(())
    }

    /// The lock, where nothing else decides.
    pub(super) fn required(&self) -> Option<&Lock> {
        self.lock.as_ref().filter(|_| self.is_required())
    }

    /// The folder that the lock's paths are relative to.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What the lock decides.
    pub(super) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Holds what was found against the lock, or writes it there.
    pub(super) fn settle(&self, looked: &Looked, resolution: &Resolution) -> Result<(), BuildError> {
        let made = lock::make(&looked.stack, &looked.seen, resolution, &self.pins, &self.folder);
        if self.how == LockUse::Written {
            lock::write(&self.path, &made)?;
            return Ok(());
        }
        let Some(lock) = &self.lock else { return Ok(()) };
        let problems = moved_on_disk(&looked.stack, lock, &made, &self.folder);
        if self.is_required() && !problems.is_empty() {
            return Err(BuildError::Moved { lock: self.path.clone(), stack: self.stack.clone(), problems });
        }
        self.warn(&problems);
        Ok(())
    }

    /// Whether nothing but the lock decides: then another look at upstream finds the same.
    pub(super) fn is_required(&self) -> bool {
        self.how == LockUse::Required
    }

    fn warn(&self, problems: &[Problem]) {
        for problem in problems {
            tracing::warn!(lock = %self.path.display(), "not as locked: {problem}");
        }
    }

    /// The lock, where there is one by now.
    pub(super) fn used(&self) -> Option<PathBuf> {
        (self.lock.is_some() || self.how == LockUse::Written).then(|| self.path.clone())
    }

    /// What helps when content can't be had.
    pub(super) fn help_when_unfetched(&self) -> &'static str {
        match self.lock {
            None => "what came is kept: run the same command again, and it goes on where it was",
            Some(_) => {
                "what came is kept: run the same command again, and it goes on where it was. What upstream has dropped since \
                 it was locked can come from an earlier bundle (`--reuse`) or from the cache, or be locked anew"
            }
        }
    }
}
