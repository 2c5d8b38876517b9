//! Plans from what nodes hold.
#![allow(clippy::unwrap_used)]

use manifests::Digest;

use super::*;
use crate::rollout::fixture::{Nodes, PREPARING};

/// Whether the step is needed and why: of `n1`, which is a server.
fn of_first(nodes: &Nodes, kind: Kind) -> (bool, String) {
    let plan = nodes.plan();
    let step = plan.steps.iter().find(|step| step.node.as_deref() == Some("n1") && step.kind == kind).unwrap();
    (step.needed, step.reason.clone())
}

#[test]
fn servers_start_one_after_another_behind_all_that_is_brought_and_agents_behind_the_last() {
    let plan = Nodes::stock(3, 47).plan();
    let prepared = 50 * PREPARING;
    // Modules of the kernel may come in packages.
    let waits = |step: &Step| !step.after.is_empty();
    assert!(plan.steps[..prepared].iter().all(|step| waits(step) == (step.kind == Kind::Kernel)));
    assert!(plan.steps[..prepared].iter().all(|step| step.kind != Kind::Start));
    let starts = &plan.steps[prepared..prepared + 50];
    assert!(starts.iter().all(|step| step.kind == Kind::Start));
    assert_eq!(starts[0].after, (0..prepared).collect::<Vec<_>>());
    assert_eq!((&starts[1].after, &starts[2].after), (&vec![prepared], &vec![prepared + 1]));
    assert!(starts[3..].iter().all(|step| step.after == [prepared + 2]));
    let ready = plan.steps.last().unwrap();
    assert_eq!((ready.kind, plan.steps.len()), (Kind::Ready, prepared + 51));
    assert_eq!(ready.after, (prepared + 2..prepared + 50).collect::<Vec<_>>());
    let behind = |(place, step): (usize, &Step)| step.after.iter().all(|before| *before < place);
    assert!(plan.steps.iter().enumerate().all(behind), "a step stands behind those that it depends on");
}

#[test]
fn stock_servers_lack_everything() {
    let nodes = Nodes::stock(1, 1);
    assert!(nodes.plan().steps.iter().all(|step| step.needed));
    assert_eq!(of_first(&nodes, Kind::Packages).1, "3 are missing");
    assert_eq!(of_first(&nodes, Kind::Release).1, "2 of 2 files are missing");
    assert_eq!(of_first(&nodes, Kind::Start).1, "it has never run");
}

#[test]
fn a_cluster_that_is_as_it_shall_be_is_left_alone() {
    let plan = Nodes::finished(3, 47).plan();
    assert!(!plan.changes_anything());
    let reasons: std::collections::BTreeSet<&str> = plan.steps.iter().map(|step| step.reason.as_str()).collect();
    assert_eq!(reasons, ["all are there", "as it shall be", "it runs", "nothing changes"].into());
}

#[test]
fn one_difference_needs_its_own_step_and_a_look_at_the_whole() {
    let mut nodes = Nodes::finished(3, 47);
    nodes.surveys[30].files[2] = FileState::Differs;
    let plan = nodes.plan();
    let needed = plan.steps.iter().filter(|step| step.needed).map(|step| (step.node.as_deref(), step.kind));
    assert_eq!(needed.collect::<Vec<_>>(), [(Some("n31"), Kind::Images), (None, Kind::Ready)]);
    assert_eq!(plan.steps.last().unwrap().reason, "something changes");
}

#[test]
fn the_reason_says_what_is_missing_and_what_differs() {
    let mut nodes = Nodes::finished(1, 0);
    nodes.surveys[0].files[4] = FileState::Absent;
    assert_eq!(of_first(&nodes, Kind::Configuration), (true, "1 of 2 files are missing".into()));
    nodes.surveys[0].files[5] = FileState::Differs;
    assert_eq!(of_first(&nodes, Kind::Configuration), (true, "1 of 2 files are missing, 1 differ".into()));
    nodes.surveys[0].files[4] = FileState::Same;
    assert_eq!(of_first(&nodes, Kind::Configuration), (true, "1 of 2 files differ".into()));
    assert_eq!(of_first(&nodes, Kind::Release), (false, "as it shall be".into()));
    nodes.surveys[0].packages[0] = PackageState::Differs;
    assert_eq!(of_first(&nodes, Kind::Packages), (true, "1 are of another version".into()));
    nodes.surveys[0].packages[1] = PackageState::Absent;
    assert_eq!(of_first(&nodes, Kind::Packages), (true, "1 are missing, 1 are of another version".into()));
}

#[test]
fn what_runs_starts_again_only_for_a_reason() {
    let mut nodes = Nodes::finished(1, 0);
    let fingerprint = nodes.surveys[0].started;
    let mut with = |active, enabled, started| {
        let survey = &mut nodes.surveys[0];
        (survey.active, survey.enabled, survey.started) = (active, enabled, started);
        of_first(&nodes, Kind::Start)
    };
    assert_eq!(with(true, true, fingerprint), (false, "it runs".into()));
    assert_eq!(with(false, true, None), (true, "it has never run".into()));
    assert_eq!(with(false, true, fingerprint), (true, "it does not run".into()));
    let before = (true, "it runs with what was there before".into());
    assert_eq!(with(true, true, Some(Digest::of(b"another"))), before);
    // It was killed between the start and the mark.
    assert_eq!(with(true, true, None), before);
    assert_eq!(with(true, false, fingerprint), (true, "it would not come back after a reboot".into()));
}

