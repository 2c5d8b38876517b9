//! Discovery from end to end: everything is read and rendered, many at a time, and what was found is put together.

mod assemble;
mod given;
mod settle;
mod sources;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::archive::{ChartFiles, Outside, mentions_clock, mentions_random, without_gone};
use super::helm::Rendering;
use super::request::ChartFolder;
use super::sets::{self, ValueSet, ValueSets};
use super::{Api, ChartRequest, Discovered, Failure, Found, Helm, HelmError, Origin, Place, Request, Trouble};
use super::{LARGEST, list, read_text, repository};

/// How often charts are rendered again because what others bring changed what the API has.
const ROUNDS: usize = 6;
/// After so long the clock says something else, in whole seconds.
const A_SECOND: Duration = Duration::from_millis(1010);

/// Looks at everything of a request. `jobs` renderings go on at a time.
///
/// What can't be looked at is among what is found, with its reason: the rest is looked at all the same.
///
/// # Errors
/// [`HelmError`] when Helm has no folder to work in.
pub async fn discover(helm: &Helm, request: Request, jobs: NonZeroUsize) -> Result<Discovered, HelmError> {
    let work = Work::new()?;
    let (request, failures) = with_charts_of_repositories(request, work.path().to_owned()).await;
    let engine = Engine { helm: helm.clone(), work, request: Arc::new(request), jobs: jobs.get() };
    engine.run(failures).await
}

/// Looks at a request without charts: no Helm is needed for that.
pub async fn read(request: Request) -> Discovered {
    let request = Arc::new(request);
    let mut others = others(Arc::clone(&request)).await;
    let deployed = sources::deployed([&others].into_iter());
    repository::read_deployed(&request.repositories, &deployed, &mut others);
    assemble::assemble(&request, &[], Vec::new(), others)
}

/// The request with the charts that lie in its repositories; and what can't be packed of these.
async fn with_charts_of_repositories(mut request: Request, work: PathBuf) -> (Request, Vec<Failure>) {
    blocking(move || {
        let mut failures = Vec::new();
        for repository in &request.repositories {
            let (charts, failed) = repository::charts(repository, &work);
            request.charts.extend(charts);
            failures.extend(failed);
        }
        (request, failures)
    })
    .await
}

struct Engine {
    helm: Helm,
    work: Work,
    request: Arc<Request>,
    jobs: usize,
}

/// A folder to work in.
struct Work(TempDir);

/// A chart that is ready to be rendered.
#[derive(Clone)]
pub(super) struct Ready {
    files: ChartFiles,
    /// What is rendered: the chart's archive, or a copy that does not find what the cluster lacks.
    archive: PathBuf,
    sets: ValueSets,
    /// Whether an object has its tests run.
    runs_tests: bool,
    /// Why its archive can't be read.
    trouble: Option<Trouble>,
}

/// What came of one set of values of one chart, of the last rendering first.
#[derive(Default)]
struct Outcome {
    renderings: Vec<Found>,
}

/// What is to be rendered: a chart and one of its sets.
#[derive(Debug, Clone, Copy)]
struct Task {
    chart: usize,
    set: usize,
}

/// What is not rendered: files of objects and lists.
async fn others(request: Arc<Request>) -> Found {
    blocking(move || {
        let mut found = Found::default();
        for manifest in &request.manifests {
            let origin = Origin::Manifest { file: manifest.file.clone() };
            let place = Place { component: &manifest.component, origin, variant: None, placeholders: &[], images: &[] };
            match read_text(&manifest.path, LARGEST) {
                Ok(text) => found.stream(&text, &place),
                Err(why) => found.fail(&place, Trouble::Unreadable { why }),
            }
        }
        request.lists.iter().for_each(|list| list::read(list, &mut found));
        request.repositories.iter().for_each(|repository| repository::read(repository, &mut found));
        found
    })
    .await
}

impl Engine {
    async fn run(self, failures: Vec<Failure>) -> Result<Discovered, HelmError> {
        let mut others = others(Arc::clone(&self.request)).await;
        others.failures.extend(failures);
        let mut ready: Vec<Arc<Ready>> = stream::iter(0..self.request.charts.len())
            .map(|at| self.prepare(at))
            .buffered(self.jobs)
            .map(Arc::new)
            .collect()
            .await;
        let mut tasks = Vec::new();
        for (chart, ready) in ready.iter().enumerate() {
            for (set, values) in ready.sets.sets.iter().enumerate() {
                self.work.write(Task { chart, set }, values)?;
                tasks.push(Task { chart, set });
            }
            if let Some(trouble) = &ready.trouble {
                others.failures.push(self.request.charts[chart].failure(None, trouble.clone()));
            }
        }
        let mut outcomes: Vec<Vec<Outcome>> = ready.iter().map(|ready| ready.outcomes()).collect();
        let mut apis = self.apis(&others, &outcomes);
        let mut due = tasks.clone();
        for round in 1..=ROUNDS {
            self.render(&due, &ready, &apis, &mut outcomes).await;
            let more = self.apis(&others, &outcomes);
            let given = self.add_given(&mut others, &mut ready, &mut outcomes)?;
            if more == apis && given.is_empty() {
                break;
            }
            if round == ROUNDS {
                self.left_over(&given, &mut others);
            }
            let again = |task: &&Task| more != apis && ready[task.chart].files.asks_for_apis;
            due = tasks.iter().filter(again).chain(&given).copied().collect();
            tasks.extend(given);
            apis = more;
        }
        let rendered = outcomes.iter().flatten().flat_map(|outcome| &outcome.renderings);
        let deployed = sources::deployed(rendered.chain([&others]));
        let request = Arc::clone(&self.request);
        let others = blocking(move || {
            repository::read_deployed(&request.repositories, &deployed, &mut others);
            others
        });
        let others = others.await;
        self.forgive_defaults(&ready, &mut outcomes);
        Ok(assemble::assemble(&self.request, &ready, outcomes, others))
    }

