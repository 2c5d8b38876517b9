//! Certificates: of authorities of one's own, and of clients.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bundler::http::{Client, FetchError, HostSettings, Request, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::fixtures::{client, report, settings};
use crate::server::{Accepted, Reply, Server, Stream};

/// A certificate authority that no system knows.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn issue(&self, name: &str) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn ca_file(&self) -> PathBuf {
        self.file("ca.pem", &self.issuer.pem())
    }

    /// A server with a certificate for 127.0.0.1; it may ask for one of its clients.
    async fn serve(&self, ask_clients: bool, reply: Reply) -> Server {
        let (certificate, key) = self.issue("127.0.0.1");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder =
            rustls::ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let builder = match ask_clients {
            true => builder.unwrap().with_client_cert_verifier(verifier),
            false => builder.unwrap().with_no_client_auth(),
        };
        let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()));
        let accept = Arc::new(move |stream| {
            let acceptor = acceptor.clone();
            let accepted: Accepted = Box::pin(async move {
                let stream = acceptor.accept(stream).await.ok()?;
                Some(Box::new(stream) as Box<dyn Stream>)
            });
            accepted
        });
        Server::accepting(accept, move |_, _| reply.clone()).await
    }
}

fn host(server: &Server, host: HostSettings) -> Settings {
    let mut settings = settings();
    settings.hosts.insert(server.address.clone(), host);
    settings
}

async fn get(server: &Server, settings: Settings) -> Result<String, FetchError> {
    let url = format!("https://{}/", server.address).parse().unwrap();
    let small = client(settings).get_small(&Request::get(url), 100).await?;
    Ok(String::from_utf8(small.bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn an_unknown_authority_is_refused_at_once_unless_its_certificate_is_given() {
    let authority = Authority::new();
    let server = authority.serve(false, Reply::ok("content")).await;
    let error = get(&server, settings()).await.unwrap_err();
    assert!(matches!(error, FetchError::Tls { .. }), "{}", report(&error));
    assert!(
        report(&error).contains(": invalid peer certificate: UnknownIssuer [under `registries`"),
        "{}",
        report(&error)
    );
    let trusted = HostSettings { ca_file: Some(authority.ca_file()), ..HostSettings::default() };
    assert_eq!(get(&server, host(&server, trusted.clone())).await.unwrap(), "content");
    let insecure = HostSettings { insecure: true, ..HostSettings::default() };
    assert_eq!(get(&server, host(&server, insecure)).await.unwrap(), "content");
    // What is trusted for one host is not trusted for another.
    let mut elsewhere = settings();
    elsewhere.hosts.insert("registry.example".to_owned(), trusted);
    assert!(matches!(get(&server, elsewhere).await, Err(FetchError::Tls { .. })));
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_its_host() {
    let authority = Authority::new();
    let server = authority.serve(true, Reply::ok("content")).await;
    let (certificate, key) = authority.issue("client");
    let pem = |label: &str, der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let without = HostSettings { ca_file: Some(authority.ca_file()), ..HostSettings::default() };
    let with = HostSettings {
        client_certificate: Some(authority.file("client.pem", &pem("CERTIFICATE", &certificate))),
        client_key: Some(authority.file("client.key", &key.serialize_pem())),
        ..without.clone()
    };
    assert!(get(&server, host(&server, without)).await.is_err());
    assert_eq!(get(&server, host(&server, with)).await.unwrap(), "content");
}

#[tokio::test]
async fn encryption_is_not_given_up_by_a_redirect() {
    let authority = Authority::new();
    let open = Server::start(|_, _| Reply::ok("content")).await;
    let server = authority.serve(false, Reply::redirect(302, open.url("/").as_str())).await;
    let trusted = HostSettings { ca_file: Some(authority.ca_file()), ..HostSettings::default() };
    let error = get(&server, host(&server, trusted)).await.unwrap_err();
    assert!(report(&error).contains("that would give up encryption"), "{}", report(&error));
    assert!(open.received().is_empty());
}

#[test]
fn a_file_that_is_missing_or_no_certificate_is_found_at_the_start() {
    let authority = Authority::new();
    for (path, problem) in [
        (authority.folder.path().join("missing.pem"), "can't be read"),
        (authority.file("text.pem", "no certificate"), "holds no certificates in PEM form"),
    ] {
        let mut settings = settings();
        let host = HostSettings { ca_file: Some(path), ..HostSettings::default() };
        settings.hosts.insert("registry.example".to_owned(), host);
        let error = Client::new(settings, CancellationToken::new()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("registry.example") && text.contains(problem), "{text}");
    }
}