#[test]
fn another_configuration_starts_it_again_and_other_images_do_not() {
    let mut nodes = Nodes::finished(1, 0);
    nodes.wants[0].files[2].digest = Digest::of(b"newer images");
    assert_eq!(of_first(&nodes, Kind::Start), (false, "it runs".into()));
    nodes.wants[0].files[4].digest = Digest::of(b"newer configuration");
    assert_eq!(of_first(&nodes, Kind::Start), (true, "it runs with what was there before".into()));
}

/// Nodes that all run a version, with another to come.
fn from_to(servers: usize, agents: usize, from: &str, to: &str) -> Nodes {
    let mut nodes = Nodes::finished(servers, agents);
    nodes.surveys.iter_mut().for_each(|survey| survey.version = Some(from.parse().unwrap()));
    nodes.wants.iter_mut().for_each(|want| want.version = to.parse().unwrap());
    nodes
}

#[test]
fn an_upgrade_goes_from_node_to_node_servers_first() {
    let plan = from_to(3, 2, "v1.30.6+rke2r1", "v1.30.14+rke2r1").plan();
    let first = 5 * PREPARING;
    let steps = &plan.steps[first..first + 5];
    assert!(steps.iter().all(|step| step.kind == Kind::Upgrade && step.needed));
    let before: Vec<_> = steps[1..].iter().map(|step| step.after.clone()).collect();
    assert_eq!(before, [[first], [first + 1], [first + 2], [first + 3]]);
    assert_eq!(
        steps[4].title,
        "Upgrade from v1.30.6+rke2r1 to v1.30.14+rke2r1: drain the node, start rke2-agent.service again and wait until it is \
         ready"
    );
    assert_eq!(steps[4].reason, "it runs v1.30.6+rke2r1");
}

#[test]
fn agents_that_join_do_not_wait_for_those_that_are_upgraded() {
    let mut nodes = from_to(1, 3, "v1.30.6+rke2r1", "v1.30.14+rke2r1");
    nodes.surveys[2] = Nodes::stock(1, 3).surveys.remove(2);
    let plan = nodes.plan();
    let first = 4 * PREPARING;
    let seen: Vec<_> = plan.steps[first..first + 4].iter().map(|step| (step.kind, step.after.clone())).collect();
    assert_eq!(
        seen[1..],
        [(Kind::Upgrade, vec![first]), (Kind::Start, vec![first]), (Kind::Upgrade, vec![first + 1]),]
    );
}

#[test]
fn a_single_node_is_upgraded_without_being_drained_and_one_that_does_not_run_is_started() {
    let mut nodes = from_to(1, 0, "v1.30.6+rke2r1", "v1.30.14+rke2r1");
    let (needed, reason) = of_first(&nodes, Kind::Upgrade);
    assert!(needed && reason.ends_with("not drained, there is no other node"), "{reason}");
    nodes.surveys[0].active = false;
    assert_eq!(of_first(&nodes, Kind::Start), (true, "it does not run, and ran v1.30.6+rke2r1 before".into()));
}

/// What nodes can't be ready without goes in between the first server and all other nodes; the rest waits for all of them.
#[test]
fn a_network_that_a_component_brings_goes_in_before_the_other_nodes_start() {
    let nodes = Nodes::stock(3, 1);
    let mut plan = nodes.plan();
    plan.add_bootstrap("cilium", Standing::needed("new"));
    plan.add_bootstrap("cilium-policies", Standing::needed("new"));
    plan.add_component("shop", Standing::needed("new"));
    let place = |name: &str| plan.steps.iter().position(|step| step.component.as_deref() == Some(name)).unwrap();
    let starts: Vec<usize> = (0..plan.steps.len()).filter(|at| plan.steps[*at].kind == Kind::Start).collect();
    let (cilium, policies, shop) = (place("cilium"), place("cilium-policies"), place("shop"));
    assert_eq!((cilium, policies), (starts[0] + 1, starts[0] + 2));
    assert_eq!(plan.steps[cilium].after, [starts[0]]);
    assert_eq!(plan.steps[policies].after, [cilium]);
    assert!(plan.steps[starts[1]].after.contains(&policies) && plan.steps[starts[1]].after.contains(&starts[0]));
    assert_eq!((&plan.steps[starts[2]].after, &plan.steps[starts[3]].after), (&vec![starts[1]], &vec![starts[2]]));
    assert_eq!(plan.steps[shop].after, [shop - 1]);
    let behind = plan.steps.iter().enumerate().all(|(at, step)| step.after.iter().all(|before| *before < at));
    assert!(behind, "{:?}", plan.steps);
}
