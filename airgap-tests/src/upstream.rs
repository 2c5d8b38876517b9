//! The connected side: a network in which well-known names are real servers with real content.
//!
//! | name | what |
//! |---|---|
//! | `registry-1.docker.io` | Debian's `docker-registry`, anonymous |
//! | `quay.io` | another one, with basic auth (`puller`, `correct horse`) |
//! | `charts.example.org` | nginx with a chart repository made by `helm repo index`, below `/stable` |
//! | `files.example.org` | nginx with files |
//! | `archive.example.org` | nginx with an archive of Debian packages, below `/debian` |
//!
//! All of them speak TLS on port 443 with certificates of a test CA. What is asked of them is counted.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::fixtures::Fixtures;
use crate::machine::Machine;
use crate::network::Network;
use crate::platform;
use crate::process::Daemon;
use crate::registry::Registry;
use crate::shared::Shared;

/// The registry with the names of Docker Hub.
pub const HUB: &str = "registry-1.docker.io";
/// The registry that wants a user and password.
pub const QUAY: &str = "quay.io";
/// The server of the chart repository.
pub const CHARTS: &str = "charts.example.org";
/// The server of files.
pub const FILES: &str = "files.example.org";
/// The server of the package archive.
pub const ARCHIVE: &str = "archive.example.org";

/// The connected network with its servers.
#[derive(Debug)]
pub struct Upstream {
    network: Arc<Network>,
    fixtures: Arc<Fixtures>,
    host: Machine,
    _registries: [Registry; 2],
    _front: Daemon,
}

impl Upstream {
    /// The upstream that tests share: its content never changes.
    ///
    /// # Errors
    /// When a server does not start.
    pub fn shared() -> Result<Arc<Self>> {
        static UPSTREAM: Shared<Upstream> = Shared::new();
        UPSTREAM.get(Self::start)
    }

    fn start() -> Result<Self> {
        let fixtures = Fixtures::get()?;
        let hub = fixtures.path("hub");
        Self::with(fixtures, &hub)
    }

    /// One whose `registry-1.docker.io` has the images of a whole platform, and nothing else.
    ///
    /// # Errors
    /// When the images can't be made, or a server does not start.
    pub fn of_a_platform() -> Result<Self> {
        Self::with(Fixtures::get()?, &platform::storage()?)
    }

    fn with(fixtures: Arc<Fixtures>, hub: &Path) -> Result<Self> {
        let network = Arc::new(Network::new(&[("127.0.0.1", &[HUB, "docker.io", QUAY, CHARTS, FILES, ARCHIVE])])?);
        let host = Machine::on(Arc::clone(&network))?;
        let registries = [
            Registry::start(&host, 5001, hub, None)?,
            Registry::start(&host, 5002, &fixtures.path("quay"), Some(&fixtures.path("htpasswd")))?,
        ];
        let front = front(&host, &fixtures)?;
        Ok(Self { network, fixtures, host, _registries: registries, _front: front })
    }

    /// The content of the servers.
    pub fn fixtures(&self) -> &Fixtures {
        &self.fixtures
    }

    /// A machine in the connected network, which trusts the CA of the servers and has credentials for `quay.io`.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn machine(&self) -> Result<Machine> {
        let machine = Machine::on(Arc::clone(&self.network))?.with("SSL_CERT_FILE", self.fixtures.path("ca.pem"));
        let folder = machine.home().join(".docker");
        std::fs::create_dir_all(&folder).context("cannot create .docker")?;
        // puller:correct horse
        let config = r#"{"auths": {"quay.io": {"auth": "cHVsbGVyOmNvcnJlY3QgaG9yc2U="}}}"#;
        std::fs::write(folder.join("config.json"), config).context("cannot write config.json")?;
        Ok(machine)
    }

    /// How many requests the servers have answered so far.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn requests(&self) -> Result<usize> {
        let log = std::fs::read_to_string(self.host.path("access.log")).context("cannot read nginx's log")?;
        Ok(log.lines().count())
    }
}

/// Starts nginx: TLS for everything, files for the web servers.
fn front(host: &Machine, fixtures: &Fixtures) -> Result<Daemon> {
    let work = host.work().display().to_string();
    let tls = format!(
        "listen 443 ssl; ssl_certificate {}; ssl_certificate_key {};",
        fixtures.path("server.pem").display(),
        fixtures.path("server.key").display()
    );
    let proxy = |names: &str, port: u16| {
        format!(
            "server {{ {tls} server_name {names}; client_max_body_size 0; location / {{ \
             proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $host; \
             proxy_set_header X-Forwarded-Proto https; proxy_buffering off; }} }}\n"
        )
    };
    let files = |name: &str, folder: &str| {
        format!("server {{ {tls} server_name {name}; root {}; }}\n", fixtures.path(folder).display())
    };
    let config = format!(
        "daemon off; user root; worker_processes 2; pid {work}/nginx.pid; error_log stderr;\n\
         events {{ worker_connections 1024; }}\nhttp {{ access_log {work}/access.log; sendfile on;\n\
         client_body_temp_path {work}/n1; proxy_temp_path {work}/n2; fastcgi_temp_path {work}/n3;\n\
         uwsgi_temp_path {work}/n4; scgi_temp_path {work}/n5;\n{}{}{}{}{}}}\n",
        proxy(&format!("{HUB} docker.io"), 5001),
        proxy(QUAY, 5002),
        files(CHARTS, "charts"),
        files(FILES, "files"),
        files(ARCHIVE, "archive")
    );
    let config = host.write("nginx.conf", config)?;
    let command = host.command("nginx", &["-p", &work, "-e", "stderr", "-c", &config.display().to_string()])?;
    let mut server = Daemon::start(&command, &host.path("nginx.log"))?;
    host.wait_for_port(&mut server, 443)?;
    Ok(server)
}
