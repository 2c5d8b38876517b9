//! The HTTP/1.1 server that everything else stands on.
//!
//! Small on purpose: requests with small bodies at most, responses out of memory, out of files or out of a stream. The rules
//! are those of RFC 9110 (semantics) and RFC 9112 (HTTP/1.1). What a client sends is hostile: every size has a limit, and
//! every wait has an end ([`Limits`]).

mod body;
mod connection;
mod date;
mod headers;
mod limits;
mod parse;
mod path;
mod range;
mod represent;
mod request;
mod response;
mod server;
mod status;
mod stream;
mod tls;
mod watch;

pub use body::{BodyError, RequestBody};
pub use headers::Fields;
pub use limits::Limits;
pub use path::{decode, encode_segment, query_value};
pub use represent::{Representation, represent};
pub use request::{Method, Request};
pub(crate) use response::push_header;
pub use response::{Body, Flow, Pieces, Response};
pub use server::{Finished, Gauges, Handler, Listener, Running, spawn};
pub use status::reason;
pub use tls::{CertificateSlot, TlsError};
