//! What shows at the end that all came from the bundle, and that nothing tried to leave.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use manifests::site::Cni;

use super::Rollout;
use crate::cluster_files;
use crate::deploy::objects::Component;
use crate::engine::chain;
use crate::event::{BundleId, Event, Outcome, Reporter};
use crate::host::Host;
use crate::proof::audit::Audit;
use crate::proof::egress::{self, Egress, Inside, Mode};
use crate::proof::record::{Record, RecordedNode};
use crate::rollout::{Came, Kind, Plan, WorkError};

impl Rollout<'_> {
    /// Adds what shows it to a plan.
    pub(super) fn plan_proof(&self, plan: Plan) -> miette::Result<Plan> {
        let proved = cluster_files::record(self.state)?;
        let proved = proved.is_some_and(|record| record.holds(&self.bundle_id(), &self.recorded_nodes()));
        // A run that was killed has left its counters, which may drop what leaves.
        let proved = proved && !self.counting.is_open();
        let nodes: Vec<&str> = self.reached.site.nodes.iter().map(|node| node.name.as_str()).collect();
        Ok(plan.prove(&nodes, proved))
    }

    /// Lets a node count what tries to leave it.
    pub(super) async fn watch(&self, node: &str) -> Result<Came, WorkError> {
        let Some(host) = self.reached.hosts.get(node) else { return Ok(Came::Done(String::new())) };
        let begun = egress::begin(host.as_ref(), &Inside::of(&self.reached.site), self.mode).await?;
        let begun = match (begun, self.mode) {
            (Ok(begun), _) => begun,
            (Err(problem), Mode::Count) => {
                return Ok(Came::Warned(format!("what tries to leave can't be counted: {problem}")));
            }
            (Err(problem), Mode::Drop) => return Err(WorkError::Open { host: node.to_owned(), problem }),
        };
        self.counting.began(node, &begun)?;
        let how = match self.mode {
            Mode::Count => "what tries to leave is counted",
            Mode::Drop => "what tries to leave is counted and dropped",
        };
        if begun.unknown.is_empty() {
            return Ok(Came::Done(how.into()));
        }
        // Nothing on the node can reach them by these names, but pods may know better.
        let unknown = begun.unknown.join(", ");
        Ok(Came::Warned(format!("{how}; it can't find {unknown} of site.yaml, which count as outside")))
    }

    /// After a run that did not come to its end: nothing is dropped any more. What was counted stays on the nodes for the run that
    /// goes on.
    pub(super) async fn relent(&self, reporter: &Reporter<'_>) {
        if !self.counting.is_open() {
            return;
        }
        let relent =
            async |(name, host): (&String, &Arc<dyn Host>)| (name.clone(), egress::relent(host.as_ref()).await);
        for (name, result) in join_all(self.reached.hosts.iter().map(relent)).await {
            let outcome = match result {
                // What counts only has dropped nothing.
                Ok(()) if self.mode == Mode::Count => continue,
                Ok(()) => Outcome::done("nothing is dropped any more; it is counted until the next run has ended"),
                Err(error) => Outcome::Warned {
                    warning: format!(
                        "its counters stay, and may drop what leaves: {}; the next run or `nft delete table inet airgap_egress` \
                         on it takes them away",
                        chain(&error)
                    ),
                },
            };
            let event = Event::NodeStepFinished { node: Some(name), kind: Kind::Watch.to_string(), outcome };
            // The run has failed for a reason of its own, which is told.
            let _ = reporter.emit(event);
        }
    }

    /// Looks at what was counted and which images there are, writes both down, and takes the counters away.
    pub(super) async fn prove(&self) -> Result<Came, WorkError> {
        let audit = self.reached.audit(self.bundle, self.distribution).await?;
        let mut record = self.record(audit, self.egress().await);
        record.keep(cluster_files::record(self.state)?);
        // Written before the counters go: whoever is killed in between has lost nothing.
        cluster_files::write_record(self.state, &record)?;
        self.counting.end()?;
        let ended = join_all(self.reached.hosts.values().map(|host| egress::end(host.as_ref()))).await;
        ended.into_iter().collect::<Result<Vec<_>, _>>()?;
        record.closed = true;
        cluster_files::write_record(self.state, &record)?;
        let nodes = record.nodes.len();
        let left = record.left().unwrap_or_else(|| format!("nothing tried to leave {nodes} nodes"));
        let said = format!("{}; {left}", record.audit.summary());
        let is_fine = record.audit.strangers().next().is_none() && record.left().is_none();
        Ok(if is_fine { Came::Done(said) } else { Came::Warned(said) })
    }

    /// What tried to leave each node. One that can't be asked is no reason to forget the others.
    async fn egress(&self) -> BTreeMap<String, Egress> {
        let ask = |(name, host): (&String, &Arc<dyn Host>)| {
            let (name, host) = (name.clone(), Arc::clone(host));
            async move {
                match egress::read(host.as_ref()).await {
                    Ok((mut egress, boot)) => {
                        self.counting.judge(&name, &mut egress, &boot);
                        self.judge_pods(&mut egress);
                        (name, egress)
                    }
                    Err(error) => (name, Egress::uncounted(error.to_string())),
                }
            }
        };
        join_all(self.reached.hosts.iter().map(ask)).await.into_iter().collect()
    }

    /// Whether packets of pods were among what was counted. Only Cilium beside kube-proxy hands them to the kernel's filter.
    fn judge_pods(&self, egress: &mut Egress) {
        match self.reached.site.network.cni {
            Some(Cni::Cilium(cilium)) if cilium.kube_proxy_replacement => {
                egress.pods_past.get_or_insert_with(|| "Cilium in place of kube-proxy".into());
            }
            Some(Cni::Cilium(_)) => egress.pods_past = None,
            _ => {}
        }
    }

    fn record(&self, audit: Audit, egress: BTreeMap<String, Egress>) -> Record {
        let platform = self.bundle.document().platform();
        let components = platform.map(|platform| &platform.components).into_iter().flatten();
        let components = components.filter(|component| Component::is_something(component));
        Record {
            schema_version: 1,
            site: self.reached.site.name.to_string(),
            bundle: self.bundle_id(),
            distribution: format!("{} {}", self.distribution.name(), self.version),
            nodes: self.recorded_nodes(),
            components: components.map(|component| component.name.to_string()).collect(),
            at: jiff::Timestamp::now(),
            closed: false,
            enforced: self.mode == Mode::Drop,
            egress,
            audit,
        }
    }

    fn recorded_nodes(&self) -> Vec<RecordedNode> {
        let nodes = self.reached.site.nodes.iter();
        let node = |node: &manifests::site::Node| RecordedNode {
            name: node.name.to_string(),
            role: node.role.to_string(),
            address: node.address,
        };
        nodes.map(node).collect()
    }

    pub(super) fn bundle_id(&self) -> BundleId {
        BundleId::new(self.bundle.document(), self.bundle.document_digest())
    }
}
