//! What the server is doing now.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{Service, Settings, ThisMachine, Wish, endpoint, serving, systemd_runs};
use crate::plan::ServeAs;

/// What the server is doing now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerState {
    /// How it runs: `nothing` when it doesn't.
    pub running: ServeAs,
    /// Its process, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its address for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When its certificate ends. It is renewed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_until: Option<Timestamp>,
    /// What it runs with.
    #[serde(skip)]
    settings: Option<Settings>,
}

/// Looks at what the server of a state directory is doing.
pub fn server_state(state: &Path) -> ServerState {
    let settings = Settings::load(state).ok().flatten();
    let foreground = serving(state);
    let unit = || systemd_runs() && Service::new(state, &Settings::default(), &ThisMachine).runs();
    let running = match &foreground {
        Some(_) => ServeAs::Foreground,
        None if unit() => ServeAs::Unit,
        None => ServeAs::Nothing,
    };
    let settings = foreground.as_ref().map(|serving| serving.settings.clone()).or(settings);
    ServerState {
        running,
        pid: foreground.map(|serving| serving.pid),
        url: settings.as_ref().map(|settings| endpoint(state, settings).url()),
        certificate_until: registry::site::certificate_end(state),
        settings,
    }
}

impl ServerState {
    /// Where it listens, if it runs.
    pub fn listens(&self) -> Vec<SocketAddr> {
        let settings = self.settings.as_ref().filter(|_| self.running != ServeAs::Nothing);
        settings.into_iter().flat_map(|settings| [Some(settings.listen), settings.plain_packages]).flatten().collect()
    }

    /// Whether it is what is wished for.
    pub(super) fn serves(&self, wish: &Wish) -> bool {
        self.running != ServeAs::Nothing && self.settings.as_ref() == Some(&wish.settings)
    }
}

impl fmt::Display for ServerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.as_deref().unwrap_or_default();
        match (self.running, self.pid) {
            (ServeAs::Nothing, _) => f.write_str("not running")?,
            (ServeAs::Unit, _) => write!(f, "running as airgap-registry.service at {url}")?,
            (ServeAs::Foreground, Some(pid)) => write!(f, "running as process {pid} at {url}")?,
            (ServeAs::Foreground, None) => write!(f, "running at {url}")?,
        }
        match self.certificate_until {
            Some(end) if self.running != ServeAs::Nothing => {
                write!(f, ", certificate until {}", end.strftime("%Y-%m-%d"))
            }
            _ => Ok(()),
        }
    }
}
