//! What a stack's charts and manifests refer to, joined with what it lists: before anything else is looked for, so that a
//! bundle that would not be complete is refused in seconds.

mod archive;
mod lists;
mod repositories;
mod request;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use airgap_console::Progress;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use manifests::component::ChartSource;
use manifests::evidence::{Evidence, FILE, SET, UpstreamSignature};
use manifests::lock::{LockedCommits, LockedDiscovery};
use manifests::yaml::Problem;
use manifests::{BundleName, Digest, Lock, Platform};
use tokio_util::sync::CancellationToken;

use super::ResolveOptions;
use super::earlier;
use super::error::BuildError;
use super::sources::Sources;
use crate::closed::{self, Judgement, KnownArchive};
use crate::content::Resolved;
use crate::deadline::until;
use crate::discovery::repository::has_charts;
use crate::discovery::{Cluster, Helm, Request, discover, read};
use crate::files;
use crate::lock::{self, Folder, Pins, Update};
use crate::resolve::Resolution;
use crate::resolve::stack::{ResolvedChart, ResolvedImage, ResolvedStack, created, load};

use repositories::KnownRepository;

/// Archives that are held in memory at a time, on their way to a file for Helm.
const SIDE_BY_SIDE: usize = 2;

/// Charts that are found already, each with what it was found for.
pub(super) type KnownCharts = Vec<((String, ChartSource), Resolved)>;

/// A stack with the images that its charts and manifests refer to.
#[derive(Debug)]
pub struct Looked {
    /// The stack: what it lists, and what was found and decided.
    pub stack: ResolvedStack,
    /// What was seen.
    pub seen: LockedDiscovery,
    /// What is to be said of it.
    pub judgement: Judgement,
    /// The charts that were found on the way.
    pub(super) charts: KnownCharts,
    /// What is not as it was when the stack was locked.
    pub(super) moved: Vec<Problem>,
    /// The stack as it is written, which is what is judged.
    written: ResolvedStack,
    day: Date,
    folder: Folder,
}

/// What it takes to look.
pub(super) struct Looker<'a> {
    pub(super) options: &'a ResolveOptions,
    pub(super) stack: &'a ResolvedStack,
    pub(super) sources: &'a Sources,
    pub(super) pins: &'a Pins,
    pub(super) folder: &'a Folder,
    pub(super) created: Timestamp,
    pub(super) progress: &'a Progress,
    pub(super) stop: &'a CancellationToken,
    pub(super) deadline: Option<Instant>,
}

/// Looks at what a stack refers to, as `lock` and `build` do. Nothing is written, and nothing refused.
///
/// # Errors
/// [`BuildError`] when charts can't be had or rendered.
pub async fn look(options: ResolveOptions, progress: Progress, stop: CancellationToken) -> Result<Looked, BuildError> {
    let stack = load(&options.stack)?;
    let dated = options.source_date_epoch.is_some() || stack.created.is_some();
    let created = match dated {
        true => created(&stack, options.source_date_epoch.as_deref())?,
        // Without a date no waiver ends; that of the clock is only told.
        false => Timestamp::UNIX_EPOCH,
    };
    let (path, folder) = (lock::path(&options.stack), Folder::of(&options.stack));
    let pins = Pins::new(lock::read(&path)?.as_ref(), folder.clone(), &Update::Nothing)?;
    let deadline = options.deadline.map(|time| Instant::now() + time);
    let sources = Sources::new(&stack, &options, earlier::reused(&options)?, deadline, created, stop.clone())?;
    let looker = Looker {
        options: &options,
        stack: &stack,
        sources: &sources,
        pins: &pins,
        folder: &folder,
        created,
        progress: &progress,
        stop: &stop,
        deadline,
    };
    looker.look().await.map_err(|error| error.unless_stopped(&stop, deadline))
}

impl Looked {
    /// All that is to be said of it.
    pub fn all_evidence(&self) -> Evidence {
        closed::all_evidence(&self.stack, &self.seen, &self.judgement, Vec::new(), &self.folder)
    }

    /// The judgement, with the platforms that upstream turned out not to have.
    ///
    /// # Errors
    /// With all findings with which no bundle can be built.
    pub(super) fn held_against(&self, found: &Resolution, pins: &Pins) -> Result<Judgement, BuildError> {
        let lacks = |image: &ResolvedImage| found.lacks(image).unwrap_or_else(|| locked_lacks(pins, image));
        let judgement = closed::judge(&self.written, &self.seen, lacks, self.day, &self.folder);
        judgement.check()?;
        Ok(judgement)
    }

