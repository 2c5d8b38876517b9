//! What shows at the end that all came from the bundle, and that nothing tried to leave.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;

use super::Rollout;
use crate::cluster_files;
use crate::deploy::objects::Component;
use crate::event::BundleId;
use crate::host::Host;
use crate::proof::audit::Audit;
use crate::proof::egress::{self, Egress, Mode};
use crate::proof::record::{Record, RecordedNode};
use crate::rollout::{Came, Plan, WorkError};

impl Rollout<'_> {
    /// Adds what shows it to a plan.
    pub(super) fn plan_proof(&self, plan: Plan) -> miette::Result<Plan> {
        let proved = cluster_files::record(self.state)?;
        let proved = proved.is_some_and(|record| record.holds(&self.bundle_id(), &self.recorded_nodes()));
        let nodes: Vec<&str> = self.reached.site.nodes.iter().map(|node| node.name.as_str()).collect();
        Ok(plan.prove(&nodes, proved))
    }

    /// Looks at what was counted and which images there are, writes both down, and takes the counters away.
    pub(super) async fn prove(&self) -> Result<Came, WorkError> {
        let audit = self.reached.audit(self.bundle, self.distribution).await?;
        let mut record = self.record(audit, self.egress().await);
        record.keep(cluster_files::record(self.state)?);
        // Written before the counters go: whoever is killed in between has lost nothing.
        cluster_files::write_record(self.state, &record)?;
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
                let read = egress::read(host.as_ref()).await;
                (name, read.unwrap_or_else(|error| Egress::uncounted(error.to_string())))
            }
        };
        join_all(self.reached.hosts.iter().map(ask)).await.into_iter().collect()
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
