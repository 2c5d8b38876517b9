//! A node that is reached over SSH.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Instant;

use futures_util::future::BoxFuture;
use russh::Channel;
use russh::client::Msg;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::channel::{Parties, run};
use super::link::Link;
use super::problem::Problem;
use super::root::Way;
use crate::host::{Command, Host, HostError, Output};

/// A stream to a port of a machine.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A node that is reached over SSH.
pub struct Machine {
    name: String,
    link: Arc<Link>,
    way: Way,
    /// The places of those that are worked on, for all machines together.
    places: Arc<Semaphore>,
    /// This one's place, which all of its commands share.
    place: Mutex<Weak<OwnedSemaphorePermit>>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("name", &self.name).field("link", &self.link).finish_non_exhaustive()
    }
}

impl Machine {
    pub(super) fn new(name: &str, link: Arc<Link>, way: Way, places: Arc<Semaphore>) -> Self {
        Self { name: name.to_owned(), link, way, places, place: Mutex::default() }
    }

    /// Who logs in.
    pub fn user(&self) -> &str {
        self.link.user()
    }

    /// How the user becomes root: `none`, `sudo` or `password`.
    pub fn becomes_root_by(&self) -> &'static str {
        self.way.name()
    }

    /// The fingerprint of the host key that the machine has shown; reaches it if need be.
    ///
    /// # Errors
    /// [`HostError::Unreachable`].
    pub async fn host_key(&self) -> Result<String, HostError> {
        let session = self.link.session().await.map_err(|problem| problem.of(&self.name))?;
        Ok(session.host_key().to_owned())
    }

    /// Opens a stream to a port as the machine sees it: `127.0.0.1` is the machine itself.
    ///
    /// # Errors
    /// [`HostError::Unreachable`] for the machine, or for the port behind it.
    pub fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<Box<dyn Stream>, HostError>> {
        Box::pin(async move {
            let mut again = true;
            loop {
                let session = self.link.session().await.map_err(|problem| problem.of(&self.name))?;
                match session.dial(host, port).await {
                    Ok(channel) => return Ok(Box::new(channel.into_stream()) as Box<dyn Stream>),
                    // The connection had gone before we asked.
                    Err(_) if again && session.is_closed() => again = false,
                    Err(problem) => return Err(problem.of(&self.name)),
                }
            }
        })
    }

    /// A channel for a command on the connection that is there, or on a new one if it has gone.
    async fn channel(&self) -> Result<(Channel<Msg>, OwnedSemaphorePermit), HostError> {
        let mut again = true;
        loop {
            let session = self.link.session().await.map_err(|problem| problem.of(&self.name))?;
            match session.command().await {
                Ok(channel) => return Ok(channel),
                Err(_) if again && session.is_closed() => again = false,
                Err(error) => return Err(Problem::from(error).of(&self.name)),
            }
        }
    }

    /// A place among the machines that are worked on: the one that it has, or the next that is free.
    async fn place(&self) -> Option<Arc<OwnedSemaphorePermit>> {
        let mut place = self.place.lock().await;
        if let Some(held) = place.upgrade() {
            return Some(held);
        }
        let held = Arc::new(Arc::clone(&self.places).acquire_owned().await.ok()?);
        *place = Arc::downgrade(&held);
        Some(held)
    }
}

impl Host for Machine {
    fn name(&self) -> &str {
        &self.name
    }

    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Output, HostError>> {
        Box::pin(async move {
            let _place = self.place().await;
            let (channel, _permit) = self.channel().await?;
            let parties = Parties { host: &self.name, user: self.link.user(), way: &self.way };
            let begun = Instant::now();
            let result = run(channel, &parties, command).await;
            tracing::debug!("{}: {}: {} ms", self.name, command.what, begun.elapsed().as_millis());
            result
        })
    }
}
