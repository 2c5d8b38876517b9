//! Debian's `docker-registry`, and pushing to it by hand what no client would push.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use manifests::Digest;
use serde_json::{Value, json};

use crate::http::Response;
use crate::machine::Machine;
use crate::network::Network;
use crate::process::Daemon;

/// A running registry on a loopback port.
#[derive(Debug)]
pub struct Registry {
    server: Daemon,
    network: Arc<Network>,
    port: u16,
}

impl Registry {
    /// Starts one on a port of a machine that has a network of its own, with its content in the folder `storage`. With
    /// `users` (a file of htpasswd) it wants a password.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(host: &Machine, port: u16, storage: &Path, users: Option<&Path>) -> Result<Self> {
        let auth = users.map(|file| format!("auth:\n  htpasswd:\n    realm: rig\n    path: {}\n", file.display()));
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage:\n  filesystem:\n    rootdirectory: {}\n  cache: {{blobdescriptor: inmemory}}\n\
             http: {{addr: \"127.0.0.1:{port}\", secret: rig}}\n{}",
            storage.display(),
            auth.unwrap_or_default()
        );
        let config = host.write(format!("registry-{port}.yaml"), config)?;
        let command = host.command("docker-registry", &["serve", &config.display().to_string()])?;
        let mut server = Daemon::start(&command, &host.path(format!("registry-{port}.log")))?;
        host.wait_for_port(&mut server, port)?;
        let network = host.own_network().context("the machine has no network of its own")?;
        Ok(Self { server, network, port })
    }

    /// Its process.
    pub fn server(&self) -> &Daemon {
        &self.server
    }

    /// Stops it.
    ///
    /// # Errors
    /// When it does not end well.
    pub fn stop(self) -> Result<()> {
        self.server.stop().map(drop)
    }

    /// Asks it for something. The media type is that of the body, or with GET the one to accept.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn ask(&self, method: &str, target: &str, media_type: &str, body: &[u8]) -> Result<Response> {
        let stream = self.network.connect(SocketAddr::from(([127, 0, 0, 1], self.port)))?;
        let field = if method == "GET" { "Accept" } else { "Content-Type" };
        let fields = [(field, media_type)];
        Response::of(&stream, method, target, if media_type.is_empty() { &[] } else { &fields }, body)
    }

    /// Uploads a blob and returns its descriptor.
    ///
    /// # Errors
    /// When it is refused.
    pub fn push_blob(&self, repository: &str, media_type: &str, content: &[u8]) -> Result<Value> {
        let session = self.ask("POST", &format!("/v2/{repository}/blobs/uploads/"), "", b"")?.expect(202)?;
        let place = session.field("location").context("no place to upload to")?;
        let place = place.find("/v2/").and_then(|at| place.get(at..)).context("an odd place to upload to")?;
        let described = descriptor(media_type, content);
        let digest = described["digest"].as_str().unwrap_or_default().replace(':', "%3A");
        self.ask("PUT", &format!("{place}&digest={digest}"), "application/octet-stream", content)?.expect(201)?;
        Ok(described)
    }

    /// Stores a manifest under a tag or its digest.
    ///
    /// # Errors
    /// When it is refused.
    pub fn push_manifest(&self, repository: &str, reference: &str, manifest: &Value) -> Result<()> {
        let media_type = manifest["mediaType"].as_str().context("a manifest without a media type")?;
        let target = format!("/v2/{repository}/manifests/{reference}");
        self.ask("PUT", &target, media_type, manifest.to_string().as_bytes())?.expect(201)?;
        Ok(())
    }
}

/// The descriptor of some content.
pub fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(content).to_string(), "size": content.len()})
}
