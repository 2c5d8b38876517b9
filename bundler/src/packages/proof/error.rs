//! What can come of a proof.

use std::path::PathBuf;

use manifests::debian::PackageError;

/// The installation is not proved.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProofError {
    /// The machine has no `apt-get`.
    #[error("there is no apt-get on this machine to prove that the packages can be installed")]
    #[diagnostic(help(
        "build on Debian or Ubuntu, or install the package `apt`; to build without the proof, give \
         --without-apt-proof with a reason, which stands in the bundle's report"
    ))]
    NoApt,
    /// It could not be run.
    #[error("can't run apt-get to prove that the packages can be installed")]
    Run(#[source] std::io::Error),
    /// Its folder could not be made.
    #[error("can't prepare the proof of the packages: can't write {}", path.display())]
    Prepare {
        /// What could not be written.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The index is none.
    #[error("the index of the bundle's packages can't be read")]
    Index(#[source] PackageError),
    /// It can't read what it was given.
    #[error("apt-get can't read the bundle's packages (profile `{profile}`):\n{output}")]
    Update {
        /// The profile.
        profile: String,
        /// What it said.
        output: String,
    },
    /// It would not install.
    #[error("apt-get can't install the bundle's packages on a system of profile `{profile}`:\n{output}")]
    #[diagnostic(help("what apt-get says is missing has to be in a repository of the system, or in the profile"))]
    Unmet {
        /// The profile.
        profile: String,
        /// What it said.
        output: String,
    },
    /// It would install what is not carried.
    #[error("apt-get would install what the bundle does not carry (profile `{profile}`): {}", missing.join(", "))]
    NotCarried {
        /// The profile.
        profile: String,
        /// The packages.
        missing: Vec<String>,
    },
    /// What it said can't be understood.
    #[error("apt-get said something that can't be understood: {0}")]
    Output(String),
}
