//! Listeners, and the tasks that belong to them. Nothing outlives [`Running`].

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::stream::Stream;
use super::watch::{Entry, Watchers, sweep_interval};
use super::{Limits, Request, RequestBody, Response, connection};

/// How long to wait when the system has no more file descriptors for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request, whose body is there for who wants to read it. It must not wait for ever: nothing cuts it short
    /// but the end of the server.
    fn handle(&self, request: &Request<'_>, body: &mut RequestBody<'_>) -> impl Future<Output = Response> + Send;
    /// Is told of every response that was sent, or begun.
    fn finished(&self, finished: &Finished) {
        let _ = finished;
    }
}

/// A response that was sent, or begun.
#[derive(Debug, Clone, Copy)]
pub struct Finished {
    /// [`Response::with_label`].
    pub label: usize,
    /// The status.
    pub status: u16,
    /// The bytes of the body; 0 where it was not sent whole.
    pub bytes: u64,
    /// From the end of the request's head to the last byte of the response.
    pub elapsed: Duration,
    /// Whether the client got all of it.
    pub whole: bool,
}

/// A bound socket and how it speaks.
pub struct Listener {
    /// The socket.
    pub socket: std::net::TcpListener,
    /// TLS, or plain HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// What all connections share.
pub(super) struct Service<H> {
    pub(super) handler: Arc<H>,
    pub(super) limits: Limits,
    watchers: Arc<Watchers>,
    in_flight: Arc<AtomicU64>,
}

impl<H> Service<H> {
    pub(super) fn draining(&self) -> bool {
        self.watchers.draining()
    }

    /// Counts a request until the result is dropped.
    pub(super) fn begin(&self) -> Working<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Working(&self.in_flight)
    }
}

pub(super) struct Working<'s>(&'s AtomicU64);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Looks into a running server.
#[derive(Debug, Clone)]
pub struct Gauges {
    watchers: Arc<Watchers>,
    in_flight: Arc<AtomicU64>,
}

impl Gauges {
    /// Gauges of a server that will be spawned with them.
    pub fn new() -> Self {
        Self { watchers: Watchers::new(), in_flight: Arc::default() }
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.watchers.count()
    }

    /// Requests that are being worked on.
    pub fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }
}

impl Default for Gauges {
    fn default() -> Self {
        Self::new()
    }
}

/// A running server: its tasks end when it is dropped.
#[derive(Debug)]
pub struct Running {
    tasks: JoinSet<usize>,
    stop: CancellationToken,
    addresses: Vec<SocketAddr>,
    deadline: tokio::sync::watch::Sender<Option<tokio::time::Instant>>,
}

/// Starts to accept connections. Must be called within a tokio runtime.
///
/// # Errors
/// When a socket can't be handed to the runtime.
pub fn spawn<H: Handler>(
    listeners: Vec<Listener>,
    handler: Arc<H>,
    limits: Limits,
    gauges: &Gauges,
) -> std::io::Result<Running> {
    let stop = CancellationToken::new();
    let (deadline, watch) = tokio::sync::watch::channel(None);
    let room = Arc::new(Semaphore::new(limits.connections));
    let service = Arc::new(Service {
        handler,
        limits,
        watchers: Arc::clone(&gauges.watchers),
        in_flight: Arc::clone(&gauges.in_flight),
    });
    let mut tasks = JoinSet::new();
    let mut addresses = Vec::new();
    for listener in listeners {
        listener.socket.set_nonblocking(true)?;
        addresses.push(listener.socket.local_addr()?);
        let acceptor = Acceptor {
            socket: TcpListener::from_std(listener.socket)?,
            tls: listener.tls.map(TlsAcceptor::from),
            service: Arc::clone(&service),
            room: Arc::clone(&room),
            stop: stop.clone(),
            deadline: watch.clone(),
        };
        tasks.spawn(acceptor.run());
    }
    tasks.spawn(sweep(service, stop.clone(), watch));
    Ok(Running { tasks, stop, addresses, deadline })
}

impl Running {
    /// The addresses that are listened on.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Accepts no more, lets responses that are being sent come to their end for at most `patience`, and cuts the rest.
    /// Returns how many had to be cut.
    pub async fn drain(mut self, patience: Duration) -> usize {
        self.deadline.send_replace(Some(tokio::time::Instant::now() + patience));
        self.stop.cancel();
        let mut cut = 0;
        while let Some(ended) = self.tasks.join_next().await {
            cut += ended.unwrap_or(0);
        }
        cut
    }
}

/// Ends overdue connections until all are drained.
async fn sweep<H: Handler>(
    service: Arc<Service<H>>,
    stop: CancellationToken,
    deadline: tokio::sync::watch::Receiver<Option<tokio::time::Instant>>,
) -> usize {
    let mut ticks = tokio::time::interval(sweep_interval(&service.limits));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled(), if !service.draining() => service.watchers.drain(&service.limits),
            _ = ticks.tick() => service.watchers.sweep(&service.limits),
        }
        let late = deadline.borrow().is_some_and(|deadline| tokio::time::Instant::now() >= deadline);
        if service.draining() && (service.watchers.count() == 0 || late) {
            return 0;
        }
    }
}

struct Acceptor<H> {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Arc<Service<H>>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
    deadline: tokio::sync::watch::Receiver<Option<tokio::time::Instant>>,
}

impl<H: Handler> Acceptor<H> {
    async fn run(self) -> usize {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = self.accept() => self.open(accepted, &mut connections),
            }
        }
        let Self { socket, deadline, .. } = self;
        drop(socket);
        let deadline = deadline.borrow().unwrap_or_else(tokio::time::Instant::now);
        let all = async { while connections.join_next().await.is_some() {} };
        let in_time = tokio::time::timeout_at(deadline, all).await.is_ok();
        let cut = if in_time { 0 } else { connections.len() };
        connections.shutdown().await;
        cut
    }

    /// Waits for room and then for a connection.
    async fn accept(&self) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.room).acquire_owned().await.ok()?;
        match self.socket.accept().await {
            Ok((socket, peer)) => Some((socket, peer, permit)),
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }

    fn open(
        &self,
        accepted: Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)>,
        connections: &mut JoinSet<()>,
    ) {
        let Some((socket, peer, permit)) = accepted else { return };
        let Some(entry) = self.service.watchers.enter(peer.ip(), &self.service.limits) else {
            tracing::debug!(%peer, "too many connections of one address");
            return;
        };
        let (service, tls) = (Arc::clone(&self.service), self.tls.clone());
        connections.spawn(async move {
            let _permit = permit;
            if let Err(error) = connect(socket, peer, tls, &service, &entry).await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
        });
    }
}

async fn connect<H: Handler>(
    socket: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    service: &Service<H>,
    entry: &Entry,
) -> std::io::Result<()> {
    let work = async {
        socket.set_nodelay(true)?;
        let stream = match tls {
            Some(tls) => Stream::tls(tls.accept(socket).await?),
            None => Stream::plain(socket),
        };
        connection::run(stream, peer, service, &entry.watch).await
    };
    tokio::select! {
        result = work => result,
        () = entry.watch.cancelled() => Err(std::io::Error::from(std::io::ErrorKind::TimedOut)),
    }
}
