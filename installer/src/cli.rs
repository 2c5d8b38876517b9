//! The command line. Each command is its arguments and a short `run`; the work is in the library.

mod args;
mod audit;
mod git;
mod install;
mod installed;
mod nodes;
mod packages;
mod plan;
mod preflight;
mod receipt;
mod remove;
mod report;
mod rollback;
mod rollout;
mod site;
mod snippets;
mod status;
mod support_bundle;
mod uninstall;
mod verify;
mod verify_held;

use std::process::ExitCode;

use airgap_console::shell::{CompletionsArgs, ManArgs};
use airgap_console::{CommonArgs, UsageError, main_exit};
use clap::{CommandFactory, Parser, Subcommand};
use miette::{Context as _, IntoDiagnostic as _};

/// Check a bundle, keep it and serve it to a cluster that has no way out
///
/// Without a command: verifies the bundle, imports it, serves it, and says how clients find it. Running it again changes
/// nothing.
#[derive(Debug, Parser)]
#[command(name = "airgap-install", version, subcommand_negates_reqs = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    install: install::InstallArgs,
    #[command(flatten)]
    state: args::StateArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what would be done, and change nothing
    Plan(plan::PlanArgs),
    /// Check every byte of a bundle and its signatures, or of all that this site holds
    Verify(verify::VerifyArgs),
    /// Show what this site holds and serves
    Status(status::StatusArgs),
    /// Show what was installed, when, by which commands, and what shows that all of it came from the bundle
    Report(report::ReportArgs),
    /// Show what to write on a client, credentials and all
    Snippets(snippets::SnippetsArgs),
    /// Show and hand out what bundles carry for the operating system of the nodes
    Packages(packages::PackagesArgs),
    /// Hand out the git repositories that bundles carry
    Git(git::GitArgs),
    /// Look whether the nodes of a site are ready for a cluster, and change nothing
    Preflight(preflight::PreflightArgs),
    /// Look which images the cluster of a site has, and whether all of them are the bundle's
    Audit(audit::AuditArgs),
    /// Gather what helps to find out what is wrong into one file, without secrets
    SupportBundle(support_bundle::SupportBundleArgs),
    /// Write down what this site holds, signed by its own key
    Receipt(receipt::ReceiptArgs),
    /// Write and check site.yaml, which says where a bundle is installed
    Site(site::SiteArgs),
    /// Undo a step of an installation, as far as that can be undone
    Rollback(rollback::RollbackArgs),
    /// Remove a generation
    Remove(remove::RemoveArgs),
    /// Stop serving and remove what was installed
    Uninstall(uninstall::UninstallArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Write the manual pages into a folder
    Man(ManArgs),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    // The server's own user reads what is made here; what is secret gets its own mode.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    let cli = Cli::parse();
    cli.common.init();
    main_exit(cli.run())
}

impl Cli {
    fn run(self) -> miette::Result<()> {
        let common = &self.common;
        // What is shown, written into units or kept in receipts has to hold from any folder.
        let state = std::path::absolute(&self.state.state).into_diagnostic().wrap_err("cannot use --state")?;
        let state = state.as_path();
        if self.command.is_some() && !self.install.bundle.paths.is_empty() {
            return Err(UsageError::new("--bundle stands before a command")
                .with_help("write it behind the command: `airgap-install verify --bundle FILE`")
                .into());
        }
        match self.command {
            None => self.install.run(common, state),
            Some(Command::Plan(args)) => args.run(state),
            Some(Command::Verify(args)) => args.run(common, state),
            Some(Command::Status(args)) => args.run(state),
            Some(Command::Report(args)) => args.run(state),
            Some(Command::Snippets(args)) => args.run(state),
            Some(Command::Packages(args)) => args.run(state),
            Some(Command::Git(args)) => args.run(state),
            Some(Command::Site(args)) => args.run(state),
            Some(Command::Preflight(args)) => args.run(state),
            Some(Command::Audit(args)) => args.run(state),
            Some(Command::SupportBundle(args)) => args.run(state),
            Some(Command::Receipt(args)) => args.run(state),
            Some(Command::Rollback(args)) => args.run(common, state),
            Some(Command::Remove(args)) => args.run(common, state),
            Some(Command::Uninstall(args)) => args.run(common, state),
            Some(Command::Completions(args)) => args.run(Self::command()),
            Some(Command::Man(args)) => args.run(Self::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
