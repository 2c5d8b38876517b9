//! The build: from a stack to one signed bundle.
//!
//! ```text
//! stack ──resolve──▶ items and blobs ──plan──▶ places ──transfer──▶ archive ──sign──▶ final name
//! ```
//!
//! Everything is resolved to digests and sizes before the first blob moves, so every place in the archive is known,
//! and blobs stream from where they are to where they belong, through one hash. There is no staging copy. A build that
//! was stopped, however, goes on where it was; an earlier bundle under the same name gives what it holds already.

mod counted;
mod earlier;
mod error;
mod finish;
mod gather;
mod look;
mod output;
mod pinned;
mod platform;
mod relock;
mod resolve;
mod selection;
mod sources;
mod transfer;
mod trusted;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use airgap_console::Progress;
use jiff::Timestamp;
use manifests::Digest;
use manifests::bundle::{Plan, WriteError, limits};
use manifests::evidence::Finding;
use tokio_util::sync::CancellationToken;

pub(crate) use earlier::Earlier;
pub use error::{BlobFailure, BuildError, Cause, ImageFailure, ImageProblem, ItemFailure, LateFailure};
pub use look::{Looked, look};
pub use output::OutputError;
pub use relock::{Relocked, relock};
pub use selection::SizeConflict;

use crate::cache::Cache;
use crate::resolve::stack::{created, load};
use crate::sign::Signers;
use gather::{Before, Gather, Gathered};
use look::Looker;
use pinned::Pinned;
use sources::Sources;

/// What of a stack is looked for, and how.
#[derive(Debug)]
pub struct ResolveOptions {
    /// The stack's file.
    pub stack: PathBuf,
    /// Earlier bundles to take blobs from, beside the one under the output's name.
    pub reuse: Vec<PathBuf>,
    /// Where blobs are kept for other builds, if the user wants that.
    pub cache: Option<Cache>,
    /// `SOURCE_DATE_EPOCH`, if it is set.
    pub source_date_epoch: Option<String>,
    /// Blobs and items at a time.
    pub concurrency: usize,
    /// The time that all of it may take.
    pub deadline: Option<Duration>,
    /// What the clock says: what repositories of packages, and their keys, are compared with. Nothing of the bundle
    /// depends on it.
    pub now: Timestamp,
    /// The Helm that renders charts; without it the one of the search path.
    pub helm: Option<PathBuf>,
    /// Why apt is not asked whether the packages are complete; none where it is.
    pub without_apt_proof: Option<String>,
}

/// What to build, and how.
#[derive(Debug)]
pub struct BuildOptions {
    /// What of, and how that is found.
    pub resolve: ResolveOptions,
    /// What the stack's lock is to the build.
    pub lock: LockUse,
    /// The bundle's final name; with volumes, the name that they share.
    pub output: PathBuf,
    /// For `--split`: volumes are smaller than this many bytes.
    pub volume_size: Option<u64>,
}

/// What a stack's lock is to a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LockUse {
    /// Where there is one, it decides what it has; all else is looked for.
    #[default]
    IfThere,
    /// It decides everything, and fits the stack.
    Required,
    /// As [`LockUse::IfThere`]; and it is made, or brought up to date, to say what was built.
    Written,
}

/// How a build ended.
#[derive(Debug, Clone, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Built {
    /// The bundle's name.
    pub name: String,
    /// The bundle's version.
    pub version: String,
    /// The digest of `bundle.json`: the bundle's identity.
    pub digest: Digest,
    /// The bundle's files.
    pub files: Vec<PathBuf>,
    /// Items in it.
    pub items: usize,
    /// Blobs in it.
    pub blobs: usize,
    /// The bytes of all blobs.
    pub content_size: u64,
    /// Blobs that this build brought to their places: 0 when the bundle was up to date.
    pub placed: usize,
    /// Signatures that the bundle carries.
    pub signatures: usize,
    /// The lock that decided what is in it, or that says it now; none where every name was looked up.
    pub lock: Option<PathBuf>,
    /// What is to be told of what it refers to: warnings, and what was let pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Builds a bundle.
///
/// `stop` ends the build within a second; what is in place stays there for the next one.
///
/// # Errors
/// [`BuildError`]. Nothing has changed under the output's name then.
pub async fn build(
    options: BuildOptions,
    signers: Signers,
    progress: Progress,
    stop: CancellationToken,
) -> Result<Built, BuildError> {
    check_volume_size(options.volume_size)?;
    let before = Before::look(&options)?;
    let stack = load(&options.resolve.stack)?;
    let pinned = Pinned::read(&options)?;
    let created = created(&stack, options.resolve.source_date_epoch.as_deref())?;
    let deadline = options.resolve.deadline.map(|time| Instant::now() + time);
    let sources = Sources::new(&stack, &options.resolve, before.bundles(), deadline, created, stop.clone())?;
    let (options, sources, pinned) = (&options, &sources, &pinned);
    let looker = Looker {
        options: &options.resolve,
        stack: &stack,
        sources,
        pins: pinned.pins(),
        folder: pinned.folder(),
        created,
        progress: &progress,
        stop: &stop,
        deadline,
    };
    let looked = match pinned.required() {
        Some(lock) => Ok(looker.remember(lock)),
        None => looker.look().await,
    };
    let looked = &looked.map_err(|error| error.unless_stopped(&stop, deadline))?;
    pinned.hold(looked)?;
    looked.judgement.check()?;
    let work = Gather { options, looked, sources, pinned, created, deadline, progress, stop };
    let (gathered, judgement) = match work.gather(before).await {
        Err(error) if error.is_of_something_vanished() && !pinned.is_required() => {
            tracing::warn!("something that an index lists is not there any more; reading everything again");
            work.gather(Before::look(options)?).await?
        }
        gathered => gathered?,
    };
    let built = match gathered {
        Gathered::UpToDate(current, plan) => {
            let (files, signatures) = finish::sign_in_place(&current, &plan, &signers)?;
            built(&plan, files, 0, signatures)
        }
        Gathered::Written { writer, plan, placed } => {
            let (files, signatures) = finish::finish(writer, &plan, options, signers).await?;
            built(&plan, files, placed, signatures)
        }
    };
    Ok(Built { lock: pinned.used(), findings: judgement.told(), ..built })
}

/// A size that is too small for any bundle is told before anything is looked for.
fn check_volume_size(size: Option<u64>) -> Result<(), WriteError> {
    let least = limits::VOLUME_SIZE;
    match size.filter(|size| *size < least) {
        Some(size) => Err(WriteError::VolumeTooSmall { size, least }),
        None => Ok(()),
    }
}

fn built(plan: &Plan, files: Vec<PathBuf>, placed: usize, signatures: usize) -> Built {
    let document = plan.document();
    Built {
        name: document.name.to_string(),
        version: document.version.to_string(),
        digest: plan.document_digest(),
        files,
        items: document.items.len(),
        blobs: document.blobs.len(),
        content_size: document.content_size(),
        placed,
        signatures,
        lock: None,
        findings: Vec::new(),
    }
}

impl BuildOptions {
    /// The file that is written until the bundle is whole.
    fn partial(&self) -> PathBuf {
        let mut name = self.output.clone().into_os_string();
        name.push(".partial");
        name.into()
    }
}
