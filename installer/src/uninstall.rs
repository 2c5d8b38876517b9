//! Taking away what installations made, and saying what stays.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use registry::store::{Store, StoreError};

use crate::event::{self, Event, Record, Sink as _};
use crate::journal::Journal;
use crate::receipt;
use crate::service::{Service, Serving, Settings, ThisMachine, UnitError, serving, systemd_runs};

/// What went and what stayed.
#[derive(Debug, Default)]
pub struct Kept {
    /// What was removed.
    pub removed: Vec<PathBuf>,
    /// What was kept, and what it is.
    pub kept: Vec<(PathBuf, &'static str)>,
}

/// Why nothing, or not everything, was removed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum UninstallError {
    /// A server runs in another process.
    #[error("process {pid} serves `{}`", state.display())]
    #[diagnostic(help("stop it first: kill {pid}"))]
    Serving {
        /// The process.
        pid: u32,
        /// The state directory.
        state: PathBuf,
    },
    /// The store refuses.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    /// The unit can't be taken away.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unit(#[from] UnitError),
}

/// What an installation makes in the state directory, in the order of removal.
const MADE: [&str; 7] = ["generations", "git", "tls", "auth", "bin", "site.json", "serving.json"];
/// What stays unless all is to go, and why it matters.
const PRECIOUS: [(&str, &str); 7] = [
    ("ca", "the certificate authority that nodes trust"),
    ("apt", "the key that signs packages, which nodes trust"),
    (receipt::FOLDER, "the key that signs receipts, which others trust"),
    ("cluster", "what nodes join the cluster by, and how its API is reached"),
    ("known_hosts", "the host keys of nodes"),
    ("floors.json", "the versions below which no bundle is accepted"),
    ("journal.jsonl", "what was done to this site"),
];

/// Stops the server and removes the state; with `purge` also what is precious.
///
/// # Errors
/// [`UninstallError`] when a server runs that is not ours to stop, or when something can't be removed.
pub fn run(store: &Store, purge: bool, now: Timestamp) -> Result<Kept, UninstallError> {
    let state = store.root();
    if let Some(Serving { pid, .. }) = serving(state) {
        return Err(UninstallError::Serving { pid, state: state.to_owned() });
    }
    let mut result = Kept::default();
    if !state.is_dir() {
        return Ok(result);
    }
    let lock = store.lock()?;
    if !purge {
        journal(state, now).map_err(|source| StoreError::Io {
            action: "write the journal in",
            path: state.to_owned(),
            source,
        })?;
    }
    if systemd_runs() {
        result.removed.extend(Service::new(state, &Settings::default(), &ThisMachine).uninstall()?);
    }
    for name in MADE {
        remove(&state.join(name), &mut result)?;
    }
    for (name, what) in PRECIOUS {
        let path = state.join(name);
        if purge {
            remove(&path, &mut result)?;
        } else if path.exists() {
            result.kept.push((path, what));
        }
    }
    drop(lock);
    if result.kept.is_empty() {
        let _ = fs::remove_file(state.join("lock"));
        // What is not ours stays, and the folder with it.
        if fs::remove_dir(state).is_ok() {
            result.removed.push(state.to_owned());
        }
    }
    Ok(result)
}

/// Writes down, before it happens, that the site is taken apart: the journal stays.
fn journal(state: &Path, now: Timestamp) -> io::Result<()> {
    let event = Event::RunStarted { command: "uninstall".into(), bundle: None };
    Journal::open(state)?.take(&Record { v: event::VERSION, at: now, event })
}

fn remove(path: &Path, result: &mut Kept) -> Result<(), StoreError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Ok(()) => result.removed.push(path.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(StoreError::Io { action: "remove", path: path.to_owned(), source }),
    }
    Ok(())
}
