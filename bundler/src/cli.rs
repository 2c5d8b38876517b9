//! The command line: each command is its arguments and a `run`; the work is done by the library.

mod advisories;
mod build;
mod bundle;
mod cache;
mod catalogue;
mod changes;
mod damage;
mod diff;
mod discover;
mod document;
mod extract;
mod findings;
mod inspect;
mod interrupt;
mod join;
mod keygen;
mod keys;
mod list;
mod lock;
mod look;
mod outdated;
mod platform;
mod profile;
mod report;
mod resolve;
mod sbom;
mod schema;
mod sign;
mod split;
mod transfer;
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
    Build(build::BuildArgs),
    Lock(lock::LockArgs),
    Discover(discover::DiscoverArgs),
    Outdated(outdated::OutdatedArgs),
    Cache(cache::CacheArgs),
    Inspect(inspect::InspectArgs),
    List(list::ListArgs),
    Verify(verify::VerifyArgs),
    Sign(sign::SignArgs),
    Keygen(keygen::KeygenArgs),
    Extract(extract::ExtractArgs),
    Split(split::SplitArgs),
    Join(join::JoinArgs),
    Diff(diff::DiffArgs),
    Report(report::ReportArgs),
    Sbom(sbom::SbomArgs),
    Advisories(advisories::AdvisoriesArgs),
    Components(catalogue::ComponentsArgs),
    Stacks(catalogue::StacksArgs),
    Profile(profile::ProfileArgs),
    Schema(schema::SchemaArgs),
    Completions(CompletionsArgs),
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
            Command::Build(args) => args.run(common),
            Command::Lock(args) => args.run(common),
            Command::Discover(args) => args.run(common),
            Command::Outdated(args) => args.run(common),
            Command::Cache(args) => args.run(),
            Command::Inspect(args) => args.run(),
            Command::List(args) => args.run(),
            Command::Verify(args) => args.run(common),
            Command::Sign(args) => args.run(),
            Command::Keygen(args) => args.run(),
            Command::Extract(args) => args.run(common),
            Command::Split(args) => args.run(common),
            Command::Join(args) => args.run(common),
            Command::Diff(args) => args.run(common),
            Command::Report(args) => args.run(common),
            Command::Sbom(args) => args.run(common),
            Command::Advisories(args) => args.run(common),
            Command::Components(args) => args.run(),
            Command::Stacks(args) => args.run(),
            Command::Profile(args) => args.run(),
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
