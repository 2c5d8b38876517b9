//! `airgap-bundle profile`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use airgap_console::output;
use miette::{IntoDiagnostic, WrapErr};

use crate::packages::profile::reduce;

/// The largest status file that is read, in bytes: one of a desktop with everything has some 10 MB.
const MAX_SIZE: u64 = 256 << 20;

/// Make a profile of a node: what it has already, so that a bundle need not carry it
#[derive(Debug, clap::Args)]
pub(super) struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ProfileCommand {
    FromStatus(FromStatusArgs),
}

/// Reduce a dpkg status file to what the closure of packages depends on
///
/// Take /var/lib/dpkg/status of a node, and name the profile in the stack, as `base:` of its system. Only names, versions
/// and relations of installed packages are in it.
#[derive(Debug, clap::Args)]
struct FromStatusArgs {
    /// The status file; - for standard input
    status: PathBuf,
    /// Write the profile to this file; without it to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ProfileArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        match &self.command {
            ProfileCommand::FromStatus(args) => args.run(),
        }
    }
}

impl FromStatusArgs {
    fn run(&self) -> miette::Result<()> {
        let shown = self.status.display();
        let status = read(&self.status).into_diagnostic().wrap_err_with(|| format!("can't read {shown}"))?;
        let reduced = reduce(&status).map_err(miette::Report::from).wrap_err_with(|| format!("can't use {shown}"))?;
        if !reduced.unsettled.is_empty() {
            let packages = reduced.unsettled.join(", ");
            tracing::warn!(%packages, "packages of this node are not wholly installed: `dpkg --configure -a` there first");
        }
        match &self.output {
            None => output::print(&String::from_utf8_lossy(&reduced.status)),
            Some(path) => {
                write(path, &reduced.status)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("can't write {}", path.display()))?;
                tracing::info!(packages = reduced.packages, file = %path.display(), "the profile is written");
                Ok(())
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_SIZE + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_SIZE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MAX_SIZE} bytes")));
    }
    Ok(bytes)
}

/// Beside its final name first, so that it is whole or not there.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().permissions(mode(0o644)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

fn mode(bits: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}