    /// Tells what is given in the last round: nothing is rendered any more with that.
    fn left_over(&self, given: &[Task], others: &mut Found) {
        for chart in given.iter().map(|task| task.chart).collect::<BTreeSet<_>>() {
            let why = format!("it is given values by what was rendered with given values itself, {ROUNDS} times over");
            others.failures.push(self.request.charts[chart].failure(None, Trouble::NotFollowed { why }));
        }
    }

    /// A chart of a repository that objects give values to is not deployed with its defaults, which may be refused.
    fn forgive_defaults(&self, ready: &[Arc<Ready>], outcomes: &mut [Vec<Outcome>]) {
        let charts = self.request.charts.iter().zip(ready).zip(outcomes);
        for (_, outcomes) in charts.filter(|((chart, own), _)| chart.folder.is_some() && own.sets.given > 0) {
            let defaults = outcomes.first_mut().map(|outcome| outcome.renderings.iter_mut());
            defaults.into_iter().flatten().for_each(Found::drop_refused);
        }
    }

    async fn prepare(&self, at: usize) -> Ready {
        let request = Arc::clone(&self.request);
        let copy = self.work.path().join(format!("chart-{at}.tgz"));
        blocking(move || {
            let minor = request.cluster.kubernetes.minor;
            let request = &request.charts[at];
            let (files, trouble) = match ChartFiles::read(&request.archive) {
                Ok(files) => {
                    let trouble =
                        files.outside.clone().map(|Outside { file, reference }| Trouble::Schema { file, reference });
                    (files, trouble)
                }
                Err(why) => (ChartFiles::default(), Some(Trouble::Unreadable { why })),
            };
            let sets = if trouble.is_none() { sets::sets(request, &files) } else { ValueSets::default() };
            let (archive, trouble) = match trouble {
                None if files.asks_for_apis => match as_cluster_sees(&request.archive, minor, copy) {
                    Ok(archive) => (archive, None),
                    Err(why) => (request.archive.clone(), Some(Trouble::Unreadable { why })),
                },
                trouble => (request.archive.clone(), trouble),
            };
            Ready { files, archive, sets, runs_tests: false, trouble }
        })
        .await
    }

    /// All that the API has, once everything that was found is installed.
    fn apis(&self, others: &Found, outcomes: &[Vec<Outcome>]) -> BTreeSet<Api> {
        let rendered = outcomes.iter().flatten().flat_map(|outcome| &outcome.renderings);
        let definitions = rendered.chain([others]).flat_map(|found| &found.inventory.definitions);
        let own = definitions.flat_map(|definition| definition.what.apis.iter().cloned());
        self.request.cluster.apis.iter().cloned().chain(own).collect()
    }

    /// Renders, and puts what is found in front of what was found before.
    async fn render(&self, tasks: &[Task], ready: &[Arc<Ready>], apis: &BTreeSet<Api>, outcomes: &mut [Vec<Outcome>]) {
        let found = apis.iter().flat_map(|api| [api.version.clone(), api.to_string()]);
        let apis: BTreeSet<String> = self.request.cluster.versions().chain(found).collect();
        let apis: Vec<String> = apis.into_iter().collect();
        let one = |task: &Task| self.render_one(*task, Arc::clone(&ready[task.chart]), &apis);
        let mut found = stream::iter(tasks.iter().map(one)).buffer_unordered(self.jobs);
        while let Some((task, found)) = found.next().await {
            outcomes[task.chart][task.set].renderings.insert(0, found);
        }
    }

    /// Renders as for an installation, and where a template asks for it as for an upgrade: bundles come again and again.
    async fn render_one(&self, task: Task, ready: Arc<Ready>, apis: &[String]) -> (Task, Found) {
        let mut found = self.render_as(task, &ready, apis, false).await;
        if ready.files.asks_for_upgrade {
            found.extend(self.render_as(task, &ready, apis, true).await);
        }
        (task, found)
    }