    /// The evidence of a judgement, as a set of files of its own.
    pub(super) fn evidence(
        &self,
        judgement: &Judgement,
        signatures: Vec<UpstreamSignature>,
    ) -> Result<Option<Resolved>, BuildError> {
        let evidence = closed::evidence(&self.stack, &self.seen, judgement, signatures, &self.folder);
        let Some(evidence) = evidence else {
            return Ok(None);
        };
        let file = (FILE.to_owned(), evidence.to_json().into());
        files::made(SET, &self.stack.version, vec![file]).map(Some).map_err(BuildError::Evidence)
    }
}

impl<'s> Looker<'s> {
    /// Looks through what is not as the lock remembers it, and judges. What refuses a bundle is not told here.
    pub(super) async fn look(&self) -> Result<Looked, BuildError> {
        let unpinned = |chart: &ResolvedChart| self.pins.chart(chart).is_none();
        let mut charts = self.charts(unpinned).await?;
        let repositories = self.repositories().await?;
        let inputs = self.inputs(&charts, &repositories);
        let locked = self.pins.discovery();
        let moved = locked.map(|locked| closed::moved(self.stack, Some(locked), &inputs)).unwrap_or_default();
        let seen = match locked.and_then(|locked| closed::remembered(locked, &inputs)) {
            Some(seen) => seen,
            None if !inputs.is_of_something() => inputs,
            None => {
                // What is pinned was not asked for yet, and its archive is needed now.
                charts.extend(self.charts(|chart| !unpinned(chart)).await?);
                let inputs = self.inputs(&charts, &repositories);
                self.discover(inputs, &charts, repositories).await?
            }
        };
        Ok(self.judged(seen, charts, moved))
    }

    /// What a lock says, without a look at anything else: for a build of nothing but what is locked.
    pub(super) fn remember(&self, lock: &Lock) -> Looked {
        let chart = |at: usize| self.pins.chart_anywhere(self.stack.charts.get(at)?);
        let archive =
            |at| chart(at).map(|locked| KnownArchive { version: locked.version.clone(), digest: locked.digest });
        let git = repositories::locked(self.stack, |git| self.pins.git_anywhere(git));
        let inputs = self.inputs_with(archive, git);
        let locked = lock.discovery.as_ref();
        let moved = closed::moved(self.stack, locked, &inputs);
        let seen = locked.and_then(|locked| closed::remembered(locked, &inputs));
        // What has moved is refused; what the lock says shows the rest of it.
        self.judged(seen.or_else(|| locked.cloned()).unwrap_or(inputs), Vec::new(), moved)
    }

    fn judged(&self, seen: LockedDiscovery, charts: KnownCharts, moved: Vec<Problem>) -> Looked {
        let lacks = |image: &ResolvedImage| locked_lacks(self.pins, image);
        let judgement = closed::judge(self.stack, &seen, lacks, day(self.created), self.folder);
        self.warn_of_ends();
        let mut stack = self.stack.clone();
        stack.images = judgement.fates.carried().cloned().collect();
        stack.images.sort_by(|a, b| a.reference.cmp(&b.reference));
        let (written, day, folder) = (self.stack.clone(), day(self.created), self.folder.clone());
        Looked { stack, seen, judgement, charts, moved, written, day, folder }
    }

    /// Waivers hold until the date of the bundle; that the clock is beyond their end is worth a word.
    fn warn_of_ends(&self) {
        for own in &self.stack.waivers {
            let waiver = &own.waiver;
            if waiver.has_ended(day(self.options.now)) && !waiver.has_ended(day(self.created)) {
                let place = self.folder.place(&waiver.location);
                tracing::warn!(waiver = %place, finding = %waiver.finding, "the end of a waiver has passed by now");
            }
        }
    }

