//! What the distribution brings with it, on the cluster that the nodes have become: whether it works, and what a site no longer says
//! to it.

use super::Rollout;
use crate::deploy::DeployError;
use crate::deploy::api::Api;
use crate::deploy::{dns, packaged, withdraw};
use crate::distribution::first::FirstManifest;
use crate::distribution::first_server;
use crate::rollout::{Plan, Surveyed, WorkError};

/// The names by which the distributions leave out their DNS.
const DNS: [&str; 2] = ["rke2-coredns", "coredns"];

impl Rollout<'_> {
    /// Waits until the distribution's own charts are installed and its DNS answers.
    pub(super) async fn works(&self) -> Result<(), WorkError> {
        let api = self.reached.api(self.distribution).await?;
        packaged::until_installed(&api, self.distribution.charts()).await?;
        let disabled = self.bundled.disabled();
        if DNS.iter().any(|name| disabled.contains(*name)) {
            return Ok(());
        }
        let server = self.reached.connections.machine(first_server(&self.reached.site).name.as_str());
        if let (Some(server), Some(question)) = (server, dns::Question::of(&self.reached.site)) {
            packaged::until_dns_answers(&api, server, &question).await?;
        }
        Ok(())
    }

    /// Plans to take back what the site no longer says. Where the cluster can't be asked yet, a manifest that goes off a disk shows
    /// that there is something; else the next run sees it.
    pub(super) async fn plan_withdrawal(&self, plan: &mut Plan, surveyed: &[Surveyed<'_>], api: Option<&Api>) {
        let wanted = self.first_manifests();
        let left = match api {
            Some(api) => withdraw::left_over(api, &wanted).await.unwrap_or_default(),
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
    pub(super) async fn withdraw(&self) -> Result<String, WorkError> {
        let api = self.reached.api(self.distribution).await?;
        let failed = |source| DeployError::Api { component: "what site.yaml asks no more for".into(), source };
        let gone = withdraw::withdraw(&api, &self.first_manifests()).await.map_err(failed)?;
        let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
        Ok(if gone.is_empty() { "nothing was left".into() } else { format!("removed: {}", gone.join(", ")) })
    }

    fn first_manifests(&self) -> [FirstManifest; 2] {
        FirstManifest::all(self.distribution, &self.bundled, &self.reached.site)
    }
}
