//! The components of the bundle, on the cluster that the nodes have become.

use std::collections::BTreeSet;

use manifests::BundleName;
use manifests::document::PlatformComponent;

use super::{Rollout, Unfit, Wants};
use crate::deploy::api::Api;
use crate::deploy::inventory::Inventory;
use crate::deploy::objects::{Component, SiteSays};
use crate::deploy::{self, DeployError, Deployed, Standing};
use crate::distribution::first_server;
use crate::engine::chain;
use crate::rollout::{Kind, Plan, Surveyed, WorkError};

impl Rollout<'_> {
    /// What the cluster shall hold: every component with everything that the site says to it.
    pub(super) fn components(&self) -> miette::Result<Vec<Component>> {
        let platform = self.bundle.document().platform().ok_or(Unfit::NoDistribution)?;
        let is_known = |name: &&BundleName| platform.components.iter().any(|known| known.name == **name);
        if let Some(name) = self.reached.site.components.keys().find(|name| !is_known(name)) {
            return Err(Unfit::NoComponent(name.to_string()).into());
        }
        if let Some(unfit) = platform.components.iter().find_map(|component| self.lacks_variant(component)) {
            return Err(unfit.into());
        }
        let site = SiteSays {
            components: &self.reached.site.components,
            secrets: &self.reached.secrets,
            server: &self.server,
        };
        let something = |component: &&PlatformComponent| Component::is_something(component);
        let components = platform.components.iter().filter(something);
        components.map(|component| Ok(Component::new(self.bundle, platform, component, site)?)).collect()
    }

    /// Whether the site takes a variant of a component that none of its releases has.
    fn lacks_variant(&self, component: &PlatformComponent) -> Option<Unfit> {
        let variant = self.reached.site.components.get(&component.name)?.variant.as_ref()?;
        let known: BTreeSet<&str> =
            component.releases.iter().flat_map(|release| release.variants.keys()).map(BundleName::as_str).collect();
        let there = match known.is_empty() {
            true => String::new(),
            false => format!("; it has {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
        };
        let (component, name) = (component.name.to_string(), variant.to_string());
        (!known.contains(variant.as_str())).then_some(Unfit::NoVariant { component, variant: name, there })
    }

    /// Adds what is done through the cluster's API: to the distribution's own parts, then a step for each component.
    pub(super) async fn plan_parts(
        &self,
        plan: &mut Plan,
        (wants, surveyed): (&Wants, &[Surveyed<'_>]),
        components: &[Component],
    ) -> miette::Result<()> {
        let server = first_server(&self.reached.site).name.as_str();
        let is_its_start = |kind: Kind, node: Option<&str>| kind == Kind::Start && node == Some(server);
        let starts = plan.steps.iter().any(|step| step.needed && is_its_start(step.kind, step.node.as_deref()));
        let api = if starts { None } else { self.reached.api(self.distribution).await.ok() };
        if let Some(api) = &api {
            refuse_strangers(surveyed, api).await?;
        }
        self.plan_components(plan, components, (starts, api.as_ref())).await;
        self.plan_withdrawal(plan, (wants, surveyed), api.as_ref()).await;
        self.plan_look(plan, api.as_ref()).await;
        Ok(())
    }

    /// What can't be asked yet has to go in.
    async fn plan_components(&self, plan: &mut Plan, components: &[Component], (starts, api): (bool, Option<&Api>)) {
        for component in components {
            let standing = match api {
                None if starts => Standing::needed("the cluster is not there yet"),
                None => Standing::needed("the cluster can't be asked"),
                Some(api) => deploy::survey(api, component)
                    .await
                    .unwrap_or_else(|error| Standing::needed(format!("the cluster can't be asked: {}", chain(&error)))),
            };
            match component.bootstrap {
                true => plan.add_bootstrap(&component.name, standing),
                false => plan.add_component(&component.name, standing),
            }
        }
        // Where the cluster can't be asked, nothing is known to be left over.
        let there = match api {
            Some(api) => Inventory::all(api).await.unwrap_or_default(),
            None => Vec::new(),
        };
        // Of other bundles on the same cluster nothing is known here.
        let bundle = self.bundle.document().name.as_str();
        let is_left_over = |there: &&Inventory| {
            there.bundle == bundle && !components.iter().any(|component| component.name == there.component)
        };
        for inventory in there.iter().filter(is_left_over) {
            plan.drop_component(inventory, self.prune);
        }
    }

    /// Takes a component off that the bundle no longer has.
    pub(super) async fn drop_component(&self, name: &str, components: &[Component]) -> Result<String, WorkError> {
        let api = self.reached.api(self.distribution).await?;
        let failed = |source| DeployError::Api { component: name.to_owned(), source };
        match Inventory::of(&api, name).await.map_err(failed)? {
            Some(inventory) => Ok(deploy::remove(&api, &inventory, &besides(name, components)).await?),
            None => Ok("it is off already".into()),
        }
    }

    /// Brings a component in.
    pub(super) async fn deploy(&self, component: &Component, components: &[Component]) -> Result<Deployed, WorkError> {
        let api = self.reached.api(self.distribution).await?;
        Ok(deploy::deploy(&api, component, &besides(&component.name, components)).await?)
    }
}

/// Refuses nodes that the cluster knows and on which nothing of it has ever run: they were set up anew, and what they would join
/// with is not what the cluster remembers of them.
async fn refuse_strangers(surveyed: &[Surveyed<'_>], api: &Api) -> Result<(), Unfit> {
    let new = surveyed.iter().filter(|(.., survey)| survey.never_ran()).map(|(node, ..)| node.name.to_string());
    let new: Vec<String> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    let known = deploy::nodes(api).await.unwrap_or_default();
    new.into_iter().find(|name| known.contains(name)).map_or(Ok(()), |name| Err(Unfit::Stranger(name)))
}

/// What all components but one are made of.
fn besides(name: &str, components: &[Component]) -> Vec<Inventory> {
    components.iter().filter(|component| component.name != name).map(Inventory::wanted).collect()
}
