use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use airgap_console::bundle::resolve;
use airgap_console::trust::{self, TrustFile};
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use manifests::signature::TrustRoot;
use miette::{IntoDiagnostic as _, WrapErr as _};
use registry::notify;
use registry::server::{Access, Config, DEFAULT_PORT, Site, Transport};
use registry::site::host_name;
use registry::store::{self, Store};
use tokio::signal::unix::{SignalKind, signal};

/// Threads that may wait for disks.
const DISK_THREADS: usize = 16;

/// Serve the imported bundles of a site, and others in place, until SIGTERM
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// The site's state folder: imported bundles, the CA, credentials
    #[arg(long, value_name = "DIR", default_value = store::DEFAULT_STATE, env = "AIRGAP_STATE")]
    state: PathBuf,
    /// A bundle to serve besides the imported ones: its file, a volume, the name that its volumes share, or their folder
    #[arg(long, value_name = "PATH", requires = "in_place")]
    bundle: Vec<PathBuf>,
    /// Serve the bundles of --bundle where they are; `airgap-install` imports
    #[arg(long, requires = "bundle")]
    in_place: bool,
    /// Whose signatures on the bundles of --bundle count: an `allowed_signers` file [env: AIRGAP_TRUST] [default:
    /// /etc/airgap/allowed_signers]
    #[arg(long, value_name = "FILE", requires = "bundle")]
    trust: Option<PathBuf>,
    /// How many different signers it takes for each of them
    #[arg(long, value_name = "N", default_value = "1")]
    threshold: NonZeroU32,
    /// Serve a bundle of --bundle also when it is older than one that this site has imported
    #[arg(long, requires = "bundle")]
    allow_downgrade: bool,
    /// An address to listen on, with a port or without; may be given more than once [default: 0.0.0.0:5000]
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    listen: Vec<SocketAddr>,
    /// An address to serve packages on over plain HTTP, to everybody; may be given more than once. apt checks signatures
    /// by itself, and needs neither a certificate nor a password then
    #[arg(long, value_name = "ADDRESS", value_parser = parse_packages_address)]
    plain_packages: Vec<SocketAddr>,
    /// Another name or address that clients use for this server: the certificate has it
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    name: Vec<String>,
    /// Serve without TLS: anybody on the way can read the credentials
    #[arg(long)]
    plain_http: bool,
    /// Let everybody pull, without credentials
    #[arg(long)]
    anonymous_pull: bool,
    /// How many seconds responses have to come to their end after SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
}

/// An address, with or without a port.
fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    text.parse()
        .or_else(|_| bare.parse().map(|ip: IpAddr| SocketAddr::new(ip, DEFAULT_PORT)))
        .map_err(|_| "expected an address such as 10.0.0.5, 10.0.0.5:5000 or [fd00::5]:5000".to_owned())
}

/// An address with its port: there is none that everybody expects.
fn parse_packages_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address with its port, such as 10.0.0.5:5080 or [fd00::5]:5080".to_owned())
}

impl ServeArgs {
    pub(super) fn run(self) -> miette::Result<()> {
        let patience = Duration::from_secs(self.drain);
        let bound = self.config()?.prepare()?.bind()?;
        raise_file_limit();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(DISK_THREADS).build();
        let runtime = runtime.into_diagnostic().wrap_err("can't start the server's threads")?;
        runtime.block_on(async {
            let site = bound.spawn()?;
            for address in site.addresses() {
                airgap_console::output::print(&format!("listening on {address}, serving {}\n", site.url()))?;
            }
            for address in site.packages_addresses() {
                airgap_console::output::print(&format!("listening on {address}, serving packages\n"))?;
            }
            notify::send("READY=1").into_diagnostic().wrap_err("can't tell systemd that the server is ready")?;
            wait_for_the_end(&site).await.into_diagnostic().wrap_err("can't wait for signals")?;
            let _ = notify::send("STOPPING=1");
            match site.drain(patience).await {
                0 => {}
                cut => tracing::warn!(cut, "responses were cut: clients took longer than --drain allows"),
            }
            Ok(())
        })
    }

    fn config(self) -> miette::Result<Config> {
        let bundles = self.bundles()?;
        let mut listen = self.listen;
        if listen.is_empty() {
            listen.push((Ipv4Addr::UNSPECIFIED, DEFAULT_PORT).into());
        }
        let mut config = Config::new(self.state, listen);
        config.bundles = bundles;
        config.plain_packages = self.plain_packages;
        config.names = self.name;
        config.transport = if self.plain_http { Transport::Plain } else { Transport::Tls };
        config.access = if self.anonymous_pull { Access::Anonymous } else { Access::Credentials };
        Ok(config)
    }

    /// Opens the bundles that are served in place, verifies who signed them, and holds them against the site's floors.
    fn bundles(&self) -> miette::Result<Vec<VerifiedBundle>> {
        if self.bundle.is_empty() {
            return Ok(Vec::new());
        }
        let TrustFile { name, text } = trust::read(self.trust.as_deref())?;
        let trust = TrustRoot::parse(&text, &name)?.with_threshold(self.threshold);
        let floors = Store::at(&self.state).floors()?;
        let open = |path: &PathBuf| {
            let bundle = UnverifiedBundle::open(&[resolve(path)?])?.verify(&trust)?;
            if !self.allow_downgrade {
                floors.check(&bundle.document().name, &bundle.document().version)?;
            }
            Ok(bundle)
        };
        self.bundle.iter().map(open).collect()
    }
}

/// Ends with SIGTERM or SIGINT; SIGHUP reloads.
async fn wait_for_the_end(site: &Site) -> std::io::Result<()> {
    let (mut end, mut stop) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut reload = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = end.recv() => return Ok(()),
            _ = stop.recv() => return Ok(()),
            _ = reload.recv() => site.reload(),
        }
    }
}

/// Every connection is a file: takes as many as the system allows.
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "can't raise the limit of open files");
    }
}
