use std::time::Duration;

/// What a client may ask of the server at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The bytes of a request's line and headers together.
    pub head_size: usize,
    /// The bytes of a request's target.
    pub target_size: usize,
    /// The bytes of a request's body that are read and dropped so that the connection can go on.
    pub body_size: u64,
    /// How long a request's head, or a TLS handshake, may take.
    pub head_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// A client must take at least [`Limits::stall_bytes`] in each such span while a response is sent.
    pub stall_timeout: Duration,
    /// See [`Limits::stall_timeout`].
    pub stall_bytes: u64,
    /// Connections at one time.
    pub connections: usize,
    /// Connections of one address at one time.
    pub connections_per_peer: usize,
}

/// The headers that a request may have.
pub(super) const HEADERS: usize = 64;

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_size: 16 << 10,
            target_size: 8 << 10,
            body_size: 64 << 10,
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            stall_timeout: Duration::from_secs(30),
            stall_bytes: 32 << 10,
            connections: 8192,
            connections_per_peer: 1024,
        }
    }
}
