//! `airgap-bundle build`

use std::path::PathBuf;

use airgap_console::{ByteSize, CommonArgs, Duration, OutputArgs, OutputFormat, Table, UsageError};
use miette::IntoDiagnostic as _;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::keys::KeyArgs;
use super::view::SCHEMA_VERSION;
use crate::build::{BuildOptions, Built, build};
use crate::cache::{Cache, DEFAULT_LIMIT};

/// Build a bundle: fetch all that a stack asks for into one signed archive
///
/// The archive is written beside its final name and gets it when it is whole. Stopped at any moment, the same command
/// goes on where it was. What an earlier bundle under the same name holds is not fetched again.
#[derive(Debug, clap::Args)]
pub(super) struct BuildArgs {
    /// The stack's file
    stack: PathBuf,
    /// The bundle to write; with --split the name that the volumes share
    ///
    /// An earlier bundle of that name is replaced when the new one is whole. Anything else that has the name, or that of
    /// a volume or of FILE.set.json, is refused before anything is fetched: another file, a folder, a link, a device.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write volumes smaller than this, such as 4GiB for FAT32, instead of one file
    #[arg(long, value_name = "SIZE")]
    split: Option<ByteSize>,
    /// Take blobs from this bundle too; may be given several times
    #[arg(long, value_name = "BUNDLE")]
    reuse: Vec<PathBuf>,
    /// Keep what is fetched in this folder too, for other builds
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// How much the cache may hold: what was not used for longest goes first
    #[arg(long, value_name = "SIZE", default_value_t = ByteSize(DEFAULT_LIMIT), requires = "cache")]
    cache_size: ByteSize,
    #[command(flatten)]
    keys: KeyArgs,
    /// Leave it unsigned, to be signed later with `airgap-bundle sign`
    #[arg(long)]
    unsigned: bool,
    /// How many things are fetched at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Give up after this long, such as 2h: the next build goes on
    #[arg(long, value_name = "TIME")]
    deadline: Option<Duration>,
    /// Don't ask apt whether the packages are complete; the reason goes into the bundle
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    without_apt_proof: Option<String>,
    /// How the result is written to standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: OutputFormat,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    #[serde(flatten)]
    built: Built,
}

impl BuildArgs {
    pub(super) fn run(self, common: &CommonArgs) -> miette::Result<()> {
        let signers = self.keys.signers()?;
        if signers.is_empty() && !self.unsigned {
            return Err(UsageError::new("no key is given to sign the bundle with")
                .with_help(
                    "make one with `airgap-bundle keygen ci_ed25519` and give it with --key ci_ed25519; or build with \
                     --unsigned and sign later",
                )
                .into());
        }
        let cache = self.cache.map(|folder| Cache::open(&folder, self.cache_size.0)).transpose()?;
        let options = BuildOptions {
            stack: self.stack,
            output: self.output,
            volume_size: self.split.map(|size| size.0),
            reuse: self.reuse,
            cache,
            source_date_epoch: std::env::var("SOURCE_DATE_EPOCH").ok(),
            concurrency: usize::from(self.concurrency),
            deadline: self.deadline.map(|time| time.0),
            now: jiff::Timestamp::now(),
            without_apt_proof: self.without_apt_proof,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
        let stop = CancellationToken::new();
        let progress = common.progress();
        let built = runtime.block_on(async {
            tokio::spawn(stop_on_signal(stop.clone()));
            build(options, signers, progress, stop).await
        });
        // Requests that are under way must not keep a stopped build from ending.
        runtime.shutdown_timeout(std::time::Duration::from_millis(200));
        let report = Report { schema_version: SCHEMA_VERSION, built: built? };
        OutputArgs { format: self.format }.print(&report, |report| table(&report.built))
    }
}

/// Ctrl-C and SIGTERM end the build in good order.
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

fn table(built: &Built) -> String {
    let mut table = Table::pairs();
    let state = match built.placed {
        0 => "up to date; its content was not read again, `airgap-bundle verify` does that",
        _ => "built",
    };
    table
        .row(["bundle", &format!("{} {}, {state}", built.name, built.version)])
        .row(["digest", &built.digest.to_string()])
        .row(["items", &built.items.to_string()])
        .row(["content", &format!("{} in {} blobs", ByteSize(built.content_size), built.blobs)])
        .row(["signatures", &built.signatures.to_string()]);
    for file in &built.files {
        table.row(["file", &file.display().to_string()]);
    }
    table.to_string()
}
