//! Whole roll-outs to fifty machines in memory, with everything that goes wrong.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use manifests::Site;
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use manifests::fake::{self, FakeBundle};
use tempfile::TempDir;

use super::fixture::{Nodes, PREPARING};
use super::machines::{Fault, Machines};
use super::*;
use crate::distribution::{Carried, Release, Rke2, SiteServer};

const SERVERS: usize = 3;
const AGENTS: usize = 47;
/// How many steps run at the same time.
const PARALLEL: usize = 20;

/// A site, what its machines shall hold, and the machines.
struct Plant {
    site: Site,
    wants: BTreeMap<String, NodeWant>,
    machines: Arc<Machines>,
    bundle: VerifiedBundle,
    server: SiteServer,
    folder: TempDir,
}

/// How a run ended: the steps that failed, or that the installer was killed.
type Run = Option<Ended<WorkError>>;

impl Plant {
    fn new() -> Self {
        let Nodes { site, wants, .. } = Nodes::stock(SERVERS, AGENTS);
        let wants = wants.into_iter().zip(&site.nodes).map(|(want, node)| (node.name.to_string(), brought(want)));
        let wants: BTreeMap<String, NodeWant> = wants.collect();
        let machines = Machines::new(&wants, site.nodes.iter().map(|node| node.name.to_string()).collect());
        let folder = TempDir::new().unwrap();
        let path = FakeBundle::small().write(&folder.path().join("b.tar.zst"));
        let bundle = UnverifiedBundle::open(&[path]).unwrap().verify(&fake::trust()).unwrap();
        let server = SiteServer { authority: "10.0.8.2:5000".into(), trusted: String::new(), login: None };
        Self { site, wants, machines, bundle, server, folder }
    }

    async fn plan(&self) -> Plan {
        self.machines.fail(BTreeMap::new());
        let hosts = self.machines.hosts();
        let take = async |name: &str| Survey::take(hosts[name].as_ref(), &self.wants[name]).await.unwrap();
        let surveys = join_all(self.site.nodes.iter().map(|node| take(node.name.as_str()))).await;
        let nodes = self.site.nodes.iter().zip(&surveys);
        let nodes: Vec<_> = nodes.map(|(node, survey)| (node, &self.wants[node.name.as_str()], survey)).collect();
        Plan::between(&self.site, &nodes, "rke2 v1.30.6+rke2r1")
    }

    /// Runs a plan while these things go wrong. Nothing when the installer is killed.
    async fn run(&self, plan: &Plan, faults: BTreeMap<usize, Fault>) -> Run {
        self.machines.fail(faults);
        let hosts = self.machines.hosts();
        let work = NodeWork {
            site: &self.site,
            distribution: &Rke2,
            hosts: &hosts,
            wants: &self.wants,
            bundle: &self.bundle,
            server: &self.server,
            authority: String::new(),
            token: "a token",
            scratch: self.folder.path(),
            drain_timeout: Duration::ZERO,
        };
        let work = &work;
        tokio::select! {
            biased;
            ended = run(plan, PARALLEL, || false, |_, step| perform(work, step)) => Some(ended),
            () = self.machines.killed() => None,
        }
    }
}

async fn perform(work: &NodeWork<'_>, step: &Step) -> Result<(), WorkError> {
    if step.needed { work.perform(step).await.map(|_| ()) } else { Ok(()) }
}

/// What is in an archive comes out of it, and images are fetched.
fn brought(mut want: NodeWant) -> NodeWant {
    let program = want.release.program.clone();
    want.release = Arc::new(Release { prefix: Some("/usr/local"), ..Release::clone(&want.release) });
    want.script = Some(Secret(Arc::from(&b"a script"[..])));
    for file in &mut want.files {
        match file.part {
            Part::Release => file.content = Content::Unpacked,
            Part::Images => file.content = Content::Carried(Carried { digest: file.digest, ..program.clone() }),
            Part::Kernel | Part::Time | Part::Configuration => {}
        }
    }
    want
}

