//! From a stack to blobs in their places: resolved, planned, fetched.

use std::sync::Arc;
use std::time::Instant;

use airgap_console::Progress;
use jiff::Timestamp;
use manifests::bundle::{BundleWriter, Plan};
use tokio_util::sync::CancellationToken;

use super::earlier::{self, Earlier};
use super::error::{BlobFailure, BuildError};
use super::look::Looked;
use super::pinned::Pinned;
use super::selection::Selection;
use super::sources::Sources;
use super::transfer::Transfer;
use super::{BuildOptions, platform, resolve, trusted};
use crate::closed::Judgement;

/// What it takes to gather everything.
pub(super) struct Gather<'a> {
    pub(super) options: &'a BuildOptions,
    pub(super) looked: &'a Looked,
    pub(super) sources: &'a Sources,
    pub(super) pinned: &'a Pinned,
    pub(super) created: Timestamp,
    pub(super) deadline: Option<Instant>,
    pub(super) progress: Progress,
    pub(super) stop: CancellationToken,
}

/// The bundles that are there before.
pub(super) struct Before {
    /// The one under the output's name.
    current: Option<Earlier>,
    /// Others to take blobs from.
    reused: Vec<Earlier>,
}

/// What came of it.
pub(super) enum Gathered {
    /// The bundle that is there is what was planned.
    UpToDate(Box<Earlier>, Box<Plan>),
    /// Every blob is in its place.
    Written {
        writer: Arc<BundleWriter>,
        plan: Box<Plan>,
        /// How many were not there yet.
        placed: usize,
    },
}

impl Before {
    pub(super) fn look(options: &BuildOptions) -> Result<Self, BuildError> {
        Ok(Self { current: earlier::current(options)?, reused: earlier::reused(&options.resolve)? })
    }

    /// All of them.
    pub(super) fn bundles(&self) -> Vec<Earlier> {
        self.current.iter().chain(&self.reused).cloned().collect()
    }
}

impl Gather<'_> {
    /// Resolves everything, judges what came of that, and brings it to its places.
    pub(super) async fn gather(&self, before: Before) -> Result<(Gathered, Judgement), BuildError> {
        let options = self.options;
        let concurrency = options.resolve.concurrency;
        let (sources, pins) = (self.sources, self.pinned.pins());
        let stack = &self.looked.stack;
        let known = (pins, &self.looked.charts);
        let mut resolution = match resolve::resolve(sources, stack, known, concurrency, &self.progress).await {
            Err(_) if self.stop.is_cancelled() => return Err(BuildError::Interrupted { partial: None }),
            resolved => resolved.map_err(|error| self.late(error))?,
        };
        let judgement = self.looked.held_against(&resolution, pins)?;
        let folder = self.pinned.folder();
        let signatures = trusted::verified(self.looked, folder, sources, &options.resolve, &[&resolution]).await?;
        self.pinned.settle(self.looked, &resolution)?;
        resolution.others.extend(self.looked.evidence(&judgement, signatures)?);
        let selection = Selection::of(resolution)?;
        let (name, version) = (stack.name.clone(), stack.version.clone());
        let platform = stack.platform.as_ref().map(|resolved| platform::platform(resolved, &selection.charts));
        let (items, blobs) = (selection.items.clone(), selection.blobs());
        let plan = Box::new(Plan::new(name, version, self.created, items, blobs, platform)?);
        let Before { current, reused } = before;
        let current = match current {
            Some(current) if current.is_up_to_date(&plan, options) => {
                return Ok((Gathered::UpToDate(Box::new(current), plan), judgement));
            }
            current => current,
        };
        let writer = Arc::new(BundleWriter::create(&options.output, &plan, options.volume_size)?);
        let transfer = Transfer {
            task: self.progress.bytes("fetch", Some(plan.document().content_size())),
            writer: Arc::clone(&writer),
            selection,
            fetcher: self.sources.fetcher(),
            cache: options.resolve.cache.clone(),
            earlier: current.into_iter().chain(reused).collect(),
            concurrency,
            stop: self.stop.child_token(),
        };
        if self.is_late() {
            return Err(BuildError::Deadline { partial: None, failures: Vec::new() });
        }
        let placed = self.within_deadline(transfer).await.map_err(|error| self.late(error))?;
        Ok((Gathered::Written { writer, plan, placed }, judgement))
    }

    /// What is copied from a disk asks no client how much time there is.
    async fn within_deadline(&self, transfer: Transfer) -> Result<usize, BuildError> {
        let timer = self.deadline.map(|deadline| {
            let stop = transfer.stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep_until(deadline.into()).await;
                stop.cancel();
            })
        });
        let placed = self.bring(transfer).await;
        timer.inspect(tokio::task::JoinHandle::abort);
        placed
    }

    /// Brings all blobs to their places. Returns how many were not there yet.
    async fn bring(&self, transfer: Transfer) -> Result<usize, BuildError> {
        let of = transfer.writer.plan().document().blobs.len();
        let missing = transfer.count_what_is_there();
        let (stopped, failures): (Vec<_>, Vec<_>) = transfer.run().await.into_iter().partition(BlobFailure::is_stopped);
        transfer.task.finish();
        if self.stop.is_cancelled() {
            return Err(BuildError::Interrupted { partial: Some(self.options.partial()) });
        }
        if failures.is_empty() && stopped.is_empty() {
            Ok(missing)
        } else {
            Err(BuildError::Unfetched { failures, of, help: self.pinned.help_when_unfetched() })
        }
    }

    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn late(&self, error: BuildError) -> BuildError {
        if self.is_late() { error.when_late(self.options.partial()) } else { error }
    }
}
