use std::io;
use std::net::SocketAddr;

use crate::site::SiteError;
use crate::store::StoreError;

/// Why a server can't start.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ServerError {
    /// The store can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    /// The CA, the certificate or the credentials can't be had.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Site(#[from] SiteError),
    /// An address can't be had.
    #[error("can't listen on {address}")]
    #[diagnostic(help("`ss -ltnp` shows who has the port; --listen takes another address"))]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A socket can't be used.
    #[error("can't serve on the sockets")]
    Listen(#[source] io::Error),
}
