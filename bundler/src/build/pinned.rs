//! What a stack's lock is to one build.

use std::path::PathBuf;

use manifests::Lock;
use manifests::yaml::Problem;

use super::error::BuildError;
use super::{BuildOptions, LockUse};
use crate::lock::{self, Folder, Pins, Update, moved, moved_on_disk};
use crate::resolve::Resolution;
use crate::resolve::stack::ResolvedStack;

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
    /// Reads the lock, if there is one, and holds it against the stack.
    pub(super) fn look(options: &BuildOptions, stack: &ResolvedStack) -> Result<Self, BuildError> {
        let file = options.resolve.stack.clone();
        let (path, folder, how) = (lock::path(&file), Folder::of(&file), options.lock);
        let lock = lock::read(&path)?;
        let problems = lock.as_ref().map(|lock| moved(stack, lock, &folder)).unwrap_or_default();
        match (how, &lock) {
            (LockUse::Required, None) => return Err(lock::LockFileError::Missing { path, stack: file }.into()),
            (LockUse::Required, Some(_)) if !problems.is_empty() => {
                return Err(BuildError::Moved { lock: path, stack: file, problems });
            }
            (LockUse::IfThere, None) => {
                tracing::info!("the stack has no lock: every name is looked up now (`airgap-bundle lock` pins them)");
            }
            _ => {}
        }
        let pins = Pins::new(lock.as_ref(), folder.clone(), &Update::Nothing)?;
        let pinned = Self { stack: file, path, folder, how, lock, pins };
        pinned.warn(&problems);
        Ok(pinned)
    }

    /// What the lock decides.
    pub(super) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Holds what was found against the lock, or writes it there.
    pub(super) fn settle(&self, stack: &ResolvedStack, resolution: &Resolution) -> Result<(), BuildError> {
        let made = lock::make(stack, resolution, &self.pins, &self.folder);
        if self.how == LockUse::Written {
            lock::write(&self.path, &made)?;
            return Ok(());
        }
        let Some(lock) = &self.lock else { return Ok(()) };
        let problems = moved_on_disk(stack, lock, &made, &self.folder);
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
