//! What can be wrong with an index.

use manifests::debian::{ControlError, PackageError, relation::RelationError};

/// An index that can't be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum IndexError {
    /// It is no control file.
    #[error("the package index of {pocket} can't be read")]
    Control {
        /// Where it comes from.
        pocket: String,
        /// What is wrong.
        #[source]
        source: ControlError,
    },
    /// A stanza is no package.
    #[error("the package index of {pocket} has an entry that is no package")]
    Package {
        /// Where it comes from.
        pocket: String,
        /// What is wrong.
        #[source]
        source: PackageError,
    },
    /// A package provides what can't be read.
    #[error("the package index of {pocket} is damaged at line {line}: what {package} provides can't be read")]
    Provides {
        /// Where it comes from.
        pocket: String,
        /// The stanza's line, from 1.
        line: usize,
        /// The package.
        package: String,
        /// What is wrong.
        #[source]
        source: RelationError,
    },
    /// There is more than is read.
    #[error("the package indexes list more than {0} packages")]
    TooMany(usize),
}
