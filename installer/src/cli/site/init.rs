//! `site init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use airgap_console::output::print;

use crate::draft::Draft;
use crate::inventory;
use crate::site_file::read_text;

/// Write a site.yaml to fill in, with comments
///
/// With --from-inventory the machines, users, ports and keys of an Ansible inventory in INI form are in it. Passwords never
/// are.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct InitArgs {
    /// The inventory to take machines from
    #[arg(long, value_name = "FILE")]
    from_inventory: Option<PathBuf>,
    /// The file to write, which must not exist yet [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The file can't be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum WriteError {
    #[error("`{}` exists already", .0.display())]
    #[diagnostic(help("choose another name for --output, or move the file away"))]
    Exists(PathBuf),
    #[error("can't write `{}`", .0.display())]
    Io(PathBuf, #[source] std::io::Error),
}

impl InitArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let draft = match &self.from_inventory {
            Some(path) => Draft::of(&inventory::read(&path.display().to_string(), &read_text(path)?)?),
            None => Draft::empty(),
        };
        for what in &draft.left_out {
            tracing::warn!("not taken over: {what}");
        }
        match &self.output {
            Some(path) => write_new(path, &draft.text)?,
            None => print(&draft.text)?,
        }
        Ok(())
    }
}

fn write_new(path: &Path, text: &str) -> Result<(), WriteError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => WriteError::Exists(path.to_owned()),
        _ => WriteError::Io(path.to_owned(), error),
    })
}
