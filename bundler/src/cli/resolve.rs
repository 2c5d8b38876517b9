//! What commands share that look for what a stack asks for.

use std::path::PathBuf;

use airgap_console::{ByteSize, Duration};
use miette::{Diagnostic, IntoDiagnostic as _};
use tokio_util::sync::CancellationToken;

use crate::build::ResolveOptions;
use crate::cache::{Cache, DEFAULT_LIMIT};

/// What is looked for, and how.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ResolveArgs {
    /// The stack's file
    pub(super) stack: PathBuf,
    /// Take blobs from this bundle too; may be given several times
    #[arg(long, value_name = "BUNDLE")]
    reuse: Vec<PathBuf>,
    /// Keep what is fetched in this folder too, for other builds
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// How much the cache may hold: what was not used for longest goes first
    #[arg(long, value_name = "SIZE", default_value_t = ByteSize(DEFAULT_LIMIT), requires = "cache")]
    cache_size: ByteSize,
    /// How many things are fetched at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Give up after this long, such as 2h: the next build goes on
    #[arg(long, value_name = "TIME")]
    deadline: Option<Duration>,
    /// The Helm that renders charts to see what they refer to; without it, the one of the search path
    #[arg(long, value_name = "PROGRAM", env = "AIRGAP_HELM")]
    helm: Option<PathBuf>,
    /// Don't ask apt whether the packages are complete; the reason goes into the bundle
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    without_apt_proof: Option<String>,
}

impl ResolveArgs {
    /// What the library is told.
    pub(super) fn options(self) -> miette::Result<ResolveOptions> {
        Ok(ResolveOptions {
            stack: self.stack,
            reuse: self.reuse,
            cache: self.cache.map(|folder| Cache::open(&folder, self.cache_size.0)).transpose()?,
            source_date_epoch: std::env::var("SOURCE_DATE_EPOCH").ok(),
            concurrency: usize::from(self.concurrency),
            deadline: self.deadline.map(|time| time.0),
            now: jiff::Timestamp::now(),
            helm: self.helm,
            without_apt_proof: self.without_apt_proof,
        })
    }
}

/// Runs work that Ctrl-C and SIGTERM end in good order.
pub(super) fn run_until_signal<T, E, F>(work: impl FnOnce(CancellationToken) -> F) -> miette::Result<T>
where
    F: Future<Output = Result<T, E>>,
    E: Diagnostic + Send + Sync + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
    let stop = CancellationToken::new();
    let done = runtime.block_on(async {
        tokio::spawn(stop_on_signal(stop.clone()));
        work(stop).await
    });
    // Requests that are under way must not keep a stopped run from ending.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    Ok(done?)
}

async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
}
