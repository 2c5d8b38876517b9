use std::net::SocketAddr;

use super::Fields;

/// What is asked. Everything but reading is told apart only to be refused rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`: git asks so.
    Post,
    /// Any other.
    Other,
}

/// A request, borrowed from the bytes that came.
#[derive(Debug, Clone, Copy)]
pub struct Request<'b> {
    /// What is asked.
    pub method: Method,
    /// The path, still percent-encoded; it starts with `/`.
    pub path: &'b str,
    /// What stands behind the first `?`, still percent-encoded.
    pub query: Option<&'b str>,
    /// The headers.
    pub fields: Fields<'b>,
    /// Who asks.
    pub peer: SocketAddr,
}

impl<'b> Request<'b> {
    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Head)
    }

    /// The decoded value of a query parameter: its first, where it stands there more than once.
    pub fn parameter(&self, name: &str) -> Option<String> {
        super::query_value(self.query?, name)
    }
}
