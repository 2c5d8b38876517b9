//! What the three commands share towards a person: errors, exit codes, output formats, progress, logs, completions.
//!
//! Results go to standard output, everything else to standard error. A command's `main` reads its arguments, calls
//! [`CommonArgs::init`], does its work and hands the result to [`main_exit`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod args;
pub mod bundle;
pub mod error;
pub mod logging;
pub mod output;
pub mod progress;
pub mod shell;
mod terminal;
pub mod trust;
pub mod units;

pub use args::CommonArgs;
pub use error::{Interrupted, UsageError, main_exit};
pub use logging::LogFormat;
pub use output::{OutputArgs, OutputFormat, Table};
pub use progress::{Progress, Task};
pub use units::{ByteSize, Duration};
