//! The steps of an installation, done for real.

use airgap_console::ByteSize;
use jiff::Timestamp;
use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use miette::Diagnostic;
use registry::store::{Store, StoreLock};

use crate::engine::{StepError, Work};
use crate::event::{Outcome, Reporter, StepId};
use crate::import::{Import, ImportError};
use crate::meter::Meter;
use crate::place::Method;
use crate::plan::{Action, ServeAs, Step};
use crate::preflight::{self, Ports};
use crate::service::{self, Foreground, Service, ThisMachine, Wish};
use crate::stop::Stop;

/// Works on a site.
#[derive(Debug)]
pub struct SiteWork<'a> {
    store: &'a Store,
    lock: &'a StoreLock,
    bundle: &'a VerifiedBundle,
    wish: &'a Wish,
    stop: &'a Stop,
    /// A generation that is the same bundle and is not whole any more.
    broken: Option<u32>,
    server: Option<Foreground>,
}

impl<'a> SiteWork<'a> {
    /// Brings `bundle` to the site in `store`, which `lock` gives the right to change, and serves it by `wish`.
    pub fn new(
        store: &'a Store,
        lock: &'a StoreLock,
        bundle: &'a VerifiedBundle,
        wish: &'a Wish,
        stop: &'a Stop,
    ) -> Self {
        Self { store, lock, bundle, wish, stop, broken: None, server: None }
    }

    /// Lets the bundle take the place of a generation that is the same bundle and is not whole any more.
    #[must_use]
    pub fn replacing(self, broken: Option<u32>) -> Self {
        Self { broken, ..self }
    }

    /// The server, where it is to run in this process.
    pub fn into_server(self) -> Option<Foreground> {
        self.server
    }
}

impl Work for SiteWork<'_> {
    fn perform(&mut self, step: &Step, reporter: &Reporter<'_>) -> Result<Outcome, StepError> {
        match &step.action {
            Action::Preflight { room, listen, plain_packages, public, git } => {
                let ports = Ports { listen: *listen, plain_packages: *plain_packages };
                let free = preflight::check(self.store.root(), *room, ports, public, *git);
                let free = free.map_err(StepError::failed)?;
                Ok(Outcome::done(format!("{} needed, {} free", ByteSize(*room), ByteSize(free))))
            }
            Action::Import { method, bytes, .. } => self.import(*method, *bytes, reporter),
            Action::RaiseFloor { name, version } => self.raise(name, version),
            Action::Identity => self.identity(reporter.now()),
            Action::Serve { how, .. } => self.serve(*how),
        }
    }
}

impl SiteWork<'_> {
    fn import(&self, method: Method, bytes: u64, reporter: &Reporter<'_>) -> Result<Outcome, StepError> {
        let import = Import {
            store: self.store,
            lock: self.lock,
            bundle: self.bundle,
            method,
            broken: self.broken,
            threads: std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4)),
            stop: self.stop,
        };
        let meter = Meter::new(reporter, StepId::Import, bytes);
        let generation = import.run(reporter.now(), &|bytes| meter.advance(bytes)).map_err(|error| match error {
            ImportError::Interrupted(interrupted) => interrupted.into(),
            other => StepError::failed(other),
        })?;
        Ok(Outcome::done(format!(
            "generation {}: {} checked, {}",
            generation.number,
            ByteSize(bytes),
            method.describe()
        )))
    }

    fn raise(&self, name: &manifests::BundleName, version: &semver::Version) -> Result<Outcome, StepError> {
        let digest: Digest = self.bundle.document_digest();
        let raise = || self.store.floors()?.raise(self.lock, name, version, digest);
        raise().map_err(StepError::failed)?;
        Ok(Outcome::done(format!("no {name} older than {version} from now on")))
    }

    fn identity(&self, clock: Timestamp) -> Result<Outcome, StepError> {
        service::make_identity(self.store.root(), self.wish).map_err(StepError::failed)?;
        verified(service::identity_lacks(self.store.root(), self.wish))?;
        if service::server_lacks(self.store.root(), self.wish).is_none() {
            self.remember()?;
        }
        let made = self.bundle.document().created;
        if clock < made {
            // Certificates are dated by the bundle then; clients whose clocks are right still accept them.
            let warning = format!("this machine's clock says {clock}, before the bundle was made ({made}): set it");
            return Ok(Outcome::Warned { warning });
        }
        Ok(Outcome::done("certificate authority, server certificate and credentials"))
    }

    /// Settings last: a server that did not start has not changed them.
    fn remember(&self) -> Result<(), StepError> {
        service::remember(self.store.root(), self.wish).map_err(StepError::failed)
    }

    fn serve(&mut self, how: ServeAs) -> Result<Outcome, StepError> {
        let settings = &self.wish.settings;
        match how {
            ServeAs::Nothing => Ok(Outcome::skipped("not asked for")),
            ServeAs::Unit => {
                Service::new(self.store.root(), settings, &ThisMachine).install().map_err(StepError::failed)?;
                verified(service::server_lacks(self.store.root(), self.wish))?;
                self.remember()?;
                Ok(Outcome::done(format!("on {}, as airgap-registry.service", settings.listen)))
            }
            ServeAs::Foreground => {
                let server = Foreground::start(self.store.root(), settings).map_err(StepError::failed)?;
                self.server = Some(server);
                self.remember()?;
                Ok(Outcome::done(format!("on {}, in this process", settings.listen)))
            }
        }
    }
}

/// A step that was done without an error, and yet left something to do.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("the step ended without an error, but {0}")]
struct NotVerified(String);

fn verified(lacks: Option<String>) -> Result<(), StepError> {
    lacks.map_or(Ok(()), |lacks| Err(StepError::failed(NotVerified(lacks))))
}
