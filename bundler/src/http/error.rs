//! What can go wrong on the way, in words that say what to do.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use miette::Diagnostic;
use reqwest::StatusCode;
use thiserror::Error;

/// A request that failed. URLs in it carry no credentials.
#[derive(Debug, Error, Diagnostic)]
pub enum FetchError {
    /// The build was stopped.
    #[error("stopped")]
    Cancelled,
    /// The build's deadline has passed.
    #[error("the deadline has passed while waiting for {url}")]
    #[diagnostic(help("run the build again: it goes on where it was; or give it more time"))]
    Deadline {
        /// What was asked for.
        url: String,
        /// How the last attempt failed, where one did.
        #[source]
        source: Option<Box<FetchError>>,
    },
    /// The server answered, but not with success.
    #[error("{method} {url} answered {status}{answer}")]
    Status {
        /// The request's method.
        method: String,
        /// What was asked for.
        url: String,
        /// The answer's status.
        status: StatusCode,
        /// What the server said, if it said anything readable: `: <text>`.
        answer: String,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// No connection came about.
    #[error("can't connect to {url}")]
    #[diagnostic(help(
        "check the name, the network and the proxy settings (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) of this machine"
    ))]
    Connect {
        /// What was asked for.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server's certificate, or ours, was refused.
    #[error("can't set up TLS with {url}")]
    #[diagnostic(help(
        "under `registries` in the stack, a host with a certificate of your own authority needs `ca`, and one that asks \
         for a client certificate needs `clientCert` and `clientKey`"
    ))]
    Tls {
        /// What was asked for.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The server answered without TLS.
    #[error("{url} does not speak TLS")]
    #[diagnostic(help(
        "if it is a registry that is meant to go without, say so in the stack: `registries: {{ \"{host}\": {{ plainHTTP: true \
         }} }}`; where the stack has a URL, write it with http://"
    ))]
    PlainHttp {
        /// What was asked for.
        url: String,
        /// Its host and port.
        host: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The connection broke in the middle.
    #[error("the connection broke while reading {url}")]
    Broken {
        /// What was asked for.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Nothing, or next to nothing, came for a while.
    #[error("{url} stalled: {received} bytes came in {} s", .waited.as_secs_f32())]
    Stalled {
        /// What was asked for.
        url: String,
        /// How many bytes came in that time.
        received: u64,
        /// How long.
        waited: Duration,
    },
    /// The body ended before its end.
    #[error("{url} ended after {received} of {expected} bytes")]
    Truncated {
        /// What was asked for.
        url: String,
        /// How many bytes came.
        received: u64,
        /// How many were promised.
        expected: u64,
    },
    /// The server has content of another size.
    #[error("{url} is {actual} bytes long, but {expected} were expected")]
    #[diagnostic(help("the content at the source has changed or is damaged there"))]
    Size {
        /// What was asked for.
        url: String,
        /// How many bytes the server promises or sent.
        actual: u64,
        /// How many are right.
        expected: u64,
    },
    /// The server answered a request for a part with another part.
    #[error("{url} answered a request for the rest from byte {position} with another range")]
    WrongRange {
        /// What was asked for.
        url: String,
        /// Where the rest begins.
        position: u64,
    },
    /// More came than is accepted.
    #[error("{url} is larger than the {limit} bytes that are accepted here")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// What is accepted.
        limit: u64,
    },
    /// The bytes are not those that were promised.
    #[error("{url} does not hold what it should")]
    #[diagnostic(help("the content at the source has changed or is damaged there; nothing of it was kept"))]
    Content {
        /// What was asked for.
        url: String,
        /// What was expected and what came.
        #[source]
        source: io::Error,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects to {target}: {problem}")]
    Redirect {
        /// What was asked for.
        url: String,
        /// Where it points.
        target: String,
        /// Why it is not followed.
        problem: &'static str,
    },
    /// The sink could not take the bytes.
    #[error("can't store what {url} sends")]
    Sink {
        /// What was asked for.
        url: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// All attempts failed.
    #[error("gave up after {attempts} attempts")]
    GaveUp {
        /// How many.
        attempts: u32,
        /// How the last one failed.
        #[source]
        source: Box<FetchError>,
        /// What to do about that.
        #[help]
        help: Option<String>,
    },
    /// A setting can't be used.
    #[error("can't use the network settings for {host}: {problem}")]
    Settings {
        /// Whose settings.
        host: String,
        /// What is wrong with them.
        problem: String,
        /// Why.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// No authorization could be had.
    #[error("can't log in at {host}: {problem}")]
    Login {
        /// Where.
        host: String,
        /// Why not.
        problem: String,
        /// What to do.
        #[help]
        help: Option<String>,
        /// The request that failed on the way.
        #[source]
        source: Option<Box<FetchError>>,
    },
}

impl FetchError {
    /// Whether it is only that the work was stopped.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }

    /// Whether another attempt may succeed.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Status { status, .. } => {
                matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
                    || (status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED)
            }
            Self::Connect { .. }
            | Self::Broken { .. }
            | Self::Stalled { .. }
            | Self::Truncated { .. }
            | Self::WrongRange { .. } => true,
            _ => false,
        }
    }

    /// The status that the server answered with, behind any number of attempts.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::GaveUp { source, .. } => source.status(),
            _ => None,
        }
    }

    /// Whether the work was stopped from outside, so that trying elsewhere is of no use.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Deadline { .. } | Self::Sink { .. })
    }

    /// Whether no connection came about, in any number of attempts.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Tls { .. } | Self::PlainHttp { .. } => true,
            Self::GaveUp { source, .. } => source.is_unreachable(),
            _ => false,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        if let Self::Status { retry_after, .. } = self { *retry_after } else { None }
    }

    /// Sorts an error of the HTTP library.
    pub(super) fn from_transport(url: &str, error: reqwest::Error) -> Self {
        let connecting = error.is_connect();
        // The library's own message would repeat the URL, with everything in it.
        let error = error.without_url();
        let source = Box::new(Cause(root(&error).to_string()));
        let url = url.to_owned();
        match tls_error(&error) {
            Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
                Self::PlainHttp { host: host(&url), url, source }
            }
            Some(_) => Self::Tls { url, source },
            None if connecting => Self::Connect { url, source },
            None => Self::Broken { url, source },
        }
    }
}

/// The host of a URL, with its port if it has one, as the stack's `registries` name it.
fn host(url: &str) -> String {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    behind.split(['/', '?', '#']).next().unwrap_or_default().to_owned()
}

/// What is at the bottom of an error of the HTTP library; its layers above only say that a request was made.
#[derive(Debug, Error)]
#[error("{0}")]
struct Cause(String);

fn root<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut last = error;
    while let Some(next) = below(last) {
        last = next;
    }
    last
}

/// The next cause. An I/O error hides the one that it holds.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// What TLS itself says, if it refused: no use to try again. The error hides inside of I/O errors.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(refused) = error.downcast_ref() {
            return Some(refused);
        }
        next = below(error);
    }
    None
}
