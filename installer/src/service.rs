//! The site's server, as an installation wishes it to be and as it is.

mod foreground;
mod host;
mod settings;
mod state;
mod unit;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use registry::site::{Credentials, PackagesKey, ServerCertificate, SiteCa, SiteError, local_names};
use registry::store::StoreError;

pub use foreground::{Foreground, ForegroundError, Running, Serving, admit, serving};
pub use host::{Host, HostError, ThisMachine};
pub use settings::Settings;
pub use state::{ServerState, server_state};
pub use unit::{Service, USER, UnitError};

use crate::plan::ServeAs;
use crate::snippets::{Endpoint, Login, Password};

/// How the server shall be.
#[derive(Debug, Clone)]
pub struct Wish {
    /// How it runs.
    pub serve: ServeAs,
    /// Where it listens, under which names, and for whom.
    pub settings: Settings,
    /// What time it is: never before the bundle was made, however wrong this machine's clock is.
    pub now: Timestamp,
}

/// All names that the certificate is for.
fn names(settings: &Settings) -> Vec<String> {
    local_names(&[settings.listen]).into_iter().chain(settings.addresses.iter().cloned()).collect()
}

/// `host:port` for clients of a listener: what the operator named first, else this machine's first address that others
/// reach.
pub fn authority_of(settings: &Settings, listen: SocketAddr) -> String {
    let port = listen.port();
    let named = settings.addresses.first().cloned();
    let host = named.unwrap_or_else(|| default_host(&names(settings), listen));
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn default_host(names: &[String], listen: SocketAddr) -> String {
    if !listen.ip().is_unspecified() {
        return listen.ip().to_string();
    }
    let local = ["localhost", "127.0.0.1", "::1"];
    let reachable = || names.iter().filter(|name| !local.contains(&name.as_str()));
    let address = reachable().find(|name| name.parse::<std::net::Ipv4Addr>().is_ok());
    address.or_else(|| reachable().next()).cloned().unwrap_or_else(|| "localhost".to_owned())
}

/// The site's certificate authority.
pub fn ca_file(state: &Path) -> PathBuf {
    state.join("ca/ca.crt")
}

/// Where the generated password is.
pub fn credentials_file(state: &Path) -> PathBuf {
    state.join("auth/credentials")
}

/// The server as clients see it, with the password left in its file.
pub fn endpoint(state: &Path, settings: &Settings) -> Endpoint {
    let login = Login { user: registry::site::USER.to_owned(), password: Password::In(credentials_file(state)) };
    Endpoint {
        authority: authority_of(settings, settings.listen),
        authority_file: ca_file(state),
        login: (!settings.anonymous).then_some(login),
    }
}

/// What is missing of certificates and credentials or has to be remembered anew, or nothing.
pub fn site_lacks(state: &Path, wish: &Wish) -> Option<String> {
    let remembered = || Settings::load(state).ok().flatten().as_ref() == Some(&wish.settings);
    let changed = || (!remembered()).then(|| "the server's addresses have changed".into());
    identity_lacks(state, wish).or_else(changed)
}

/// What is missing of certificates and credentials, or nothing.
pub fn identity_lacks(state: &Path, wish: &Wish) -> Option<String> {
    if !ca_file(state).exists() {
        return Some("the site has no certificate authority yet".into());
    }
    if !wish.settings.anonymous && !state.join("auth/htpasswd").exists() {
        return Some("there are no credentials yet".into());
    }
    match PackagesKey::public_of(state) {
        Ok(Some(_)) => {}
        Ok(None) => return Some("the site has no key for packages yet".into()),
        Err(error) => return Some(crate::engine::chain(&error)),
    }
    let good = || {
        let ca = SiteCa::load_or_create(state, wish.now)?;
        ServerCertificate::new(state, names(&wish.settings)).is_good(&ca, wish.now)
    };
    match good() {
        Ok(true) => None,
        Ok(false) => Some("the server's certificate is missing, near its end, or for other names".into()),
        Err(error) => Some(crate::engine::chain(&error)),
    }
}

/// Makes what is missing of certificates and credentials.
///
/// # Errors
/// [`SiteError`] when it can't be made or written.
pub fn make_identity(state: &Path, wish: &Wish) -> Result<(), SiteError> {
    // Where the server has a user of its own, what is made anew is given to it, too.
    let owner = fs::metadata(ca_file(state)).ok().map(|file| (file.uid(), file.gid()));
    let ca = SiteCa::load_or_create(state, wish.now)?;
    ServerCertificate::new(state, names(&wish.settings)).slot(&ca, wish.now)?;
    PackagesKey::load_or_create(state)?;
    if !wish.settings.anonymous {
        Credentials::load_or_create(state)?;
    }
    if let Some((uid, gid)) = owner.filter(|(uid, _)| *uid != rustix::process::geteuid().as_raw()) {
        registry::site::hand_over(state, uid, gid)?;
    }
    Ok(())
}

/// Remembers how the server shall be: once it is so, for a run that failed must not change what the next one goes by.
///
/// # Errors
/// [`StoreError`] when it can't be written.
pub fn remember(state: &Path, wish: &Wish) -> Result<(), StoreError> {
    wish.settings.save(state)
}

/// What is missing of the server, or nothing.
pub fn server_lacks(state: &Path, wish: &Wish) -> Option<String> {
    let running = server_state(state);
    match wish.serve {
        ServeAs::Nothing => None,
        // A unit serves just as well, and longer.
        ServeAs::Foreground if running.serves(wish) => None,
        ServeAs::Unit if running.running != ServeAs::Foreground => {
            Service::new(state, &wish.settings, &ThisMachine).lacks()
        }
        ServeAs::Foreground | ServeAs::Unit => Some(format!("the server is {running}")),
    }
}

/// Whether systemd runs this machine and we may tell it what to do.
pub fn systemd_runs() -> bool {
    // The folder that sd_booted(3) looks for.
    Path::new("/run/systemd/system").is_dir() && rustix::process::geteuid().is_root()
}
