//! The command line.

mod serve;
mod unit;

use std::process::ExitCode;

use airgap_console::CommonArgs;
use airgap_console::shell::{CompletionsArgs, ManArgs};
use clap::{CommandFactory as _, Parser, Subcommand};

/// Serve the content of bundles: images, charts and files, under their original names
#[derive(Debug, Parser)]
#[command(name = "airgap-registry", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    common: CommonArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Unit(unit::UnitArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.common.init();
    airgap_console::main_exit(match cli.command {
        Command::Serve(args) => args.run(),
        Command::Unit(args) => args.run(),
        Command::Completions(args) => args.run(Cli::command()),
        Command::Man(args) => args.run(Cli::command()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
