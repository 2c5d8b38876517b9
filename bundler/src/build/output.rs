//! The output's name, looked at before anything is fetched: a build replaces a bundle, and nothing else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use manifests::bundle::UnverifiedBundle;
use manifests::bundle::reader::OpenError;
use manifests::bundle::volume;

use super::BuildOptions;

/// A place where no bundle can be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum OutputError {
    /// The folder is not there, or is none.
    #[error("can't write `{path}`: there is no folder `{folder}`", path = path.display(), folder = folder.display())]
    #[diagnostic(code(usage), help("make it with `mkdir -p {}`, or name another file", folder.display()))]
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
    /// A folder, a link, a device.
    #[error("`{path}` is {what}", path = path.display())]
    #[diagnostic(code(usage), help("name the bundle's file with --output, such as platform.tar.zst"))]
    NotAFile {
        /// What is there.
        path: PathBuf,
        /// Its kind.
        what: &'static str,
    },
    /// A file with something else in it.
    #[error("`{path}` is there and is no bundle", path = path.display())]
    #[diagnostic(code(usage), help("name another file, or remove this one first"))]
    NotABundle {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Option<Box<OpenError>>,
    },
}

/// Makes sure that the bundle, or each volume of it, can be written to its name, and takes the place of nothing but an
/// earlier bundle.
pub(super) fn check(options: &BuildOptions) -> Result<(), OutputError> {
    let path = options.output.as_path();
    if path.file_name().is_none() {
        return Err(OutputError::NotAFile { path: path.to_owned(), what: "a folder" });
    }
    check_folder(path)?;
    if options.volume_size.is_none() {
        return check_file(path, |path| match UnverifiedBundle::open(&[path]) {
            Ok(_) => Ok(()),
            Err(source) => Err(OutputError::NotABundle { path: path.to_owned(), source: Some(Box::new(source)) }),
        });
    }
    volume::names(path).try_for_each(|name| {
        check_file(&name, |path| {
            let refused = || OutputError::NotABundle { path: path.to_owned(), source: None };
            volume::is_volume(path).then_some(()).ok_or_else(refused)
        })
    })
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

/// A name that is free, or a file that is a bundle. A link is not followed: its name would be replaced, not the file.
fn check_file(path: &Path, is_bundle: impl FnOnce(&Path) -> Result<(), OutputError>) -> Result<(), OutputError> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    let refused = |what| Err(OutputError::NotAFile { path: path.to_owned(), what });
    match metadata.file_type() {
        kind if kind.is_dir() => refused("a folder"),
        kind if kind.is_symlink() => refused("a link"),
        kind if !kind.is_file() => refused("a device, a socket or a pipe"),
        _ => is_bundle(path),
    }
}
