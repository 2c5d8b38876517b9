//! `airgap-registry`: serves what bundles hold.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
