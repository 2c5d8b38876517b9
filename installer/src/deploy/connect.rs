//! Connections to the API: channels of SSH with TLS in them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::ssh::{Machine, Stream};

/// Where a server finds its own API; its certificate holds the same.
const ADDRESS: &str = "127.0.0.1";
/// The port of the API.
const PORT: u16 = 6443;
/// The same as requests name it.
const HOST: &str = "127.0.0.1:6443";

/// Why there is no connection.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

#[derive(Deserialize)]
struct Kubeconfig {
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
}

#[derive(Deserialize)]
struct NamedCluster {
    cluster: Cluster,
}

#[derive(Deserialize)]
struct Cluster {
    #[serde(rename = "certificate-authority-data")]
    authority: String,
}

#[derive(Deserialize)]
struct NamedUser {
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(rename = "client-certificate-data")]
    certificate: String,
    #[serde(rename = "client-key-data")]
    key: String,
}

/// Who is believed to be the API, and who we are, out of the kubeconfig that a server has for its own use.
pub(super) fn tls(kubeconfig: &str) -> Result<Arc<ClientConfig>, Trouble> {
    // What the reader says of a text may hold a part of it, and this one holds a key.
    let read: Kubeconfig =
        serde_yaml::from_str(kubeconfig).map_err(|_| "its kubeconfig is of no form that is known")?;
    let cluster = read.clusters.first().ok_or("its kubeconfig names no cluster")?;
    let user = &read.users.first().ok_or("its kubeconfig names no user")?.user;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&STANDARD.decode(&cluster.cluster.authority)?) {
        roots.add(certificate?)?;
    }
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&STANDARD.decode(&user.certificate)?).collect();
    let key = PrivateKeyDer::from_pem_slice(&STANDARD.decode(&user.key)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain?, key)?;
    Ok(Arc::new(config))
}

/// A connection to the API at an address, as a machine sees it: its certificate has to hold that address.
pub(super) async fn open(
    machine: &Machine,
    tls: Arc<ClientConfig>,
    address: &str,
) -> Result<TlsStream<Box<dyn Stream>>, Trouble> {
    let channel = machine.dial(address, PORT).await?;
    Ok(TlsConnector::from(tls).connect(ServerName::try_from(address)?.to_owned(), channel).await?)
}

/// Sends a request through a connection of its own. There are few, and SSH keeps the way open.
pub(super) async fn send(
    server: Arc<Machine>,
    tls: Arc<ClientConfig>,
    mut request: Request<Body>,
) -> Result<Response<Incoming>, Trouble> {
    let stream = open(&server, tls, ADDRESS).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the response; what goes wrong before is told to whoever reads that.
    tokio::spawn(connection);
    request.headers_mut().insert(header::HOST, HeaderValue::from_static(HOST));
    Ok(sender.send_request(request).await?)
}
