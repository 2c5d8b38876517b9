//! Why nothing can be said.

use std::io;

use manifests::bundle::OpenError;

/// Why advisories can't be matched.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AdvisoryError {
    /// The database can't be read.
    #[error("can't read `{name}`")]
    Read {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no zip.
    #[error("can't read `{database}` as a zip")]
    #[diagnostic(help(
        "name a zip or a folder of JSON files in the OSV format, as osv.dev exports them for each ecosystem"
    ))]
    Zip {
        /// Which.
        database: String,
        /// Why.
        #[source]
        source: zip::result::ZipError,
    },
    /// A file in it is no advisory.
    #[error("`{file}` in `{database}` is no advisory in the OSV format")]
    Invalid {
        /// Which.
        database: String,
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It is larger than is read.
    #[error("`{file}` in `{database}` is too large, or there are too many files")]
    TooLarge {
        /// Which.
        database: String,
        /// The file.
        file: String,
    },
    /// It is a zip that has to be read by its list, which is too long to be held.
    #[error("`{database}` has {members} members, and their sizes stand behind them")]
    #[diagnostic(help("unpack it, and name the folder"))]
    List {
        /// Which.
        database: String,
        /// How many.
        members: usize,
    },
    /// There is nothing in it.
    #[error("`{0}` holds no advisories")]
    #[diagnostic(help(
        "name a zip or a folder of JSON files in the OSV format, as osv.dev exports them for each ecosystem"
    ))]
    Empty(String),
    /// The bundle's own can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
}

impl AdvisoryError {
    pub(super) fn read(name: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let name = name.into();
        move |source| Self::Read { name, source }
    }
}
