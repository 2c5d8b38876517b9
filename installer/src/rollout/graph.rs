//! Runs a plan: what depends on nothing unfinished runs at the same time, up to a limit. When a step fails, what is under way is
//! finished and what does not depend on it goes on: no node is left half-way because of another.

use std::future::Future;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::plan::{Plan, Step};

/// How a run ended.
#[derive(Debug)]
pub struct Ended<E> {
    /// The steps that failed, by their places, and why.
    pub failed: Vec<(usize, E)>,
    /// The steps that were not begun.
    pub blocked: Vec<Blocked>,
}

/// A step that was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked {
    /// Its place.
    pub step: usize,
    /// Whether somebody asked to stop; else one before it failed.
    pub stopped: bool,
}

/// What came of a step.
pub type Performed<E> = (usize, Result<(), E>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Done,
    Failed,
}

/// Runs the steps of `plan`, at most `limit` at the same time. `perform` gets all of them, also those for which there is nothing
/// to do. When `stopped` says so, no further step is begun.
pub async fn run<'p, K, F, E>(
    plan: &'p Plan<K>,
    limit: usize,
    stopped: impl Fn() -> bool,
    perform: impl Fn(usize, &'p Step<K>) -> F,
) -> Ended<E>
where
    F: Future<Output = Result<(), E>>,
{
    let mut states = vec![State::Waiting; plan.steps.len()];
    let mut running = FuturesUnordered::new();
    let mut failed = Vec::new();
    let perform = &perform;
    loop {
        while running.len() < limit.max(1)
            && !stopped()
            && let Some(next) = next(plan, &states)
        {
            states[next] = State::Running;
            running.push(async move { (next, perform(next, &plan.steps[next]).await) });
        }
        let Some((step, result)): Option<Performed<E>> = running.next().await else { break };
        states[step] = if result.is_ok() { State::Done } else { State::Failed };
        failed.extend(result.err().map(|error| (step, error)));
    }
    let left = states.iter().enumerate().filter(|(_, state)| **state == State::Waiting);
    let behind_a_failure = |step: usize| reaches(plan, &states, step);
    let blocked = left.map(|(step, _)| Blocked { step, stopped: !behind_a_failure(step) }).collect();
    failed.sort_by_key(|(step, _)| *step);
    Ended { failed, blocked }
}

/// The first step that can begin.
fn next<K>(plan: &Plan<K>, states: &[State]) -> Option<usize> {
    let ready = |step: &Step<K>| step.after.iter().all(|before| states[*before] == State::Done);
    let waiting = plan.steps.iter().enumerate().filter(|(place, _)| states[*place] == State::Waiting);
    waiting.filter(|(_, step)| ready(step)).map(|(place, _)| place).next()
}

/// Whether a step that failed is before this one. Steps stand behind those that they depend on, so this ends.
fn reaches<K>(plan: &Plan<K>, states: &[State], step: usize) -> bool {
    plan.steps[step].after.iter().any(|before| states[*before] == State::Failed || reaches(plan, states, *before))
}

#[cfg(test)]
mod tests;
