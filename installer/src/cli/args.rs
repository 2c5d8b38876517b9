//! Options that several commands share.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use airgap_console::{CommonArgs, LogFormat};
use jiff::Timestamp;
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};

use crate::event::{Reporter, Sink};
use crate::render::{Bar, Json, Lines};
use crate::trust;

/// Where the site's state is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct StateArgs {
    /// The folder that holds everything the site knows: generations, certificates, credentials, the journal
    #[arg(long, value_name = "DIR", default_value = registry::store::DEFAULT_STATE, env = "AIRGAP_STATE")]
    pub(super) state: PathBuf,
}

/// Which bundle, and whose signature counts.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Bundle")]
pub(super) struct BundleArgs {
    /// The bundle: its file, one of its volumes, or the folders that hold them
    #[arg(id = "bundle", long = "bundle", value_name = "PATH", num_args = 1.., required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Whose signatures count: an OpenSSH allowed_signers file [default: /etc/airgap/allowed_signers]
    #[arg(long, value_name = "FILE")]
    pub(super) trust: Option<PathBuf>,
    /// How many different signers it takes
    #[arg(long, value_name = "N", default_value = "1")]
    pub(super) threshold: NonZeroU32,
}

impl BundleArgs {
    /// Opens the bundle and checks who vouches for it.
    pub(super) fn open(&self) -> miette::Result<VerifiedBundle> {
        // Trust first: without it there is no reason to look at the bundle.
        let root = trust::load(self.trust.as_deref(), self.threshold)?;
        Ok(UnverifiedBundle::open(&self.paths)?.verify(&root)?)
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
    /// The address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:5000")]
    pub(super) listen: SocketAddr,
    /// A name or address by which clients reach this machine; the first stands in the snippets [default: the host's
    /// name and addresses]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) address: Vec<String>,
    /// Let everybody pull, without a password
    #[arg(long)]
    pub(super) anonymous_pull: bool,
    /// Serve in this process until it is stopped, instead of as a systemd unit
    #[arg(long, conflicts_with = "no_serve")]
    pub(super) foreground: bool,
    /// Import only
    #[arg(long)]
    pub(super) no_serve: bool,
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
