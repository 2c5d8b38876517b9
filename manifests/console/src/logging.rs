//! Logs on standard error.

use std::io::{self, Write};
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::args::CommonArgs;
use crate::terminal;

/// How messages are written to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for programs.
    Json,
}

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// The format that [`init`] chose; text before.
pub(crate) fn format() -> LogFormat {
    FORMAT.get().copied().unwrap_or_default()
}

/// Starts logging to standard error. A second call changes nothing.
pub(crate) fn init(args: &CommonArgs) {
    let _ = FORMAT.set(args.log_format);
    let builder = tracing_subscriber::fmt().with_env_filter(filter(args)).with_writer(AboveBars);
    // Fails when a subscriber is set already, which is what a second call is.
    let _ = match args.log_format {
        LogFormat::Text => {
            builder.with_ansi(terminal::colours()).with_target(false).without_time().compact().try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
}

/// Our own crates speak up; libraries only when something is wrong, or when everything is asked for.
fn filter(args: &CommonArgs) -> EnvFilter {
    if let Ok(filter) = EnvFilter::try_from_env("AIRGAP_LOG") {
        return filter;
    }
    let (ours, theirs) = match (args.quiet, args.verbose) {
        (true, _) => ("error", "error"),
        (false, 0) => ("info", "warn"),
        (false, 1) => ("debug", "warn"),
        (false, _) => ("trace", "debug"),
    };
    let ours = ["manifests", "bundler", "registry", "installer", "airgap_console", "airgap_tests"]
        .map(|name| format!("{name}={ours}"))
        .join(",");
    EnvFilter::new(format!("{theirs},{ours}"))
}

/// Writes to standard error while the progress bars are lifted.
#[derive(Debug, Clone, Copy)]
struct AboveBars;

impl<'a> MakeWriter<'a> for AboveBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        *self
    }
}

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        terminal::BARS.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
