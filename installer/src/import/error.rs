//! Why a bundle was not taken in.

use std::io;
use std::path::{Path, PathBuf};

use manifests::bundle::Damage;
use manifests::bundle::reader::OpenError;
use registry::store::StoreError;

use crate::stop::Interrupted;

/// Why a bundle was not taken in. Nothing of it is served then.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ImportError {
    /// Somebody asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The bundle can't be read to its end.
    #[error("cannot read `{}`", path.display())]
    #[diagnostic(help(
        "was the medium removed, or is it worn out? Put it back, or carry it again, and run the same command: it goes on \
         where it was"
    ))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The disk is full.
    #[error("no room left on the disk that holds `{}`; nothing of the bundle is served", path.display())]
    #[diagnostic(help("make room and run the same command: it goes on where it was"))]
    Full {
        /// What was written.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The disk refuses otherwise.
    #[error("cannot write to `{}`; nothing of the bundle is served", path.display())]
    #[diagnostic(help("see to the disk and run the same command: it goes on where it was"))]
    Write {
        /// What was written.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The bundle's content is not what its document says.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Damaged(#[from] Damages),
    /// The copy can't be opened.
    #[error("cannot open what was copied")]
    Copy(
        #[from]
        #[diagnostic_source]
        OpenError,
    ),
    /// The store refuses.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// An error of the disk.
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, source },
            _ => Self::Write { path, source },
        }
    }
}

/// Everything that is damaged in a bundle.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the bundle is damaged in {} place{}", places.len() + more, if places.len() + more == 1 { "" } else { "s" })]
pub struct Damages {
    /// The first of them.
    #[related]
    places: Vec<Place>,
    more: usize,
    #[help]
    help: Option<&'static str>,
}

/// One thing that is damaged.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what}{}: {problem}", volume.as_ref().map(|volume| format!(" in {volume}")).unwrap_or_default())]
struct Place {
    what: String,
    volume: Option<String>,
    problem: String,
}

impl Damages {
    /// How many places are named.
    const SHOWN: usize = 20;
    /// What to do about those of a bundle that was carried in.
    const CARRY: &str = "carry the damaged file again and run the same command: what was whole is not read again";

    /// Refuses a bundle with damages.
    ///
    /// # Errors
    /// [`Damages`] unless `damages` is empty.
    pub fn none_of(damages: Vec<Damage>) -> Result<(), Self> {
        if damages.is_empty() {
            return Ok(());
        }
        let more = damages.len().saturating_sub(Self::SHOWN);
        let place = |Damage { what, volume, problem }| Place { what, volume, problem };
        let places = damages.into_iter().take(Self::SHOWN).map(place).collect();
        Err(Self { places, more, help: Some(Self::CARRY) })
    }

    /// The same without a word on what to do, for whoever says that itself.
    pub(crate) fn without_help(self) -> Self {
        Self { help: None, ..self }
    }
}
