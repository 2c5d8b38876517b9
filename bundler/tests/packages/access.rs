//! Repositories that ask for a login, and ones behind a certificate of one's own authority.

use std::fs;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::archive::{Archive, Deb, file};
use crate::building::{Bench, repository, with_key};
use crate::server::{Accepted, Reply, Server, Stream};

fn archive() -> Archive {
    let archive = Archive::new();
    archive.add(&Deb::new("hello", "1.0"));
    archive.publish("stable");
    archive
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_comes_from_netrc() {
    let archive = archive();
    let server = archive
        .serve_with(|request, _| {
            // builder:s3cret
            let known = request.header("authorization") == Some("Basic YnVpbGRlcjpzM2NyZXQ=");
            (!known).then(|| Reply::new(401, "").with("www-authenticate", "Basic realm=\"apt\""))
        })
        .await;
    let bench = with_key(Bench::new(&[repository(&server, "stable")], "  - hello\n"), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("answered 401") && shown.contains("netrc"), "{shown}");
    fs::write(bench.path(".netrc"), "machine 127.0.0.1 login builder password s3cret\n").unwrap();
    assert_eq!(bench.build().await.packages.len(), 1);
    assert!(!fs::read(bench.path("demo.tar.zst")).unwrap().windows(6).any(|bytes| bytes == b"s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_named_in_the_stack() {
    let archive = archive();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let server = tls(&archive, &authority).await;
    let place = repository(&server, "stable").replace("http://", "https://");
    let bench = with_key(Bench::new(&[place], "  - hello\n"), &archive);
    let shown = bench.refused().await;
    assert!(shown.contains("can't set up TLS with"), "{shown}");
    fs::write(bench.path("ca.pem"), authority.pem()).unwrap();
    let settings = format!("registries:\n  {}:\n    ca: ca.pem\nsystems:", server.address);
    bench.change_stack("systems:", &settings);
    assert_eq!(bench.build().await.packages.len(), 1);
}

async fn tls(archive: &Archive, authority: &CertifiedIssuer<'static, KeyPair>) -> Server {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap().der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let accept = Arc::new(move |stream| {
        let acceptor = acceptor.clone();
        let accepted: Accepted = Box::pin(async move {
            let stream = acceptor.accept(stream).await.ok()?;
            Some(Box::new(stream) as Box<dyn Stream>)
        });
        accepted
    });
    let folder = archive.path("");
    Server::accepting(accept, move |request, _| file(&folder, request)).await
}