/// What is drawn looks random and is the same in every run.
struct Draw(u32);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % limit
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_stock_machines_become_a_cluster_and_nothing_is_left_to_do() {
    let plant = Plant::new();
    let ended = plant.run(&plant.plan().await, BTreeMap::new()).await.unwrap();
    assert!(ended.failed.is_empty() && ended.blocked.is_empty(), "{:?}", ended.failed);
    assert!(!plant.plan().await.changes_anything());
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_going_on_ends_in_the_same_cluster() {
    let whole = Plant::new();
    whole.run(&whole.plan().await, BTreeMap::new()).await.unwrap();
    let all = whole.machines.asked();
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..60 {
        let (mut draw, plant) = (Draw(seed), Plant::new());
        // Run after run something else goes wrong, anywhere in it; then nothing does.
        for _ in 0..1 + draw.below(4) {
            let fault = |draw: &mut Draw| (draw.below(all), Fault::ALL[draw.below(Fault::ALL.len())]);
            let faults: BTreeMap<usize, Fault> = (0..1 + draw.below(6)).map(|_| fault(&mut draw)).collect();
            let plan = plant.plan().await;
            let how = match plant.run(&plan, faults).await {
                None => "killed",
                Some(ended) if ended.failed.is_empty() => "through",
                Some(_) => "failed",
            };
            *met.entry(how.to_owned()).or_default() += 1;
        }
        let last = plant.run(&plant.plan().await, BTreeMap::new()).await.unwrap();
        assert!(last.failed.is_empty() && last.blocked.is_empty(), "seed {seed}: {:?}", last.failed);
        assert!(!plant.plan().await.changes_anything(), "seed {seed}");
        for node in &plant.site.nodes {
            let name = node.name.as_str();
            assert_eq!(plant.machines.held(name), whole.machines.held(name), "seed {seed}");
        }
    }
    assert!(met["killed"] > 10 && met["failed"] > 10, "the seeds hit something: {met:?}");
}

#[tokio::test(start_paused = true)]
async fn an_installer_killed_at_any_command_is_gone_on_with() {
    let whole = Plant::new();
    whole.run(&whole.plan().await, BTreeMap::new()).await.unwrap();
    for place in (0..whole.machines.asked()).step_by(29) {
        let plant = Plant::new();
        assert!(plant.run(&plant.plan().await, [(place, Fault::Killed)].into()).await.is_none(), "at {place}");
        let ended = plant.run(&plant.plan().await, BTreeMap::new()).await.unwrap();
        assert!(ended.failed.is_empty(), "killed at {place}: {:?}", ended.failed);
        assert!(!plant.plan().await.changes_anything(), "killed at {place}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_brought_and_nothing_asks_for_goes_and_nothing_else() {
    const LEFT: &str = "/var/lib/rancher/rke2/server/manifests/airgap-charts.yaml";
    let plant = Plant::new();
    plant.run(&plant.plan().await, BTreeMap::new()).await.unwrap();
    let whole = plant.machines.held("n2");
    plant.machines.leave_behind("n2", LEFT);
    let plan = plant.plan().await;
    let needed: Vec<_> = plan.steps.iter().filter(|step| step.needed).collect();
    assert_eq!(needed.iter().map(|step| step.kind).collect::<Vec<_>>(), [Kind::Clear, Kind::Ready]);
    assert_eq!((needed[0].node.as_deref(), needed[0].reason.as_str()), (Some("n2"), LEFT));
    // Whoever is killed at it goes on.
    assert!(plant.run(&plan, [(1, Fault::Killed)].into()).await.is_none());
    let ended = plant.run(&plant.plan().await, BTreeMap::new()).await.unwrap();
    assert!(ended.failed.is_empty(), "{:?}", ended.failed);
    assert_eq!(plant.machines.held("n2"), whole);
    assert!(!plant.plan().await.changes_anything());
}

/// How many of the machines hold all files, and how many run, which those are that are remembered to.
fn sane(plant: &Plant) -> (usize, usize) {
    let held = plant.site.nodes.iter().map(|node| {
        let held = plant.machines.held(node.name.as_str());
        assert_eq!(held.active, held.started.is_some(), "{} is not between two states", node.name);
        let want = &plant.wants[node.name.as_str()];
        (want.files.iter().all(|file| held.files.contains_key(&file.path)), held.active)
    });
    let held: Vec<_> = held.collect();
    (held.iter().filter(|(files, _)| *files).count(), held.iter().filter(|(_, active)| *active).count())
}

#[tokio::test(start_paused = true)]
async fn when_a_machine_dies_the_others_come_to_a_sane_point_first() {
    // It dies once everything is everywhere: before, nothing starts. An agent hinders no other; a server those behind it.
    for (dies, before_the_start, files, run) in
        [("n40", true, 49, 0), ("n40", false, 50, 49), ("n2", false, 50, 1), ("n1", false, 50, 0)]
    {
        let plant = Plant::new();
        let plan = plant.plan().await;
        if !before_the_start {
            let prepare = Plan { steps: plan.steps[..50 * PREPARING].to_vec() };
            plant.run(&prepare, BTreeMap::new()).await.unwrap();
        }
        let plan = plant.plan().await;
        plant.machines.kill(dies);
        let ended = plant.run(&plan, BTreeMap::new()).await.unwrap();
        assert!(ended.failed.iter().all(|(place, _)| plan.steps[*place].node.as_deref() == Some(dies)), "{dies}");
        assert!(ended.failed.iter().all(|(_, error)| error.to_string().contains(dies)), "{dies}");
        assert_eq!(sane(&plant), (files, run), "{dies} dies");
    }
}

#[tokio::test(start_paused = true)]
async fn no_node_is_started_that_gets_not_through_to_where_it_joins() {
    let plant = Plant::new();
    plant.machines.cut_off("n2");
    let plan = plant.plan().await;
    let ended = plant.run(&plan, BTreeMap::new()).await.unwrap();
    let failed: Vec<_> = ended.failed.iter().map(|(_, error)| error.to_string()).collect();
    assert_eq!(failed, ["n2 can't join by 10.0.7.1:9345: nothing answers"]);
    assert_eq!(sane(&plant), (50, 1), "all is brought, and the first server runs");
}