    async fn render_as(&self, task: Task, ready: &Arc<Ready>, apis: &[String], is_upgrade: bool) -> Found {
        let chart = &self.request.charts[task.chart];
        let rendering = Rendering {
            release: chart.release.as_str(),
            namespace: chart.namespace.as_str(),
            archive: &ready.archive,
            values: &self.work.values(task),
            kubernetes: &self.request.cluster.kubernetes.to_string(),
            apis,
            is_upgrade,
        };
        let output = self.helm.template(&rendering, &self.work.home()).await;
        let set = &ready.sets.sets[task.set];
        let is_random = ready.files.is_random || mentions_random(set.text().as_bytes());
        let again = match &output {
            Ok(_) if is_random => {
                // By another second of the clock.
                if ready.files.asks_for_time || mentions_clock(set.text().as_bytes()) {
                    tokio::time::sleep(A_SECOND).await;
                }
                Some(self.helm.template(&rendering, &self.work.home()).await)
            }
            _ => None,
        };
        let (request, ready) = (Arc::clone(&self.request), Arc::clone(ready));
        blocking(move || {
            let (chart, set) = (&request.charts[task.chart], &ready.sets.sets[task.set]);
            let place = chart.place(set.name.as_deref(), &ready.sets.placeholders);
            let found = Found::of(output, &place);
            let mut found = match again {
                Some(again) => settle::settled(found, Found::of(again, &place)),
                None => found,
            };
            if set.may_be_refused {
                found.drop_refused();
            }
            found
        })
        .await
    }
}

/// The archive that is rendered: the chart's own, or a copy that does not find what Kubernetes 1.`minor` lacks.
fn as_cluster_sees(archive: &Path, minor: u64, copy: PathBuf) -> Result<PathBuf, String> {
    match without_gone(archive, minor)? {
        None => Ok(archive.to_owned()),
        Some(bytes) => std::fs::write(&copy, bytes).map(|()| copy).map_err(|error| error.to_string()),
    }
}

/// Runs what keeps a processor busy. A bug in it ends the run: to lose what it looked at would be worse.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl Found {
    /// Adds what another rendering of the same gave.
    fn extend(&mut self, other: Self) {
        let Self { sightings, tests, pulled, given, deployed, inventory, failures } = other;
        self.deployed.extend(deployed);
        self.given.extend(given);
        self.sightings.extend(sightings);
        self.tests.extend(tests);
        self.pulled.extend(pulled);
        self.inventory.extend(inventory);
        self.failures.extend(failures);
    }

    /// Of values that may be refused, leaves only what no site can do without that says nothing: where a chart refuses them, or no
    /// pod comes to be of them, a site says something. So it does where it has no default class.
    fn drop_refused(&mut self) {
        let refused = |trouble: &Trouble| matches!(trouble, Trouble::Render { .. } | Trouble::NoReference { .. });
        self.failures.retain(|failure| !refused(&failure.trouble));
        self.inventory.wanted_storage.clear();
        self.inventory.wanted_ingress.clear();
    }

    /// What was found in what Helm rendered.
    fn of(output: Result<Vec<u8>, Trouble>, place: &Place<'_>) -> Self {
        let mut found = Self::default();
        match output {
            Ok(output) => found.stream(&String::from_utf8_lossy(&output), place),
            Err(trouble) => found.fail(place, trouble),
        }
        found
    }
}

impl ChartRequest {
    fn place<'a>(&'a self, variant: Option<&'a str>, placeholders: &'a [String]) -> Place<'a> {
        Place { component: &self.component, origin: self.origin(), variant, placeholders, images: &[] }
    }

    fn origin(&self) -> Origin {
        match &self.folder {
            None => Origin::Chart { chart: self.chart.clone(), release: self.release.clone(), template: String::new() },
            Some(ChartFolder { repository, folder, trees }) => Origin::Repository {
                repository: repository.clone(),
                at: trees.first().map(|tree| tree.at.clone()).unwrap_or_default(),
                file: folder.clone(),
                line: None,
            },
        }
    }

    fn failure(&self, variant: Option<String>, trouble: Trouble) -> Failure {
        Failure { component: self.component.clone(), origin: self.origin(), variant, trouble }
    }
}

impl Ready {
    fn outcomes(&self) -> Vec<Outcome> {
        self.sets.sets.iter().map(|_| Outcome::default()).collect()
    }
}

impl Work {
    fn new() -> Result<Self, HelmError> {
        let work = Self(tempfile::tempdir().map_err(HelmError::Folder)?);
        std::fs::create_dir(work.home()).map_err(HelmError::Folder)?;
        Ok(work)
    }

    /// Helm's own folder: empty.
    fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    fn values(&self, Task { chart, set }: Task) -> PathBuf {
        self.path().join(format!("values-{chart}-{set}.json"))
    }

    /// Writes a set of values.
    fn write(&self, task: Task, values: &ValueSet) -> Result<(), HelmError> {
        let path = self.values(task);
        std::fs::write(&path, values.text()).map_err(|source| HelmError::Write { path, source })
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}
