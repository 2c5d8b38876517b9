//! Whether the machines of a site are ready: they are looked at, all at once, and judged by every check.
//!
//! ```text
//! hosts ─▶ inspect (reads only) ─▶ Inspection ─▶ judge ─▶ Report ─▶ table, JSON
//!                                       └─▶ remedies ─▶ apply, then inspect again
//! ```

mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use manifests::Site;
use manifests::site::{HostName, Node, Role};

pub use report::{Applied, Finding, Group, NodeReport, Report, Status, names};

use crate::checks::fix::Remedy;
use crate::checks::{self, Carried, Outcome, Scene, Seen, Waivers};
use crate::claim::Claim;
use crate::distribution::Distribution;
use crate::facts;
use crate::host::{Host, HostError};

/// Tells what time it is on the jump host.
pub type Now<'a> = &'a (dyn Fn() -> Timestamp + Send + Sync);

/// The machines of a site, by the names of its nodes.
pub type Hosts = BTreeMap<HostName, Arc<dyn Host>>;

/// What is known beside the site.
#[derive(Clone)]
pub struct Circumstances<'a> {
    /// The bundle, if it is known already.
    pub bundle: Option<Carried>,
    /// What it makes of the nodes, if that is known already.
    pub distribution: Option<&'static dyn Distribution>,
    /// What stands on the nodes of this site's own cluster, once there is one.
    pub claim: Option<Claim>,
    /// How many nodes are looked at at a time.
    pub parallel: usize,
    /// The jump host's clock.
    pub now: Now<'a>,
}

/// What the nodes of a site say of themselves.
#[derive(Debug)]
pub struct Inspection<'a> {
    /// What is known.
    pub scene: Scene<'a>,
    /// The nodes that could not be looked at, and why.
    pub unseen: BTreeMap<&'a HostName, String>,
}

/// Looks at the nodes of a site and judges them. With `fix` it applies what remedies there are first, and looks again.
pub async fn preflight(
    site: &Site,
    hosts: &Hosts,
    circumstances: &Circumstances<'_>,
    waivers: &Waivers,
    fix: bool,
) -> Report {
    let inspection = inspect(site, hosts, circumstances).await;
    let remedies = if fix { inspection.remedies(waivers) } else { Vec::new() };
    if remedies.is_empty() {
        return inspection.judge(waivers);
    }
    let fixed = apply(&remedies, hosts, circumstances.parallel).await;
    let inspection = inspect(site, hosts, circumstances).await;
    Report { fixed, ..inspection.judge(waivers) }
}

/// Looks at the nodes of a site, and changes nothing.
pub async fn inspect<'a>(site: &'a Site, hosts: &Hosts, circumstances: &Circumstances<'_>) -> Inspection<'a> {
    // Collected first: a future that borrows a closure's argument is not general enough for a stream.
    let looks: Vec<_> = site.nodes.iter().map(|node| look(site, node, hosts.get(&node.name), circumstances)).collect();
    let found: Vec<_> = stream::iter(looks).buffered(circumstances.parallel.max(1)).collect().await;
    let (mut nodes, mut unseen) = (Vec::new(), BTreeMap::new());
    for (node, seen) in site.nodes.iter().zip(found) {
        match seen {
            Ok(seen) => nodes.push(seen),
            Err(problem) => {
                unseen.insert(&node.name, problem);
            }
        }
    }
    Inspection {
        scene: Scene { site, bundle: circumstances.bundle, distribution: circumstances.distribution, nodes },
        unseen,
    }
}

/// Looks at a node. The error says why it can't be, in the words of who tried.
async fn look<'a>(
    site: &'a Site,
    node: &'a Node,
    host: Option<&Arc<dyn Host>>,
    circumstances: &Circumstances<'_>,
) -> Result<Seen<'a>, String> {
    let host = host.ok_or("there is no way to it")?.as_ref();
    let said = |error: HostError| error.to_string();
    let folders = checks::folders(circumstances.distribution, node);
    let facts = facts::look(host, &folders).await.map_err(said)?;
    let facts = facts.ok_or("what it says of itself is cut off")?;
    let clock = facts::read_clock(host, circumstances.now).await.map_err(said)?;
    let fsyncs = async {
        match (node.role, folders.first()) {
            (Role::Server, Some(data)) => facts::fsyncs(host, data).await,
            _ => Ok(Vec::new()),
        }
    };
    // Nothing but its disk is busy while that is timed; others are waited for meanwhile.
    let flows = facts::reach(host, checks::targets(circumstances.distribution, site, node));
    let (fsyncs, flows) = tokio::try_join!(fsyncs, flows).map_err(said)?;
    // What a site is called is for people: another one may have the same name.
    let is_ours = |claim: &Claim| circumstances.claim.as_ref().is_some_and(|own| own.cluster == claim.cluster);
    let ours = facts.claim.as_ref().is_some_and(is_ours);
    Ok(Seen { node, facts, clock, fsyncs, flows, ours })
}

impl Inspection<'_> {
    /// Judges every node by every check.
    pub fn judge(&self, waivers: &Waivers) -> Report {
        let node = |node: &Node| {
            let seen = self.scene.nodes.iter().find(|seen| seen.node.name == node.name);
            let results = match (seen, self.unseen.get(&node.name)) {
                (Some(seen), _) => {
                    checks::all().map(|check| Finding::new(check, (check.judge)(&self.scene, seen), waivers)).collect()
                }
                (None, problem) => {
                    let problem = problem.cloned().unwrap_or_default();
                    vec![Finding::new(checks::reachable(), Outcome::Fail(problem), waivers)]
                }
            };
            NodeReport { node: node.name.to_string(), role: node.role.to_string(), results }
        };
        let nodes = self.scene.site.nodes.iter().map(node).collect();
        Report::new(self.scene.site.name.to_string(), nodes)
    }

    /// What the installer can do about the checks that nodes did not pass and nobody ignores, node by node.
    pub fn remedies(&self, waivers: &Waivers) -> Vec<(HostName, Vec<Remedy>)> {
        let of = |seen: &Seen<'_>| {
            let failed = checks::all().filter(|check| {
                waivers.reason(check.id).is_none() && (check.judge)(&self.scene, seen) != Outcome::Pass
            });
            (seen.node.name.clone(), failed.filter_map(|check| Remedy::of(check, seen)).collect::<Vec<_>>())
        };
        self.scene.nodes.iter().map(of).filter(|(_, remedies)| !remedies.is_empty()).collect()
    }
}

/// Applies remedies, the nodes at once and those of a node in their order, and says what each changed.
pub async fn apply(remedies: &[(HostName, Vec<Remedy>)], hosts: &Hosts, parallel: usize) -> Vec<Applied> {
    let all: Vec<_> = remedies.iter().map(|(name, remedies)| apply_to(name, remedies, hosts.get(name))).collect();
    let done: Vec<Vec<Applied>> = stream::iter(all).buffered(parallel.max(1)).collect().await;
    done.into_iter().flatten().collect()
}

async fn apply_to(name: &HostName, remedies: &[Remedy], host: Option<&Arc<dyn Host>>) -> Vec<Applied> {
    let mut applied = Vec::new();
    for remedy in remedies {
        let result = match host {
            Some(host) => remedy.apply(host.as_ref()).await.map_err(|error| error.to_string()),
            None => Err("there is no way to it".to_owned()),
        };
        applied.push(Applied::new(name, remedy, result));
    }
    applied
}
