//! The options that every command has.

use crate::logging::{self, LogFormat};
use crate::progress::Progress;

/// The options that every command has: flatten it into the top level of the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CommonArgs {
    /// Show more: once for details, twice for everything
    #[arg(short, long, global = true, help_heading = "Messages", action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Show errors only
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub quiet: bool,
    /// How messages and progress are written to standard error
    #[arg(long, global = true, help_heading = "Messages", value_enum, value_name = "FORMAT", default_value_t)]
    pub log_format: LogFormat,
}

impl CommonArgs {
    /// Sets up logging for this process. Call it once, first thing.
    pub fn init(&self) {
        logging::init(self);
    }

    /// The progress display that fits these options and the terminal.
    pub fn progress(&self) -> Progress {
        match self.log_format {
            _ if self.quiet => Progress::hidden(),
            LogFormat::Json => Progress::json(),
            LogFormat::Text => Progress::text(),
        }
    }
}
