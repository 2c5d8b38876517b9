//! A connection to one SSH server, on which we are known.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{self, Config, Handle, Handler, Msg};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelOpenFailure, Preferred};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::authenticate::authenticate;
use super::host_keys::{Acceptable, HostKeys, Wanted, fingerprint};
use super::keyring::Identity;
use super::problem::Problem;

/// How long nothing may be heard before the server is asked whether it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often it may leave that unanswered.
const UNANSWERED: usize = 3;
/// How many commands run at once on a connection. A server allows ten (`MaxSessions` of sshd_config(5)), and its operator
/// may be logged in, too.
const COMMANDS: usize = 8;
/// The kinds of host keys that are taken, the best first. Those that sign with SHA-1 are not among them.
const KINDS: [Algorithm; 6] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// A connection to an SSH server, authenticated both ways.
pub(super) struct Session {
    handle: Handle<Guard>,
    commands: Arc<Semaphore>,
    /// The fingerprint of the host key.
    host_key: String,
    /// The connection below this one stays as long as this one does.
    _below: Option<Arc<Session>>,
}

/// Lets nobody by but the machine that is wanted.
struct Guard {
    host_keys: Arc<HostKeys>,
    wanted: Wanted,
    shown: Arc<OnceLock<String>>,
}

impl Handler for Guard {
    type Error = Problem;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Problem> {
        self.host_keys.check(&self.wanted, shown)?;
        let _ = self.shown.set(fingerprint(&shown.public_key()));
        Ok(true)
    }
}

impl Session {
    /// Makes a connection over a stream.
    pub(super) async fn begin(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        below: Option<Arc<Self>>,
        (host_keys, wanted): (&Arc<HostKeys>, &Wanted),
        (user, identity): (&str, &Identity),
    ) -> Result<Self, Problem> {
        let config = config(&host_keys.acceptable(wanted)?);
        let shown = Arc::new(OnceLock::new());
        let guard = Guard { host_keys: Arc::clone(host_keys), wanted: wanted.clone(), shown: Arc::clone(&shown) };
        let mut handle = client::connect_stream(Arc::new(config), stream, guard).await?;
        authenticate(&mut handle, user, identity).await?;
        let host_key = shown.get().cloned().unwrap_or_default();
        Ok(Self { handle, commands: Arc::new(Semaphore::new(COMMANDS)), host_key, _below: below })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    pub(super) fn host_key(&self) -> &str {
        &self.host_key
    }

    /// Opens a channel for a command, and keeps its place as long as the permit lives.
    pub(super) async fn command(&self) -> Result<(Channel<Msg>, OwnedSemaphorePermit), russh::Error> {
        let place = Arc::clone(&self.commands).acquire_owned().await.map_err(|_| russh::Error::Disconnect)?;
        Ok((self.handle.channel_open_session().await?, place))
    }

    /// Opens a channel to a port as the machine sees it.
    pub(super) async fn dial(&self, host: &str, port: u16) -> Result<Channel<Msg>, Problem> {
        let opened = self.handle.channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", 0).await;
        opened.map_err(|error| match error {
            russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited) => Problem::lasting(
                format!("it does not let us through to {host}:{port}"),
                "set `AllowTcpForwarding yes` in its sshd_config",
            ),
            russh::Error::ChannelOpenFailure(_) => Problem::passing(
                format!("from there, {host}:{port} can't be reached"),
                "check the address, that something listens there, and the firewalls in between",
            ),
            other => other.into(),
        })
    }
}

fn config(acceptable: &Acceptable) -> Config {
    let same = |one: &Algorithm, other: &Algorithm| {
        one == other || matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
    };
    let wanted =
        |kind: &Algorithm| acceptable.kinds.is_empty() || acceptable.kinds.iter().any(|known| same(known, kind));
    let kinds: Vec<Algorithm> = KINDS.into_iter().filter(wanted).collect();
    let certificates = if acceptable.certificates { KINDS.to_vec() } else { Vec::new() };
    Config {
        preferred: Preferred { key: kinds.into(), host_key_certificates: certificates.into(), ..Preferred::default() },
        keepalive_interval: Some(KEEP_ALIVE),
        keepalive_max: UNANSWERED,
        nodelay: true,
        ..Config::default()
    }
}
