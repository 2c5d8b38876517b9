//! The server from its configuration to its end, in four acts: [`Config::prepare`] reads files and opens no socket,
//! [`Prepared::bind`] takes the ports, [`Bound::spawn`] serves, [`Site::drain`] ends it.

mod clock;
mod error;
mod reload;
mod site;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use manifests::bundle::VerifiedBundle;

use crate::app::{App, PackagesOnly};
use crate::auth::Auth;
use crate::content::Source;
use crate::git::Repositories;
use crate::http::{self, CertificateSlot, Limits, Listener};
use crate::site::{Credentials, ServerCertificate, SiteCa, local_names};
use crate::store::Store;
use crate::web::status::About;

use clock::Clock;
pub use error::ServerError;
use reload::Reloader;
pub use site::Site;

/// The port when none is said.
pub const DEFAULT_PORT: u16 = 5000;

/// TLS or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// TLS with a certificate of the site CA.
    #[default]
    Tls,
    /// Plain HTTP: for measuring, and behind something else that does TLS.
    Plain,
}

/// Who may pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Those in `htpasswd`.
    #[default]
    Credentials,
    /// Everybody.
    Anonymous,
}

/// What a server is to do.
#[derive(Debug)]
pub struct Config {
    /// The site's state folder.
    pub state: PathBuf,
    /// Bundles that are served besides those of the store.
    pub bundles: Vec<VerifiedBundle>,
    /// The addresses to listen on; port 0 takes any that is free.
    pub listen: Vec<SocketAddr>,
    /// The addresses to serve packages on besides, over plain HTTP and to everybody: apt checks signatures itself.
    pub plain_packages: Vec<SocketAddr>,
    /// More names and addresses that clients use for this server.
    pub names: Vec<String>,
    /// TLS or not.
    pub transport: Transport,
    /// Who may pull.
    pub access: Access,
    /// What clients may ask for at most.
    pub limits: Limits,
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// How often to look for new generations.
    pub poll: Duration,
}

impl Config {
    /// A server with the defaults.
    pub fn new(state: PathBuf, listen: Vec<SocketAddr>) -> Self {
        Self {
            state,
            bundles: Vec::new(),
            listen,
            plain_packages: Vec::new(),
            names: Vec::new(),
            transport: Transport::default(),
            access: Access::default(),
            limits: Limits::default(),
            clock: Timestamp::now,
            poll: Duration::from_secs(2),
        }
    }

    /// The first act: reads the store and the bundles, and makes the CA, the certificate and the credentials where
    /// they are missing. Opens no socket. Reads from disk: minutes never, but not in a task that others wait for.
    ///
    /// # Errors
    /// [`ServerError`] when one of these can't be read or made.
    pub fn prepare(self) -> Result<Prepared, ServerError> {
        let store = Store::at(&self.state);
        let in_place = self.bundles.into_iter().map(|bundle| Source::new(bundle, None)).collect();
        let mut reloader = Reloader::new(store, in_place);
        let content = reloader.load()?;
        // A board that starts in 1970 must not make certificates that ended long ago.
        let made = content.sources.iter().map(|source| source.bundle().document().created);
        let clock = Clock { machine: self.clock, earliest: made.max().unwrap_or(Timestamp::UNIX_EPOCH) };
        let auth = match self.access {
            Access::Anonymous => None,
            Access::Credentials => {
                Credentials::load_or_create(&self.state)?;
                Some(Auth::load(&self.state.join("auth/htpasswd"))?)
            }
        };
        let mut names = local_names(&self.listen);
        let shown = self.names.first().cloned();
        names.extend(self.names);
        let tls = match self.transport {
            Transport::Plain => None,
            Transport::Tls => Some(Tls::prepare(&self.state, names, clock.now())?),
        };
        let about = About { url: String::new(), authenticated: auth.is_some() };
        let authority = tls.as_ref().map(|tls| tls.ca.certificate_pem().to_owned());
        let git = Repositories::start(&self.state, &content);
        let app = App::new(content, auth, about, authority, git);
        let (listen, plain_packages) = (self.listen, self.plain_packages);
        let (limits, poll) = (self.limits, self.poll);
        Ok(Prepared { app, reloader, tls, listen, plain_packages, shown, limits, clock, poll })
    }
}

