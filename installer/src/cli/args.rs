//! Options that several commands share.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use airgap_console::trust::{self, TrustFile};
use airgap_console::{CommonArgs, LogFormat, UsageError, bundle};
use jiff::Timestamp;
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use manifests::signature::TrustRoot;

use miette::{Context as _, IntoDiagnostic as _};

use registry::site::host_name;

use crate::event::{Reporter, Sink};
use crate::plan::ServeAs;
use crate::render::{Bar, Json, Lines};
use crate::service::{self, Settings, Wish};
use crate::stop::Stop;

/// Where the site's state is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct StateArgs {
    /// The folder that holds everything the site knows: generations, certificates, credentials, the journal
    #[arg(long, global = true, value_name = "DIR", help_heading = "Site", default_value = registry::store::DEFAULT_STATE)]
    pub(super) state: PathBuf,
}

/// Which bundle, and whose signature counts.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Bundle")]
pub(super) struct BundleArgs {
    /// The bundle: its file, or the folder that holds it; for volumes any of them, from each folder that holds some
    #[arg(id = "bundle", long = "bundle", value_name = "PATH", num_args = 1.., required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Whose signatures count: an OpenSSH allowed_signers file [env: AIRGAP_TRUST] [default: /etc/airgap/allowed_signers]
    #[arg(long, value_name = "FILE", requires = "bundle")]
    pub(super) trust: Option<PathBuf>,
    /// How many different signers it takes
    #[arg(long, value_name = "N", default_value = "1", requires = "bundle")]
    pub(super) threshold: NonZeroU32,
}

impl BundleArgs {
    /// Opens the bundle and checks who vouches for it.
    pub(super) fn open(&self) -> miette::Result<VerifiedBundle> {
        // Trust first: without it there is no reason to look at the bundle.
        let TrustFile { name, text } = trust::read(self.trust.as_deref())?;
        let root = TrustRoot::parse(&text, &name)?.with_threshold(self.threshold);
        let paths = self.paths.iter().map(|path| bundle::resolve(path)).collect::<Result<Vec<_>, _>>()?;
        Ok(UnverifiedBundle::open(&paths)?.verify(&root)?)
    }
}

/// How the bundle gets in and is served.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Serving")]
pub(super) struct ServeArgs {
    /// Serve the bundle from where it lies, also from read-only media; only a receipt is kept
    #[arg(long)]
    pub(super) in_place: bool,
    /// Accept a version that is older than one this site has held
    #[arg(long)]
    pub(super) allow_downgrade: bool,
    /// The address and port to listen on [default: as before, else 0.0.0.0:5000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// A name or address by which clients reach this machine; the first stands in the snippets [default: as before,
    /// else the machine's own]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = host_name)]
    address: Vec<String>,
    /// Serve packages on this address as well, over plain HTTP and to everybody: apt on a node needs no certificate and no
    /// password then, and checks signatures all the same; `no` takes it back [default: as before, else no]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = plain_packages)]
    plain_packages: Option<PlainPackages>,
    /// Let everybody pull, without a password [default: as before, else no]
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    anonymous_pull: Option<bool>,
    /// Serve in this process until it is stopped, instead of as a systemd unit
    #[arg(long, conflicts_with = "no_serve")]
    foreground: bool,
    /// Import only
    #[arg(long, conflicts_with_all = ["listen", "address", "plain_packages", "anonymous_pull"])]
    no_serve: bool,
}

/// Where packages are served over plain HTTP, if at all.
#[derive(Debug, Clone, Copy)]
struct PlainPackages(Option<SocketAddr>);

fn plain_packages(text: &str) -> Result<PlainPackages, String> {
    if text == "no" {
        return Ok(PlainPackages(None));
    }
    let address = text.parse().map_err(|_| "expected an address with its port, such as 0.0.0.0:5080, or `no`")?;
    Ok(PlainPackages(Some(address)))
}

/// Tells events to a person or a program on standard error, as the options ask for.
pub(super) fn reporter<'a>(common: &CommonArgs, clock: &'a (dyn Fn() -> Timestamp + Sync)) -> Reporter<'a> {
    let mut sinks: Vec<Box<dyn Sink + 'a>> = Vec::new();
    match common.log_format {
        LogFormat::Json => sinks.push(Box::new(Json(std::io::stderr()))),
        LogFormat::Text if common.quiet => {}
        LogFormat::Text => {
            sinks.push(Box::new(Bar::new(common.progress())));
            sinks.push(Box::new(Lines(std::io::stderr())));
        }
    }
    Reporter::new(clock, sinks)
}

impl ServeArgs {
    /// How the server shall be: what was not said is as the site remembers it.
    pub(super) fn wish(&self, state: &Path, now: Timestamp) -> miette::Result<Wish> {
        let serve = match (self.no_serve, self.foreground || !service::systemd_runs()) {
            (true, _) => ServeAs::Nothing,
            (false, true) => ServeAs::Foreground,
            (false, false) => ServeAs::Unit,
        };
        let before = Settings::load(state)?.unwrap_or_default();
        let settings = Settings {
            listen: self.listen.unwrap_or(before.listen),
            addresses: if self.address.is_empty() { before.addresses } else { self.address.clone() },
            plain_packages: self.plain_packages.map_or(before.plain_packages, |said| said.0),
            anonymous: self.anonymous_pull.unwrap_or(before.anonymous),
        };
        if settings.plain_packages == Some(settings.listen) {
            let message =
                format!("{} can't be for packages over plain HTTP and for all else with TLS", settings.listen);
            return Err(UsageError::new(message).with_help("--plain-packages takes a port of its own").into());
        }
        Ok(Wish { serve, settings, now })
    }
}

/// Listens for signals.
pub(super) fn stop() -> miette::Result<Stop> {
    Stop::on_signals().into_diagnostic().wrap_err("cannot listen for signals")
}

/// How many threads check and copy.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get().min(4))
}

/// Asks a person. Without a terminal there is nobody to ask.
pub(super) fn confirm(question: &str) -> miette::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    let ask = || -> std::io::Result<String> {
        write!(std::io::stderr(), "{question} [y/N] ")?;
        let mut answer = String::new();
        stdin.read_line(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().into_diagnostic().wrap_err("cannot ask for confirmation")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
