//! The git repositories that bundles carry, pushed into a git server inside.
//!
//! The machine's `git` pushes, and its `curl` asks the server to make what is missing there: nothing of this program dials out.
//! Only what is carried is pushed. What else a server has stays, unless it is said that it shall go.

mod access;
mod forge;
mod program;
mod push;

use std::path::PathBuf;

use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use manifests::document::object_name;
use registry::git::GitError;
use registry::store::{Store, StoreError};
use url::Url;

pub use access::{Access, AccessError};
pub use forge::Forge;
pub use push::{Pushed, Target};

/// A repository of a bundle that this site holds.
pub struct Carried {
    /// Its component.
    pub component: String,
    /// Its name.
    pub name: String,
    /// How many objects it keeps in LFS.
    pub in_lfs: usize,
    digest: Digest,
    bundle: std::rc::Rc<VerifiedBundle>,
}

/// Why a repository is not pushed, or none is.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum GitPushError {
    /// What the site holds can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    /// A repository can't be unpacked.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unpack(#[from] GitError),
    /// There is nothing to push.
    #[error("no bundle of this site has such a git repository")]
    #[diagnostic(help("{there}"))]
    Nothing {
        /// What there is.
        there: String,
    },
    /// Two components have a repository of one name, which can't be both at one place.
    #[error("two components have a git repository `{name}`: {one} and {other}")]
    #[diagnostic(help("say which is meant: `--component {one}`"))]
    Ambiguous {
        /// Its name.
        name: String,
        /// A component that has it.
        one: String,
        /// The other.
        other: String,
    },
    /// A program is not there.
    #[error("can't run `{program}`")]
    #[diagnostic(help("install it on this machine (`apt-get install {program}`)"))]
    Start {
        /// Which one.
        program: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// The server, or the way to it, does not let it be done.
    #[error("can't {what}: {said}")]
    #[diagnostic(help(
        "credentials come from --credentials or AIRGAP_GIT_USERNAME and AIRGAP_GIT_PASSWORD, and whom to trust from --ca; \
         `--create gitea` makes what is not there yet"
    ))]
    Failed {
        /// What was tried.
        what: &'static str,
        /// What git or curl said.
        said: String,
    },
    /// The server has commits on a branch, or another tag, that the bundle does not have.
    #[error("the server has something else under {}", .names.join(", "))]
    #[diagnostic(help(
        "somebody has pushed there: look at it, and take what is needed into the repository outside; `--force` overwrites it"
    ))]
    Rejected {
        /// The branches and tags.
        names: Vec<String>,
    },
    /// The server does not make the repository.
    #[error("the git server does not make `{name}`: it answered {status}{said}")]
    #[diagnostic(help(
        "the user needs the right to make repositories there; or make it by hand, and leave `--create` out"
    ))]
    NotMade {
        /// Owner and name.
        name: String,
        /// The status of HTTP.
        status: u16,
        /// What it said.
        said: String,
    },
    /// A file for the work can't be used.
    #[error("can't use {}", path.display())]
    Work {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// The repositories that a site holds, of one component and of some names where these are said. The latest bundle's come first.
///
/// # Errors
/// [`GitPushError`] when there is none, or two of one name.
pub fn carried(store: &Store, component: Option<&str>, names: &[String]) -> Result<Vec<Carried>, GitPushError> {
    let (mut found, mut there): (Vec<Carried>, Vec<String>) = (Vec::new(), Vec::new());
    for generation in store.list()?.iter().rev() {
        let bundle = std::rc::Rc::new(generation.open()?);
        for repository in bundle.document().repositories() {
            let is_known = |known: &Carried| known.component == repository.component && known.name == repository.name;
            there.push(format!("{}/{}", repository.component, repository.name));
            let is_meant = component.is_none_or(|component| component == repository.component)
                && (names.is_empty() || names.iter().any(|name| name == repository.name));
            if !is_meant || found.iter().any(is_known) {
                continue;
            }
            if let Some(other) = found.iter().find(|other| other.name == repository.name) {
                let (name, one) = (other.name.clone(), other.component.clone());
                return Err(GitPushError::Ambiguous { name, one, other: repository.component.to_owned() });
            }
            found.push(Carried {
                component: repository.component.to_owned(),
                name: repository.name.to_owned(),
                in_lfs: objects(&bundle, repository.component, repository.name),
                digest: repository.file.digest,
                bundle: std::rc::Rc::clone(&bundle),
            });
        }
    }
    there.sort();
    there.dedup();
    let lacks = names.iter().any(|name| found.iter().all(|found| found.name != *name));
    if found.is_empty() || lacks {
        let there =
            if there.is_empty() { "it holds none at all".to_owned() } else { format!("it has {}", there.join(", ")) };
        return Err(GitPushError::Nothing { there });
    }
    found.sort_by(|a, b| (&a.component, &a.name).cmp(&(&b.component, &b.name)));
    Ok(found)
}

fn objects(bundle: &VerifiedBundle, component: &str, name: &str) -> usize {
    let sets = bundle.document().items.iter().filter_map(|item| item.as_files()).filter(|set| set.name == component);
    let files = sets.flat_map(|set| &set.files);
    files.filter(|file| object_name(&file.path).is_some_and(|(of, _)| of == name)).count()
}

/// Where a repository is below the URL that they are pushed to.
fn place(base: &Url, name: &str) -> String {
    format!("{}/{name}.git", base.as_str().trim_end_matches('/'))
}
