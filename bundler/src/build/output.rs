//! The output's name, looked at before anything is fetched: a build replaces a bundle, and nothing else.

use std::io;
use std::path::{Path, PathBuf};

use manifests::bundle::UnverifiedBundle;
use manifests::bundle::occupied::{self, OccupiedError};

use super::BuildOptions;

/// A place where no bundle can be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum OutputError {
    /// The folder is not there, or is none.
    #[error("can't write `{path}`: there is no folder `{folder}`", path = path.display(), folder = folder.display())]
    #[diagnostic(code(usage), help("{}", way_out(folder)))]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// Nothing can be made in the folder.
    #[error("can't write `{path}`: no file can be made in `{folder}`", path = path.display(), folder = folder.display())]
    #[diagnostic(code(usage), help("name a file in a folder that you may write to"))]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Something else than a bundle has the name.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Occupied(#[from] OccupiedError),
}

fn way_out(folder: &Path) -> String {
    if folder.symlink_metadata().is_ok() {
        return "that is no folder: name another file".to_owned();
    }
    format!("make it with `mkdir -p {}`, or name another file", folder.display())
}

/// Makes sure that the bundle, or each volume of it, can be written to its name, and takes the place of nothing but an
/// earlier bundle. Returns that.
pub(super) fn check(options: &BuildOptions) -> Result<Option<UnverifiedBundle>, OutputError> {
    let path = options.output.as_path();
    if path.file_name().is_none() {
        return Err(OccupiedError::NotAFile { path: path.to_owned(), what: "a folder" }.into());
    }
    check_folder(path)?;
    Ok(occupied::check_target(path, options.volume_size.is_some())?)
}

fn check_folder(path: &Path) -> Result<(), OutputError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(OutputError::NoFolder { path: path.to_owned(), folder: folder.to_owned() });
    }
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(folder, access).map_err(|error| OutputError::NotWritable {
        path: path.to_owned(),
        folder: folder.to_owned(),
        source: error.into(),
    })
}
