//! Completions for shells, and manual pages.

use std::path::{Path, PathBuf};

use miette::{Context, IntoDiagnostic};

/// Print the completion script of a shell
#[derive(Debug, Clone, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

impl CompletionsArgs {
    /// Prints the script for `command` to standard output.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn run(&self, mut command: clap::Command) -> miette::Result<()> {
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        crate::output::print(&String::from_utf8_lossy(&script))
    }
}

/// Write the manual pages into a folder
#[derive(Debug, Clone, clap::Args)]
pub struct ManArgs {
    /// The folder, made if it is not there
    pub dir: PathBuf,
}

impl ManArgs {
    /// Writes one page for `command` and one for each of its subcommands.
    ///
    /// # Errors
    /// When the folder or a page can't be written.
    pub fn run(&self, command: clap::Command) -> miette::Result<()> {
        write_pages(command, &self.dir)
            .into_diagnostic()
            .wrap_err_with(|| format!("can't write manual pages to `{}`", self.dir.display()))
    }
}

fn write_pages(command: clap::Command, dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(command, dir)
}
