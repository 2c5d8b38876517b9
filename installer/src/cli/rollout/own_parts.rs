//! What the distribution brings with it, on the cluster that the nodes have become: whether it works, and what a site no longer says
//! to it.

use manifests::site::Endpoint;

use super::{Rollout, Wants};
use crate::deploy::DeployError;
use crate::deploy::api::Api;
use crate::deploy::packaged::Parts;
use crate::deploy::{dns, withdraw};
use crate::distribution::first_server;
use crate::rollout::{Plan, Surveyed, WorkError};

/// The names by which the distributions leave out their DNS.
const DNS: [&str; 2] = ["rke2-coredns", "coredns"];

impl Rollout<'_> {
    /// Waits until what is not a node works: the distribution's own charts, its DNS, and the address of the API.
    pub(super) async fn works(&self) -> Result<(), WorkError> {
        let api = self.reached.api(self.distribution).await?;
        Ok(self.parts(&api).until_they_work().await?)
    }

    /// Plans to look at the nodes and all of that once more where some of it does not work: a run that failed has left it so.
    pub(super) async fn plan_look(&self, plan: &mut Plan, api: Option<&Api>) {
        let Some(api) = api.filter(|_| !plan.looks()) else { return };
        let nodes = self.reached.site.nodes.iter().map(|node| node.name.as_str());
        if let Some(lack) = self.parts(api).lack(nodes).await {
            plan.look(lack);
        }
    }

    fn parts<'a>(&'a self, api: &'a Api) -> Parts<'a> {
        let (site, connections) = (&self.reached.site, &self.reached.connections);
        let disabled = self.bundled.disabled();
        let server = connections.machine(first_server(site).name.as_str());
        let asked = dns::Question::of(site).filter(|_| !DNS.iter().any(|name| disabled.contains(*name)));
        let address = match &site.network.endpoint {
            Endpoint::Vip { address, .. } => Some((address.value, connections.machines())),
            // Whether a balancer lets nodes through is up to the site.
            Endpoint::Server | Endpoint::Balancer(_) => None,
        };
        let dns = asked.zip(server.map(AsRef::as_ref));
        Parts { api, charts: self.distribution.charts(), dns, address }
    }

    /// Plans to take back what the site no longer says. Where the cluster can't be asked yet, a manifest that goes off a disk shows
    /// that there is something; else the next run sees it.
    pub(super) async fn plan_withdrawal(
        &self,
        plan: &mut Plan,
        (wants, surveyed): (&Wants, &[Surveyed<'_>]),
        api: Option<&Api>,
    ) {
        let left = match api {
            Some(api) => withdraw::left_over(api, &wants.first).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let is_first = |path: &&str| path.contains("/server/manifests/");
        let goes = surveyed.iter().flat_map(|(_, want, survey)| survey.unwanted(want)).any(|path| is_first(&path));
        let changes = surveyed.iter().any(|(_, want, survey)| survey.differs(want, |path| is_first(&path)));
        if !left.is_empty() {
            let left: Vec<String> = left.iter().map(ToString::to_string).collect();
            plan.add_withdrawal(format!("site.yaml asks no more for {}", left.join(", ")));
        } else if api.is_none() && (goes || changes) {
            plan.add_withdrawal("what site.yaml says to them has changed");
        }
    }

    /// Takes back what the site no longer says.
    pub(super) async fn withdraw(&self, wants: &Wants) -> Result<String, WorkError> {
        let api = self.reached.api(self.distribution).await?;
        let failed = |source| DeployError::Api { component: "what site.yaml asks no more for".into(), source };
        let gone = withdraw::withdraw(&api, &wants.first).await.map_err(failed)?;
        let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
        Ok(if gone.is_empty() { "nothing was left".into() } else { format!("removed: {}", gone.join(", ")) })
    }
}
