//! What stands before the first step on a node: every node is looked at and judged, and becomes one of this site's.

use futures_util::future::try_join_all;
use jiff::Timestamp;
use miette::Diagnostic;

use super::{ATTEMPTS, Rollout, persevere};
use crate::checks::fix::Remedy;
use crate::checks::{Carried, Fix};
use crate::claim::Claim;
use crate::cli::nodes::by_node;
use crate::cluster_files;
use crate::engine::RunError;
use crate::event::{Event, Outcome, Reporter};
use crate::readiness::{self, Circumstances, Group, Inspection, Report, Status, names};
use crate::rollout::WorkError;

/// Checks failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("not ready: {}; nothing was done to any node", names(.nodes))]
#[diagnostic(help(
    "do what is said below, or ignore a check that does not matter here (--ignore ID=REASON), and run the same command again"
))]
struct NotReady {
    nodes: Vec<String>,
    #[related]
    failed: Vec<Found>,
}

/// What a check found.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{check} on {}: {found}", names(.nodes))]
#[diagnostic(help("{remedy}"))]
struct Found {
    check: &'static str,
    nodes: Vec<String>,
    found: String,
    remedy: &'static str,
}

impl Rollout<'_> {
    /// Looks at all nodes, and changes nothing.
    pub(super) async fn inspect(&self) -> miette::Result<Inspection<'_>> {
        let site = &self.reached.site;
        let circumstances = Circumstances {
            bundle: Some(Carried::of(self.bundle)),
            distribution: Some(self.distribution),
            claim: cluster_files::claim(self.state, site)?,
            parallel: self.parallel,
            now: &Timestamp::now,
        };
        Ok(readiness::inspect(site, &by_node(site, &self.reached.hosts), &circumstances).await)
    }

    /// Stops where a check fails on a node, before anything is done to one. Else makes the nodes this site's, and gives a
    /// default route to those that have none.
    pub(super) async fn make_ready(&self, inspection: &Inspection<'_>, reporter: &Reporter<'_>) -> miette::Result<()> {
        let report = inspection.judge(&self.waivers);
        tell(&report, reporter)?;
        if let Some(claim) = cluster_files::claim(self.state, &self.reached.site)? {
            let others = inspection.scene.nodes.iter().filter(|seen| !seen.ours).map(|seen| seen.node.name.as_str());
            try_join_all(others.map(|node| self.lay(node, &claim, reporter))).await?;
        }
        for (node, remedies) in inspection.remedies(&self.waivers) {
            if let Some(remedy) = remedies.iter().find(|remedy| remedy.fix == Fix::DefaultRoute) {
                self.give_route(node.as_str(), remedy, reporter).await?;
            }
        }
        Ok(())
    }

    async fn lay(&self, node: &str, claim: &Claim, reporter: &Reporter<'_>) -> miette::Result<()> {
        let Some(host) = self.reached.hosts.get(node) else { return Ok(()) };
        let lay = || async { Ok::<_, WorkError>(claim.lay(host.as_ref()).await?) };
        let result = persevere(ATTEMPTS, lay).await.map(|()| format!("of the site {} from now on", claim.site));
        told(reporter, node, "claim", result)
    }

    async fn give_route(&self, node: &str, remedy: &Remedy, reporter: &Reporter<'_>) -> miette::Result<()> {
        let Some(host) = self.reached.hosts.get(node) else { return Ok(()) };
        let apply = || async { Ok::<_, WorkError>(remedy.apply(host.as_ref()).await?) };
        let undo = remedy.fix.undo();
        let result =
            persevere(ATTEMPTS, apply).await.map(|changed| format!("{}; to take it back, {undo}", changed.join("; ")));
        told(reporter, node, remedy.check, result)
    }
}

/// Tells what was changed on a node, or why it was not.
fn told(reporter: &Reporter<'_>, node: &str, kind: &str, result: Result<String, WorkError>) -> miette::Result<()> {
    let outcome = match &result {
        Ok(detail) => Outcome::done(detail.clone()),
        Err(error) => Outcome::Failed { error: crate::engine::chain(error) },
    };
    let (node, kind) = (Some(node.to_owned()), kind.to_owned());
    let told = reporter.emit(Event::NodeStepFinished { node, kind, outcome });
    result?;
    Ok(told.map_err(RunError::Report)?)
}

/// Tells what the checks found, which waivers there are for them among it. The error has what failed.
fn tell(report: &Report, reporter: &Reporter<'_>) -> miette::Result<()> {
    let groups = report.groups();
    for group in &groups {
        let (check, status) = (group.check.id.to_owned(), group.status);
        let (nodes, found, reason) = (owned(&group.nodes), group.found.to_owned(), group.reason.map(str::to_owned));
        let event = Event::Checked { check, status, nodes, found, reason };
        reporter.emit(event).map_err(RunError::Report)?;
    }
    let failed: Vec<Found> = groups.iter().filter(|group| group.status == Status::Fail).map(found).collect();
    let outcome = match failed.len() {
        0 => Outcome::done(report.summary()),
        _ => Outcome::Failed { error: report.summary() },
    };
    let ended = Event::NodeStepFinished { node: None, kind: "preflight".into(), outcome };
    reporter.emit(ended).map_err(RunError::Report)?;
    if failed.is_empty() {
        return Ok(());
    }
    let unready = |node: &&readiness::NodeReport| node.results.iter().any(|result| result.status == Status::Fail);
    let nodes = report.nodes.iter().filter(unready).map(|node| node.node.clone()).collect();
    Err(NotReady { nodes, failed }.into())
}

fn found(group: &Group<'_>) -> Found {
    let (nodes, found) = (owned(&group.nodes), group.found.to_owned());
    Found { check: group.check.id, nodes, found, remedy: group.check.remedy }
}

fn owned(nodes: &[&str]) -> Vec<String> {
    nodes.iter().map(|&node| node.to_owned()).collect()
}
