//! Plans of 50 nodes whose steps are scripted.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::BTreeSet;

use tokio::task::yield_now;

use super::*;
use crate::rollout::fixture::{Nodes, PREPARING};

/// All steps of the plan: what prepares 50 nodes, what starts them, and one last look.
const ALL: usize = 50 * PREPARING + 51;

/// Steps that take a few turns each, and what is seen of them.
#[derive(Debug, Default)]
struct Scripted {
    /// Those that fail.
    failing: BTreeSet<usize>,
    /// After how many of them somebody asks to stop.
    stop_after: Option<usize>,
    seen: RefCell<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    begun: Vec<usize>,
    done: BTreeSet<usize>,
    ended: usize,
    /// How many ran at the same time at most.
    most: usize,
}

impl Scripted {
    fn failing(steps: impl IntoIterator<Item = usize>) -> Self {
        Self { failing: steps.into_iter().collect(), ..Self::default() }
    }

    async fn run(&self, plan: &Plan, limit: usize) -> Ended<usize> {
        let stopped = || self.stop_after.is_some_and(|count| self.seen.borrow().ended >= count);
        run(plan, limit, stopped, |place, step| self.perform(place, step)).await
    }

    async fn perform(&self, place: usize, step: &Step) -> Result<(), usize> {
        {
            let seen = &mut *self.seen.borrow_mut();
            assert!(step.after.iter().all(|before| seen.done.contains(before)), "{step:?} is begun too early");
            seen.begun.push(place);
            seen.most = seen.most.max(seen.begun.len() - seen.ended);
        }
        for _ in 0..1 + place * 7 % 5 {
            yield_now().await;
        }
        let seen = &mut *self.seen.borrow_mut();
        seen.ended += 1;
        if self.failing.contains(&place) {
            return Err(place);
        }
        seen.done.insert(place);
        Ok(())
    }
}

fn plan() -> Plan {
    Nodes::stock(3, 47).plan()
}

/// The place of the step that starts a node, counted from 0.
fn start_of(node: usize) -> usize {
    50 * PREPARING + node
}

/// What can't be begun because of what fails.
fn behind(plan: &Plan, failing: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut behind = BTreeSet::new();
    for (place, step) in plan.steps.iter().enumerate() {
        if step.after.iter().any(|before| behind.contains(before) || failing.contains(before)) {
            behind.insert(place);
        }
    }
    behind
}

fn places(ended: &Ended<usize>, stopped: bool) -> BTreeSet<usize> {
    ended.blocked.iter().filter(|blocked| blocked.stopped == stopped).map(|blocked| blocked.step).collect()
}

#[tokio::test]
async fn every_step_is_done_once_and_no_more_at_the_same_time_than_may_be() {
    let plan = plan();
    for (limit, most) in [(0, 1), (1, 1), (8, 8), (1000, 50 * (PREPARING - 1))] {
        let scripted = Scripted::default();
        let ended = scripted.run(&plan, limit).await;
        let seen = scripted.seen.into_inner();
        assert!(ended.failed.is_empty() && ended.blocked.is_empty());
        assert_eq!((seen.begun.len(), seen.done.len(), seen.most), (ALL, ALL, most), "limit {limit}");
    }
}

#[tokio::test]
async fn what_stands_behind_a_step_that_failed_is_not_begun_and_all_else_goes_on() {
    let plan = plan();
    // A preparation: all others are made, nothing starts. The second server: the first runs. An agent: all other agents run.
    for (failing, begun) in [(17, 50 * PREPARING), (start_of(1), 50 * PREPARING + 2), (start_of(20), ALL - 1)] {
        let scripted = Scripted::failing([failing]);
        let ended = scripted.run(&plan, 8).await;
        assert_eq!(ended.failed, [(failing, failing)]);
        assert_eq!(scripted.seen.into_inner().begun.len(), begun, "step {failing}");
        assert_eq!(ended.blocked.len(), ALL - begun);
        assert!(ended.blocked.iter().all(|blocked| !blocked.stopped));
    }
}

#[tokio::test]
async fn any_faults_hinder_what_depends_on_them_and_nothing_else() {
    let plan = plan();
    let mut random = 7_u32;
    for _ in 0..40 {
        let mut draw = |below: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as usize % below
        };
        let (from, limit) = ([0, start_of(0), start_of(3)][draw(3)], 1 + draw(20));
        let failing: BTreeSet<usize> = (0..1 + draw(4)).map(|_| from + draw(ALL - from)).collect();
        let behind = behind(&plan, &failing);
        let scripted = Scripted::failing(failing.clone());
        let ended = scripted.run(&plan, limit).await;
        let failed: BTreeSet<usize> = ended.failed.iter().map(|(place, _)| *place).collect();
        assert_eq!(failed, failing.difference(&behind).copied().collect(), "{failing:?}");
        assert!(ended.failed.is_sorted());
        assert_eq!((places(&ended, false), places(&ended, true)), (behind.clone(), BTreeSet::new()), "{failing:?}");
        let done = (0..ALL).filter(|place| !failing.contains(place) && !behind.contains(place)).collect();
        assert_eq!(scripted.seen.into_inner().done, done, "{failing:?}");
    }
}

#[tokio::test]
async fn once_somebody_asks_to_stop_nothing_new_is_begun_and_what_runs_is_finished() {
    let plan = plan();
    for (limit, count) in [(1, 0), (1, 5), (8, 1), (8, 100)] {
        let scripted = Scripted { stop_after: Some(count), ..Scripted::default() };
        let ended = scripted.run(&plan, limit).await;
        let seen = scripted.seen.into_inner();
        let begun = if count == 0 { 0 } else { count + limit - 1 };
        assert_eq!((seen.begun.len(), seen.done.len()), (begun, begun), "limit {limit}, stopped after {count}");
        assert_eq!(ended.blocked.len(), ALL - begun);
        assert!(ended.failed.is_empty() && ended.blocked.iter().all(|blocked| blocked.stopped));
    }
}

#[tokio::test]
async fn who_is_stopped_is_told_from_who_stands_behind_a_failure() {
    let plan = plan();
    let scripted = Scripted { failing: [2].into(), stop_after: Some(3), ..Scripted::default() };
    let ended = scripted.run(&plan, 1).await;
    assert_eq!(ended.failed, [(2, 2)]);
    assert_eq!(places(&ended, true), (3..start_of(0)).collect());
    assert_eq!(places(&ended, false), (start_of(0)..ALL).collect());
}
