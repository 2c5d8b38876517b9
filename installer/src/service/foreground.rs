//! The server in this process. Who serves a state directory holds a lock on `<state>/serving.json`, so nobody has to
//! guess whether the process that it names still lives.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use registry::server::{Access, Bound, Config, ServerError};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::stop::Stop;

/// The lock's name in the state directory.
const FILE_NAME: &str = "serving.json";
/// How long downloads may go on once the server was asked to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that runs in some process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// The process.
    pub pid: u32,
    /// What it runs with.
    pub settings: Settings,
}

/// The server of a state directory that runs in some process, if one does.
pub fn serving(state: &Path) -> Option<Serving> {
    let mut file = File::open(state.join(FILE_NAME)).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(rustix::io::Errno::WOULDBLOCK) => {}
        _ => return None,
    }
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether a server may be started: nobody else serves the state directory.
///
/// # Errors
/// [`ForegroundError::Busy`] when somebody does.
pub fn admit(state: &Path) -> Result<(), ForegroundError> {
    let busy = |_| Err(ForegroundError::Busy { state: state.display().to_string() });
    serving(state).map_or(Ok(()), busy)
}

/// Why the server can't run in this process.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ForegroundError {
    /// Another process serves the same state directory.
    #[error("another process serves `{state}` already")]
    #[diagnostic(help("stop it first (`airgap-install status` names it), or leave the settings as they are"))]
    Busy {
        /// The state directory.
        state: String,
    },
    /// The lock, or the runtime, can't be had.
    #[error("cannot start the server")]
    Start(#[source] io::Error),
    /// The server's own reason.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Server(#[from] ServerError),
}

/// A server that has its port, and that serves once it is run.
#[derive(Debug)]
pub struct Foreground {
    bound: Bound,
    _lock: File,
}

impl Foreground {
    /// Reads what is to be served and takes the port.
    ///
    /// # Errors
    /// [`ForegroundError`] when the server can't start; nothing is left behind then.
    pub fn start(state: &Path, settings: &Settings) -> Result<Self, ForegroundError> {
        let lock = lock(state, settings)?;
        let mut config = Config::new(state.to_owned(), vec![settings.listen]);
        config.plain_packages.extend(settings.plain_packages);
        config.names.clone_from(&settings.addresses);
        config.access = if settings.anonymous { Access::Anonymous } else { Access::Credentials };
        let bound = config.prepare()?.bind()?;
        Ok(Self { bound, _lock: lock })
    }

    /// Begins to serve, beside whatever else this process does.
    ///
    /// # Errors
    /// [`ForegroundError`] when the sockets or the runtime can't be used.
    pub fn begin(self) -> Result<Running, ForegroundError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ForegroundError::Start)?;
        let site = runtime.block_on(async { self.bound.spawn() })?;
        Ok(Running { runtime, site, _lock: self._lock })
    }
}

/// A server that serves in this process.
#[derive(Debug)]
pub struct Running {
    runtime: tokio::runtime::Runtime,
    site: registry::server::Site,
    _lock: File,
}

impl Running {
    /// Serves until it is asked to stop, then lets downloads come to their end for a few seconds.
    pub fn until_stopped(self, mut stop: Stop) {
        self.runtime.block_on(async {
            stop.wait().await;
            self.site.drain(PATIENCE).await;
        });
    }
}

fn lock(state: &Path, settings: &Settings) -> Result<File, ForegroundError> {
    let path = state.join(FILE_NAME);
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o644).open(path);
    let mut file = open.map_err(ForegroundError::Start)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            return Err(ForegroundError::Busy { state: state.display().to_string() });
        }
        Err(error) => return Err(ForegroundError::Start(error.into())),
    }
    let serving = Serving { pid: std::process::id(), settings: settings.clone() };
    let text = serde_json::to_vec(&serving).map_err(|error| ForegroundError::Start(error.into()))?;
    file.set_len(0).and_then(|()| file.write_all(&text)).map_err(ForegroundError::Start)?;
    Ok(file)
}
