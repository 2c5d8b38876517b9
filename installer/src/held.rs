//! Whether a generation is still what was imported: every byte of it is read again.

use registry::store::{Generation, Unreadable};

use crate::import::{ImportError, check};
use crate::stop::{Interrupted, Stop};

/// A generation that is not what was imported any more.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("generation {number}{what} is not whole")]
pub struct Broken {
    /// Its number.
    pub number: u32,
    /// Its bundle, where that is known: ` (name version)`.
    what: String,
    #[source]
    #[diagnostic_source]
    source: ImportError,
}

/// Checks every byte of a generation. `progress` is told of bytes of the archive as they are done.
///
/// # Errors
/// [`Interrupted`], after `stop`.
pub fn examine(
    generation: &Generation,
    threads: usize,
    stop: &Stop,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Option<Broken>, Interrupted> {
    let opened = generation.open().map_err(ImportError::from);
    let source = match opened.and_then(|bundle| check(&bundle, threads, stop, progress)) {
        Ok(()) => return Ok(None),
        Err(ImportError::Interrupted(interrupted)) => return Err(interrupted),
        Err(ImportError::Damaged(damages)) => ImportError::Damaged(damages.without_help()),
        Err(other) => other,
    };
    let receipt = &generation.receipt;
    let what = format!(" ({} {})", receipt.name, receipt.version);
    Ok(Some(Broken { number: generation.number, what, source }))
}

impl From<Unreadable> for Broken {
    fn from(Unreadable { number, source, .. }: Unreadable) -> Self {
        Self { number, what: String::new(), source: source.into() }
    }
}