/// What TLS needs.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) ca: SiteCa,
    pub(crate) certificate: ServerCertificate,
    pub(crate) slot: Arc<CertificateSlot>,
}

impl Tls {
    fn prepare(state: &std::path::Path, names: Vec<String>, now: Timestamp) -> Result<Self, ServerError> {
        let ca = SiteCa::load_or_create(state, now)?;
        let certificate = ServerCertificate::new(state, names);
        let slot = certificate.slot(&ca, now)?;
        Ok(Self { ca, certificate, slot })
    }
}

/// A server that is ready to take its ports.
#[derive(Debug)]
pub struct Prepared {
    app: App,
    reloader: Reloader,
    tls: Option<Tls>,
    listen: Vec<SocketAddr>,
    plain_packages: Vec<SocketAddr>,
    shown: Option<String>,
    limits: Limits,
    clock: Clock,
    poll: Duration,
}

impl Prepared {
    /// The second act: takes the ports. Serves nothing yet.
    ///
    /// # Errors
    /// [`ServerError::Bind`] when an address can't be had.
    pub fn bind(mut self) -> Result<Bound, ServerError> {
        let config = self.tls.as_ref().map(|tls| tls.slot.server_config()).transpose();
        let config = config.map_err(crate::site::SiteError::from)?;
        let bind = |address: &SocketAddr, tls: Option<_>| {
            let socket = std::net::TcpListener::bind(address);
            let socket = socket.map_err(|source| ServerError::Bind { address: *address, source })?;
            Ok::<_, ServerError>(Listener { socket, tls })
        };
        let listeners = self.listen.iter().map(|address| bind(address, config.clone()));
        let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
        let packages = self.plain_packages.iter().map(|address| bind(address, None)).collect::<Result<Vec<_>, _>>()?;
        let first = listeners.first().and_then(|listener| listener.socket.local_addr().ok());
        self.app.about.url = self.url(first);
        Ok(Bound { prepared: self, listeners, packages })
    }

    fn url(&self, address: Option<SocketAddr>) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let host = match (&self.shown, address.map(|address| address.ip())) {
            (Some(name), _) => name.clone(),
            (None, Some(ip)) if !ip.is_unspecified() && ip.is_ipv6() => format!("[{ip}]"),
            (None, Some(ip)) if !ip.is_unspecified() => ip.to_string(),
            _ => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        };
        format!("{scheme}://{host}:{}", address.map_or(DEFAULT_PORT, |address| address.port()))
    }
}

/// A server that has its ports.
pub struct Bound {
    prepared: Prepared,
    listeners: Vec<Listener>,
    packages: Vec<Listener>,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("prepared", &self.prepared).finish_non_exhaustive()
    }
}

impl Bound {
    /// The third act: serves, in tasks of the tokio runtime that this is called in.
    ///
    /// # Errors
    /// [`ServerError::Listen`] when a socket can't be used.
    pub fn spawn(self) -> Result<Site, ServerError> {
        let Prepared { app, reloader, tls, limits, clock, poll, .. } = self.prepared;
        let app = Arc::new(app);
        let all =
            http::spawn(self.listeners, Arc::clone(&app), limits.clone(), &app.gauges).map_err(ServerError::Listen)?;
        let packages = Arc::new(PackagesOnly(Arc::clone(&app)));
        let packages = http::spawn(self.packages, packages, limits, &app.gauges).map_err(ServerError::Listen)?;
        Ok(Site::start(app, [all, packages], site::Keeping { reloader, tls, clock, poll }))
    }
}
