//! A client that sends exactly the bytes that it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A response, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a registry's error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }
}

/// One connection.
pub(crate) struct Connection {
    socket: TcpStream,
    left: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        // Only so that a broken server fails the test instead of holding it for ever.
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { socket, left: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends what the server may have stopped to read.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.socket.write_all(bytes.as_ref()).is_ok()
    }

    pub(crate) fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"));
        self.answer(false)
    }

    /// Reads until the head of a response is there, and gives its length.
    pub(crate) fn wait_for_head(&mut self) -> usize {
        loop {
            if let Some(end) = self.left.windows(4).position(|window| window == b"\r\n\r\n") {
                return end + 4;
            }
            assert!(self.more(), "the connection ended before a response");
        }
    }

    /// Reads the next response; `head` says that it has no body.
    pub(crate) fn answer(&mut self, head: bool) -> Answer {
        let end = self.wait_for_head();
        let text = String::from_utf8(self.left.drain(..end).collect()).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head: text, body: Vec::new() };
        let length = answer.header("Content-Length").map_or(0, |length| length.parse().unwrap());
        let length: usize = if head || status == 304 { 0 } else { length };
        while self.left.len() < length {
            assert!(self.more(), "the connection ended in the middle of a body");
        }
        answer.body = self.left.drain(..length).collect();
        answer
    }

    /// Whether the server has closed the connection, with nothing more to read.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.left.is_empty() && !self.more()
    }

    /// Everything until the server closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.left)
    }

    fn more(&mut self) -> bool {
        let mut buffer = [0; 64 << 10];
        let count = self.socket.read(&mut buffer).unwrap_or(0);
        self.left.extend_from_slice(&buffer[..count]);
        count > 0
    }
}
