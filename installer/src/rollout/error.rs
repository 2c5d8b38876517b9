//! Why work on nodes fails, for people.

use manifests::bundle::OpenError;
use miette::Diagnostic;
use registry::store::StoreError;

use super::survey::SurveyError;
use crate::deploy::DeployError;
use crate::deploy::packaged::Unfinished;
use crate::host::{HostError, Said};
use crate::proof::carried::CarriedError;

/// Why a step on a node failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum WorkError {
    /// The machine is the trouble.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// It can't be looked at.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Survey(#[from] SurveyError),
    /// A component does not go in.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Deploy(#[from] DeployError),
    /// The cluster's own parts do not come up.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Packaged(#[from] Unfinished),
    /// The bundle can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Bundle(#[from] OpenError),
    /// It can't be told which images it carries.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Carried(#[from] CarriedError),
    /// What was seen can't be kept.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Kept(#[from] StoreError),
    /// A file of the jump host can't be written.
    #[error("cannot lay `{path}` ready for {host}")]
    Lay {
        /// The file.
        path: String,
        /// The machine.
        host: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What was brought is not there.
    #[error("{host}: everything was done, and yet {problem}")]
    #[diagnostic(help(
        "something on the machine changes what is written there: find it, then run the same command again"
    ))]
    NotThere {
        /// The machine.
        host: String,
        /// What is missing.
        problem: String,
    },
    /// What tries to leave can't be dropped.
    #[error("{host} can't drop what tries to leave: {problem}")]
    #[diagnostic(help("mend that, or install without `--enforce-egress`"))]
    Open {
        /// The machine.
        host: String,
        /// Why not.
        problem: String,
    },
    /// A node does not get through to where it joins.
    #[error("{node} can't join by {joins}: {problem}")]
    #[diagnostic(help("{remedy}; then run the same command again: it goes on from here"))]
    NoWay {
        /// The node.
        node: String,
        /// Where it would join: `HOST:PORT`.
        joins: String,
        /// What it met there.
        problem: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The first server does not say what its cluster is known by.
    #[error("{host} does not say what the cluster is known by: `{file}` has no token of the form `K10…`")]
    #[diagnostic(help(
        "look whether the distribution has come up there as it should, then run the same command again"
    ))]
    NotKnown {
        /// The server.
        host: String,
        /// The file that says it.
        file: String,
    },
    /// The unit does not come up.
    #[error("{unit} does not come up on {host}: {problem}{said}")]
    #[diagnostic(help("`journalctl -u {unit}` on {host} tells more; once it is mended, run the same command again"))]
    Unit {
        /// The machine.
        host: String,
        /// The unit.
        unit: String,
        /// What it does.
        problem: String,
        /// Its last words.
        said: Said,
    },
    /// The pods of a node do not go.
    #[error("{node} can't be drained within {seconds} s; it takes pods as before{said}")]
    #[diagnostic(help(
        "a PodDisruptionBudget that allows no eviction keeps a pod, or one belongs to nothing that would bring it up \
         elsewhere: make room for it or delete it, then run the same command again; --drain-timeout gives more time"
    ))]
    Drain {
        /// The node.
        node: String,
        /// How long was waited.
        seconds: u64,
        /// What the API says of it.
        said: Said,
    },
    /// Members of etcd are not well.
    #[error("{well} of {all} members of etcd are well, says {host}; no server is touched before all are{said}")]
    #[diagnostic(help("mend the servers that are named, then run the same command again: it goes on from here"))]
    Quorum {
        /// Who was asked.
        host: String,
        /// How many are well.
        well: usize,
        /// How many there are.
        all: usize,
        /// Which are not, and why.
        said: Said,
    },
    /// The node does not become ready.
    #[error("{node} is not ready after {seconds} s, says {host}{said}")]
    #[diagnostic(help("once it is mended, run the same command again: it goes on from here"))]
    NotReady {
        /// The node.
        node: String,
        /// Who was asked.
        host: String,
        /// How long was waited.
        seconds: u64,
        /// What the API says of it.
        said: Said,
    },
}

impl WorkError {
    /// Whether trying the same step again may help: every step can be begun again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Host(error) => error.is_passing(),
            Self::Survey(error) => error.is_passing(),
            Self::Deploy(error) => error.is_passing(),
            _ => false,
        }
    }
}
