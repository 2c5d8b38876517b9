//! HTTP/1.1 for a test: a thread for each connection, over TLS with a certificate for whatever name is asked for.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::http::read_fields;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// The host, without its port.
    pub(super) host: String,
    /// The path, without a query.
    pub(super) path: String,
}

impl Asked {
    /// Host and path.
    pub(super) fn place(&self) -> String {
        format!("{}{}", self.host, self.path)
    }
}

/// What it gets.
#[derive(Debug)]
pub(super) struct Reply {
    status: u16,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub(super) fn new(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, fields: vec![("Content-Type", media_type.to_owned())], body: body.into() }
    }

    pub(super) fn redirect(to: String) -> Self {
        Self { status: 302, fields: vec![("Location", to)], body: Vec::new() }
    }

    pub(super) fn absent() -> Self {
        Self { status: 404, fields: Vec::new(), body: Vec::new() }
    }
}

/// A CA.
#[derive(Debug)]
pub(super) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    certificate: String,
}

impl Authority {
    pub(super) fn new() -> Result<Self> {
        let key = KeyPair::generate().context("cannot make a key")?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority of anything");
        let certificate = params.self_signed(&key).context("cannot make a CA")?.pem();
        Ok(Self { params, key, certificate })
    }

    /// Its certificate, as PEM.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Servers that it vouches for under any name.
    pub(super) fn into_tls(self) -> Result<Arc<ServerConfig>> {
        let key = KeyPair::generate().context("cannot make a key")?;
        let secret =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| anyhow::anyhow!("no key: {error}"))?;
        let signing = rustls::crypto::aws_lc_rs::sign::any_supported_type(&secret).context("an odd key")?;
        let names = AnyName { issuer: Issuer::new(self.params, self.key), key, signing };
        Ok(Arc::new(ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(names))))
    }
}

/// Makes a certificate for the name that a client asks for.
struct AnyName {
    issuer: Issuer<'static, KeyPair>,
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
}

impl std::fmt::Debug for AnyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnyName")
    }
}

impl ResolvesServerCert for AnyName {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let params = CertificateParams::new([client.server_name()?.to_owned()]).ok()?;
        let certificate = params.signed_by(&self.key, &self.issuer).ok()?;
        Some(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], Arc::clone(&self.signing))))
    }
}

/// Serves in threads of its own, as long as the listener's network is there.
pub(super) fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    answer: impl Fn(&Asked) -> Reply + Clone + Send + 'static,
) {
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (tls, answer) = (tls.clone(), answer.clone());
            // A client that goes away in the middle is none of the server's business.
            thread::spawn(move || talk(stream, tls, answer).ok());
        }
    });
}

fn talk(stream: TcpStream, tls: Option<Arc<ServerConfig>>, answer: impl Fn(&Asked) -> Reply) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    match tls {
        Some(tls) => {
            let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
            exchange(BufReader::new(StreamOwned::new(connection, stream)), answer)
        }
        None => exchange(BufReader::new(stream), answer),
    }
}

fn exchange<S: Read + Write>(mut stream: BufReader<S>, answer: impl Fn(&Asked) -> Reply) -> io::Result<()> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let fields = read_fields(&mut stream)?;
        let host = fields.iter().find(|(name, _)| name == "host").map_or("", |(_, value)| value);
        let host = host.split(':').next().unwrap_or_default().to_owned();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let Reply { status, fields, body } = answer(&Asked { host, path });
        let mut head = format!("HTTP/1.1 {status} Anything\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let writer = stream.get_mut();
        writer.write_all(head.as_bytes())?;
        if method != "HEAD" {
            writer.write_all(&body)?;
        }
        writer.flush()?;
    }
}
