//! What can be wrong with a cache.

use std::io;
use std::path::PathBuf;

/// A cache that can't be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CacheError {
    /// The folder can't be made, read or pruned.
    #[error("can't use the cache in {}", path.display())]
    Folder {
        /// The folder, or what is in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no cache.
    #[error("there is no cache in {}", .0.display())]
    #[diagnostic(help("`airgap-bundle build --cache` makes one"))]
    None(PathBuf),
    /// The folder has other things in it.
    #[error("{} is not a cache of airgap-bundle, and not empty", .0.display())]
    #[diagnostic(help("name an empty or a new folder: what is in a cache may be removed at any time"))]
    NotACache(PathBuf),
}
