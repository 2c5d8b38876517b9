//! The way to one machine: made when it is first needed, and made anew when it is gone.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use manifests::site::Ssh;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::host_keys::{HostKeys, Wanted};
use super::keyring::Identity;
use super::problem::Problem;
use super::session::Session;

/// How long to wait before the second attempt; before each further one twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// How long and how often it is tried to reach a machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) within: Duration,
    pub(super) attempts: u32,
}

/// The way to one machine.
pub(super) struct Link {
    name: String,
    wanted: Wanted,
    address: (String, u16),
    user: String,
    identity: Arc<Identity>,
    host_keys: Arc<HostKeys>,
    via: Option<Arc<Link>>,
    patience: Patience,
    state: Mutex<State>,
}

/// What came of the last time that the machine was to be reached.
enum State {
    Fresh,
    Connected(Arc<Session>),
    Failed(Instant, Problem),
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("user", &self.user)
            .field("address", &self.address)
            .field("via", &self.via)
            .finish()
    }
}

impl Link {
    pub(super) fn new(
        name: &str,
        ssh: &Ssh,
        identity: Arc<Identity>,
        host_keys: Arc<HostKeys>,
        via: Option<Arc<Self>>,
        patience: Patience,
    ) -> Self {
        Self {
            name: name.to_owned(),
            wanted: Wanted::of(ssh),
            address: (ssh.host.to_string(), ssh.port),
            user: ssh.user.to_string(),
            identity,
            host_keys,
            via,
            patience,
            state: Mutex::new(State::Fresh),
        }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The connection: the one that is there, else a new one.
    pub(super) fn session(&self) -> BoxFuture<'_, Result<Arc<Session>, Problem>> {
        Box::pin(async move {
            let asked = Instant::now();
            let mut state = self.state.lock().await;
            match &*state {
                State::Connected(session) if !session.is_closed() => return Ok(Arc::clone(session)),
                // Whoever waited while it failed need not see it fail again.
                State::Failed(when, problem) if *when >= asked => return Err(problem.clone()),
                _ => {}
            }
            match self.reach().await {
                Ok(session) => {
                    let session = Arc::new(session);
                    *state = State::Connected(Arc::clone(&session));
                    Ok(session)
                }
                Err(problem) => {
                    *state = State::Failed(Instant::now(), problem.clone());
                    Err(problem)
                }
            }
        })
    }

    async fn reach(&self) -> Result<Session, Problem> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            match self.try_once().await {
                Err(problem) if problem.is_passing() && attempt < self.patience.attempts => {
                    tracing::debug!("{}: {problem}; trying again in {pause:?}", self.name);
                    sleep(pause).await;
                    pause *= 2;
                    attempt += 1;
                }
                end => return end,
            }
        }
    }

    async fn try_once(&self) -> Result<Session, Problem> {
        // The way there has its own attempts and its own time.
        let below = match &self.via {
            Some(via) => Some(via.session().await.map_err(|problem| problem.on_the_way(&via.name))?),
            None => None,
        };
        let begun = timeout(self.patience.within, self.begin(below)).await;
        begun.unwrap_or_else(|_| {
            let (host, port) = &self.address;
            Err(Problem::passing(
                format!("{host}:{port} did not answer within {} s", self.patience.within.as_secs()),
                "check the address, that the machine is up, and the firewalls in between",
            ))
        })
    }

    async fn begin(&self, below: Option<Arc<Session>>) -> Result<Session, Problem> {
        let (host, port) = &self.address;
        let trust = (&self.host_keys, &self.wanted);
        let who = (self.user.as_str(), &*self.identity);
        if let (Some(session), Some(via)) = (&below, &self.via) {
            let dialed = session.dial(host, *port).await;
            let stream = dialed.map_err(|problem| problem.on_the_way(&via.name))?.into_stream();
            return Session::begin(stream, below, trust, who).await;
        }
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| {
            let help = "check the address, that sshd listens there, and the firewalls in between";
            Problem::passing(format!("{host}:{port}: {error}"), help)
        })?;
        // A packet that waits for more to come only costs time here.
        let _ = stream.set_nodelay(true);
        Session::begin(stream, None, trust, who).await
    }
}
