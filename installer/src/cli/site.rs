//! `site`.

mod check;
mod init;
mod ping;

use std::path::Path;

use airgap_console::output::print;
use clap::{Args, Subcommand};
use miette::IntoDiagnostic as _;

/// Write and check site.yaml, which says where a bundle is installed
#[derive(Debug, Args)]
pub(super) struct SiteArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a site.yaml to fill in, with comments
    Init(init::InitArgs),
    /// Say what is wrong with a site.yaml, without touching a machine
    Check(check::CheckArgs),
    /// Reach every node as an installation would, and change nothing
    Ping(ping::PingArgs),
    /// Print the JSON Schema of site.yaml, for editors
    Schema,
}

impl SiteArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        match &self.command {
            Command::Init(args) => args.run(),
            Command::Check(args) => args.run(),
            Command::Ping(args) => args.run(state),
            Command::Schema => print(&serde_json::to_string_pretty(&manifests::schema::site()).into_diagnostic()?),
        }
    }
}

/// How one becomes root, for people.
fn root_by(word: &'static str) -> &'static str {
    match word {
        "none" => "login",
        "password" => "sudo with a password",
        other => other,
    }
}
