//! The port by which nodes join: HTTPS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::prelude::{BASE64_STANDARD, Engine};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::authority::certificate_file;
use crate::contract::contract;
use crate::join::{Handout, Settings};
use crate::layout::{Data, say};

/// No request is longer.
const LIMIT: usize = 8 << 10;

/// What it answers from.
#[derive(Debug)]
pub(crate) struct Supervisor {
    pub(crate) data: Data,
    pub(crate) settings: Settings,
    pub(crate) address: String,
    /// That of `token`, and that of `agent-token` where there is one.
    pub(crate) passwords: (String, Option<String>),
}

impl Supervisor {
    /// Takes the port: a server whose port is taken fails before it starts anything.
    pub(crate) fn listen() -> Result<TcpListener> {
        let port = contract().supervisor;
        TcpListener::bind(("0.0.0.0", port)).with_context(|| format!("cannot listen on port {port}"))
    }

    /// Answers in threads of its own.
    pub(crate) fn start(self, listener: TcpListener) -> Result<()> {
        let read = |place: String| self.data.read(&place).with_context(|| format!("{place} is missing"));
        let certificate = read(certificate_file("serving-kube-apiserver"))?;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).context("no certificate")?;
        let key = read("server/tls/serving-kube-apiserver.key".into())?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).context("no key")?;
        let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key)?;
        let (this, tls) = (Arc::new(self), Arc::new(tls));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (this, tls) = (Arc::clone(&this), Arc::clone(&tls));
                thread::spawn(move || {
                    if let Err(error) = this.talk(stream, tls) {
                        say(&format!("level=error msg=\"a request to the supervisor failed: {error:#}\""));
                    }
                });
            }
        });
        Ok(())
    }

    fn talk(&self, stream: TcpStream, tls: Arc<ServerConfig>) -> Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10))).context("cannot set a limit")?;
        let mut stream = StreamOwned::new(ServerConnection::new(tls)?, stream);
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            // Whoever only looks whether the port is open says nothing.
            if head.len() > LIMIT || stream.read(&mut byte).unwrap_or(0) == 0 {
                return Ok(());
            }
            head.extend(byte);
        }
        let (status, body) = match self.answer(&head) {
            Ok((status, body)) => (status, body),
            Err(error) => ("500 Internal Server Error", format!("{error:#}\n")),
        };
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")?;
        stream.conn.send_close_notify();
        stream.flush().context("cannot answer")
    }

    fn answer(&self, head: &[u8]) -> Result<(&'static str, String)> {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        request.parse(head).context("no request")?;
        let target = request.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let authority = || self.data.read(&certificate_file("server-ca")).context("no authority of servers");
        let login = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case("authorization"));
        let given = login.and_then(|field| password_of(field.value));
        let (token, agent_token) = &self.passwords;
        let is_server = given.as_ref() == Some(token);
        let is_node = is_server || (given.is_some() && given == *agent_token);
        match path {
            "/ping" => Ok(("200 OK", "pong".to_owned())),
            "/cacerts" => Ok(("200 OK", authority()?)),
            "/v1-stand-in/node" if is_node => {
                let api = format!("https://{}:6443", self.address);
                let handout = Handout::for_node(&self.data, &self.settings, node(query)?, &api)?;
                Ok(("200 OK", serde_json::to_string(&handout)?))
            }
            "/v1-stand-in/server" if is_server => {
                let handout = Handout::for_server(&self.data, &self.settings, node(query)?)?;
                Ok(("200 OK", serde_json::to_string(&handout)?))
            }
            "/v1-stand-in/node" | "/v1-stand-in/server" => Ok(("401 Unauthorized", "not authorized\n".to_owned())),
            _ => Ok(("404 Not Found", "404 page not found\n".to_owned())),
        }
    }
}

fn password_of(field: &[u8]) -> Option<String> {
    let login = BASE64_STANDARD.decode(field.strip_prefix(b"Basic ")?).ok()?;
    String::from_utf8(login).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

/// Name and address of the node that asks.
fn node(query: &str) -> Result<(&str, &str)> {
    let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    let (name, address) = (value("name").context("no name")?, value("address").context("no address")?);
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    if !plain(name) || !plain(address) {
        bail!("{query} names no node");
    }
    Ok((name, address))
}
