//! Tells systemd how the service is (sd_notify(3)): one datagram, no library.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Sends a state such as `READY=1`. Without `NOTIFY_SOCKET` nobody is listening, and nothing is done.
///
/// # Errors
/// When the socket is named but can't be reached.
pub fn send(state: &str) -> io::Result<()> {
    match std::env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty()) {
        Some(path) => send_to(&path, state),
        None => Ok(()),
    }
}

fn send_to(path: &OsString, state: &str) -> io::Result<()> {
    // A leading `@` stands for the zero byte of an abstract socket.
    let address = match path.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(OsStr::from_bytes(path.as_bytes()))?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        send_to(&path.into_os_string(), "READY=1").unwrap();
        let mut buffer = [0; 32];
        let count = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], b"READY=1");
    }
}
