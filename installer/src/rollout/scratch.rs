//! Copies on the jump host of what is sent to nodes that can't fetch by themselves.

use std::fs;
use std::io;
use std::path::Path;

use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use tempfile::NamedTempFile;

/// What their names begin with.
const PREFIX: &str = ".sent.";

/// A copy of a blob. It goes with the value.
pub(super) fn copy(folder: &Path, bundle: &VerifiedBundle, blob: &Digest) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder)?;
    io::copy(&mut bundle.read(blob).map_err(io::Error::other)?, &mut file)?;
    Ok(file)
}

/// Removes what runs that were killed have left. Nobody else works in the folder meanwhile.
///
/// # Errors
/// When the folder can't be read, or what is left can't be removed.
pub fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
