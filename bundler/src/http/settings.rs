//! What a person can set about the network.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Pace, RealPace};

/// Settings of a [`super::Client`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// Settings for single hosts, by `host` or `host:port`; the one with the port wins.
    pub hosts: BTreeMap<String, HostSettings>,
    /// Requests that run at once, in all.
    pub concurrency: usize,
    /// Requests that run at once at one host.
    pub concurrency_per_host: usize,
    /// When to lose patience.
    pub patience: Patience,
    /// When everything must be done.
    pub deadline: Option<Instant>,
    /// How pauses are made.
    pub pace: Arc<dyn Pace>,
    /// Whether the proxies of the environment are used (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    pub use_proxies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: BTreeMap::new(),
            concurrency: 16,
            concurrency_per_host: 6,
            patience: Patience::default(),
            deadline: None,
            pace: Arc::new(RealPace),
            use_proxies: true,
        }
    }
}

/// Settings for one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// A PEM file of certificate authorities that are trusted for this host beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the certificate that the client shows.
    pub client_certificate: Option<PathBuf>,
    /// A PEM file with the key of that certificate.
    pub client_key: Option<PathBuf>,
    /// Speak plain HTTP to a registry at this host, and send credentials that way where it asks for them.
    pub plain_http: bool,
    /// Accept any certificate.
    pub insecure: bool,
    /// Requests that run at once, where it differs from the others'.
    pub concurrency: Option<usize>,
}

/// How long to wait, and how often to try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Attempts for one request. A download that gets on is not counted as failing.
    pub attempts: u32,
    /// The first pause is at most this long; the next at most twice that, and so on.
    pub first_pause: Duration,
    /// No pause is longer, not even one that a server asks for.
    pub longest_pause: Duration,
    /// Time to connect.
    pub connect: Duration,
    /// A transfer that brings no byte for this long has stalled.
    pub silence: Duration,
    /// The slowest transfer that is put up with, in bytes a second, taken over twice [`Self::silence`]. Slower counts
    /// as stalled too.
    pub slowest: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            slowest: 512,
        }
    }
}

impl Settings {
    /// The settings that apply to a host.
    pub fn host(&self, host: &str, port: u16) -> Option<&HostSettings> {
        names(host, port).iter().find_map(|name| self.hosts.get(name))
    }
}

/// The names under which a host may have settings, the most specific first. Docker Hub's are those of `docker.io`,
/// though another host serves it.
pub(super) fn names(host: &str, port: u16) -> Vec<String> {
    let mut names = vec![format!("{host}:{port}"), host.to_owned()];
    if host == "registry-1.docker.io" {
        names.push("docker.io".to_owned());
    }
    names
}
