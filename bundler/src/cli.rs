//! The command line: each command is its arguments and a `run`; the work is done by the library.

mod bundle;
mod diff;
mod extract;
mod inspect;
mod join;
mod keygen;
mod keys;
mod list;
mod schema;
mod sign;
mod split;
mod trust;
mod verify;
mod view;

use std::process::ExitCode;

use airgap_console::shell::{CompletionsArgs, ManArgs};
use airgap_console::{CommonArgs, main_exit};
use clap::{CommandFactory, Parser, Subcommand};

/// Make, check and take apart bundles for machines without a way out
#[derive(Debug, Parser)]
#[command(name = "airgap-bundle", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one, for the whole run")]
enum Command {
    /// Show what a bundle is
    Inspect(inspect::InspectArgs),
    /// List what a bundle holds
    List(list::ListArgs),
    /// Check a bundle's signatures and every byte of it
    Verify(verify::VerifyArgs),
    /// Sign a bundle, or attach signatures made elsewhere
    Sign(sign::SignArgs),
    /// Make a key that signs bundles
    Keygen(keygen::KeygenArgs),
    /// Take the content, or one item, out of a bundle
    Extract(extract::ExtractArgs),
    /// Write a bundle again as volumes for small media
    Split(split::SplitArgs),
    /// Write the volumes of a bundle again as one file
    Join(join::JoinArgs),
    /// Show what changed between two bundles, and how much there is to carry
    Diff(diff::DiffArgs),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(schema::SchemaArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man(ManArgs),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.common.init();
    main_exit(cli.run())
}

impl Cli {
    fn run(self) -> miette::Result<()> {
        let common = &self.common;
        match self.command {
            Command::Inspect(args) => args.run(),
            Command::List(args) => args.run(),
            Command::Verify(args) => args.run(common),
            Command::Sign(args) => args.run(),
            Command::Keygen(args) => args.run(),
            Command::Extract(args) => args.run(common),
            Command::Split(args) => args.run(common),
            Command::Join(args) => args.run(common),
            Command::Diff(args) => args.run(),
            Command::Schema(args) => args.run(),
            Command::Completions(args) => args.run(Self::command()),
            Command::Man(args) => args.run(Self::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