    fn inputs(&self, charts: &KnownCharts, repositories: &[KnownRepository<'_>]) -> LockedDiscovery {
        let archive = |at: usize| {
            let chart = self.stack.charts.get(at)?;
            let found = find(charts, &chart.name, &chart.source).and_then(|found| found.item.as_chart());
            let found = found.map(|item| KnownArchive { version: item.version.clone(), digest: item.archive });
            let pinned = || self.pins.chart(chart);
            found.or_else(|| {
                pinned().map(|locked| KnownArchive { version: locked.version.clone(), digest: locked.digest })
            })
        };
        self.inputs_with(archive, repositories::commits(repositories))
    }

    fn inputs_with(&self, archive: impl Fn(usize) -> Option<KnownArchive>, git: Vec<LockedCommits>) -> LockedDiscovery {
        let manifest = |component: &BundleName, path: &str| self.manifest(component, path);
        let apis = self.cluster().versions().collect::<BTreeSet<_>>().into_iter().collect();
        let inputs =
            closed::inputs(self.stack, self.folder, apis, archive, manifest, lists::locked(self.stack, self.folder));
        LockedDiscovery { git, ..inputs }
    }

    /// The cluster that charts are rendered for, with what is said that it has.
    fn cluster(&self) -> Cluster {
        let cluster = match &self.stack.platform {
            Some(platform) => Cluster::of(&platform.distribution.version),
            None => {
                Cluster { kubernetes: closed::WITHOUT_DISTRIBUTION, apis: BTreeSet::new(), groups: BTreeSet::new() }
            }
        };
        let said = self.stack.offers.iter().flat_map(|own| &own.provides.crds);
        let groups = said.filter_map(|crd| Some(crd.name.as_str().split_once('.')?.1.to_owned()));
        Cluster { groups: groups.collect(), ..cluster }
    }

    /// The content of a manifest. One that can't be read is told where files are looked for.
    fn manifest(&self, component: &BundleName, path: &str) -> Option<Digest> {
        let file = request::manifest_path(self.stack, component, path)?;
        Some(std::fs::read(file).map_or_else(|_| Digest::of(b""), |bytes| Digest::of(&bytes)))
    }

    /// Finds those of the charts that are looked through.
    async fn charts(&self, is_asked: impl Fn(&ResolvedChart) -> bool) -> Result<KnownCharts, BuildError> {
        let wanted = self.stack.renderings.iter().filter(|rendering| rendering.without.is_none());
        let mut places: Vec<usize> = wanted.map(|rendering| rendering.chart).collect();
        places.sort_unstable();
        places.dedup();
        let charts = places.into_iter().filter_map(|at| self.stack.charts.get(at));
        let charts: Vec<_> = charts.filter(|chart| is_asked(chart)).collect();
        let of = charts.len();
        let found = stream::iter(charts.iter().map(|chart| self.sources.chart(chart, self.pins.chart(chart))));
        let found: Vec<_> = found.buffered(self.options.concurrency.max(1)).collect().await;
        let (mut known, mut failures) = (Vec::new(), Vec::new());
        for (chart, found) in charts.iter().zip(found) {
            match found {
                Ok(found) => known.push(((chart.name.clone(), chart.source.clone()), found)),
                Err(failure) => failures.push(failure),
            }
        }
        if failures.is_empty() { Ok(known) } else { Err(BuildError::Unresolved { failures, of }) }
    }

    async fn discover(
        &self,
        inputs: LockedDiscovery,
        charts: &KnownCharts,
        repositories: Vec<KnownRepository<'s>>,
    ) -> Result<LockedDiscovery, BuildError> {
        let cluster = self.cluster();
        let manifests = request::manifests(self.stack);
        let folder = tempfile::tempdir().map_err(BuildError::Temporary)?;
        let lists = self.lists(folder.path()).await?;
        let repositories = self.files_of(repositories).await?;
        let mut request = Request { cluster, charts: Vec::new(), manifests, lists, repositories };
        if charts.is_empty() && !request.repositories.iter().any(has_charts) {
            return Ok(closed::seen(inputs, self.unless_stopped(read(request)).await?));
        }
        let named = self.options.helm.as_deref();
        let helm = Helm::find(named, std::env::var_os("PATH").as_deref()).await?;
        let archives = stream::iter(charts).map(|(_, found)| self.archive(found, folder.path()));
        let archives: Vec<(Digest, PathBuf)> = archives.buffered(SIDE_BY_SIDE).try_collect().await?;
        request.charts = request::charts(self.stack, charts, &archives);
        let count = request.charts.len() as u64;
        let task = self.progress.items("look through", Some(count));
        // Each is a process that keeps a processor busy.
        let jobs = self.options.concurrency.min(crate::jobs(None));
        let jobs = NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN);
        let found = self.unless_stopped(discover(&helm, request, jobs)).await??;
        task.advance(count);
        task.finish();
        Ok(closed::seen(inputs, found))
    }

    /// Looks at something until a signal or the deadline ends it, and what Helm renders with it.
    async fn unless_stopped<T>(&self, look: impl Future<Output = T>) -> Result<T, BuildError> {
        tokio::select! {
            done = look => Ok(done),
            () = self.stop.cancelled() => Err(BuildError::Interrupted { partial: None }),
            () = until(self.deadline) => Err(BuildError::Deadline { partial: None, failures: Vec::new() }),
        }
    }
}

/// The platforms that a lock says upstream does not make an image for.
fn locked_lacks(pins: &Pins, image: &ResolvedImage) -> Vec<Platform> {
    pins.image(image).map(|locked| locked.lacks.clone()).unwrap_or_default()
}

/// A chart that is found already.
pub(super) fn find<'a>(charts: &'a KnownCharts, name: &str, source: &ChartSource) -> Option<&'a Resolved> {
    charts.iter().find(|((known, from), _)| known == name && from == source).map(|(_, found)| found)
}

/// The day of a time, in UTC.
fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}
