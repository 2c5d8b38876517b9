//! Writing a document: to a file, whole or not at all, or to standard output. It may be large, and is not held beside what it
//! is made of.

use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use miette::{Context as _, IntoDiagnostic as _};

/// Writes a document, by its name, to a file or to standard output. A reader that has left (`| head`) is no error.
pub(super) fn write(
    name: &str,
    path: Option<&Path>,
    write: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> miette::Result<()> {
    let buffered = |to: &mut dyn Write| -> io::Result<()> {
        let mut to = BufWriter::new(to);
        write(&mut to)?;
        to.flush()
    };
    match path {
        Some(path) => write_file(path, buffered)
            .into_diagnostic()
            .wrap_err_with(|| format!("can't write {name} to `{}`", path.display())),
        None => match buffered(&mut io::stdout().lock()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.into_diagnostic().wrap_err("can't write to standard output"),
        },
    }
}

/// Writes a file beside its name and renames it.
fn write_file(path: &Path, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
    write(&mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
