//! What the nodes of a site shall hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifests::document::Item;
use manifests::site::Node;

use super::{LOOKS, Rollout, Unfit, of_all, persevere};
use crate::cli::packages::node_script;
use crate::cluster_files;
use crate::distribution::Interfaces;
use crate::distribution::first::FirstManifest;
use crate::rollout::{self, Context, NodeWant, Secret, System, WorkError};

/// What the nodes shall hold.
pub(super) struct Wants {
    /// Each by its name.
    pub(super) nodes: BTreeMap<String, NodeWant>,
    /// What servers apply when they start: it is among their files.
    pub(super) first: [FirstManifest; 2],
}

impl Rollout<'_> {
    /// What each node shall hold, for the system that it is.
    pub(super) async fn wants(&self) -> miette::Result<Wants> {
        let systems = self.systems().await?;
        let interfaces = systems.iter().filter_map(|(node, system)| Some((node.clone(), system.interface.clone()?)));
        let (site, interfaces): (_, Interfaces) = (&self.reached.site, interfaces.collect());
        let first = FirstManifest::all(self.distribution, &self.bundled, site, &interfaces);
        let token = cluster_files::token(self.state)?.unwrap_or_default();
        let context = Context {
            site,
            folder: &self.reached.folder,
            secrets: &self.reached.secrets,
            distribution: self.distribution,
            version: &self.version,
            server: &self.server,
            token: &token,
            bundled: &self.bundled,
            interfaces: &interfaces,
            first: &first,
            audit_policy: self.audit_policy.as_deref(),
        };
        let architectures = systems.iter().map(|(node, system)| (node.clone(), system.architecture.clone())).collect();
        let document = self.bundle.document();
        let files = document.platform().and_then(|platform| document.file_set(&platform.distribution.files));
        let releases = context.releases(self.bundle, files.ok_or(Unfit::NoRelease)?, &architectures)?;
        let mut nodes = BTreeMap::new();
        for node in &site.nodes {
            let name = node.name.to_string();
            let Some(system) = systems.get(&name) else { continue };
            let Some(release) = releases.get(&system.architecture) else { continue };
            let mut want = context.want(node, release)?;
            want.files.extend(document.platform().map(rollout::kernel::files).unwrap_or_default());
            match system.time.file(&site.ntp) {
                Ok(file) => want.files.extend(file),
                Err(problem) => {
                    tracing::warn!("{name}: {problem}; set the site's servers of time there by other means");
                }
            }
            self.add_packages(&name, system, &mut want)?;
            nodes.insert(name, want);
        }
        Ok(Wants { nodes, first })
    }

    /// What each node is, by its name.
    async fn systems(&self) -> miette::Result<BTreeMap<String, System>> {
        let ask = |node: &Node| {
            let host = self.reached.hosts.get(node.name.as_str()).map(Arc::clone);
            let (name, address) = (node.name.to_string(), node.address);
            async move {
                let Some(host) = host else { return Ok(None) };
                let ask = async || System::ask(host.as_ref(), address).await.map_err(WorkError::from);
                Ok(Some((name, persevere(LOOKS, ask).await?)))
            }
        };
        let systems = of_all(self.reached.site.nodes.iter().map(ask)).await?;
        Ok(systems.into_iter().flatten().collect())
    }

    fn add_packages(&self, node: &str, system: &System, want: &mut NodeWant) -> miette::Result<()> {
        let document = self.bundle.document();
        let mut sets = document.items.iter().filter_map(Item::as_packages).peekable();
        if sets.peek().is_none() {
            return Ok(());
        }
        let (series, node) = (system.series.clone(), node.to_owned());
        let set = sets.find(|set| set.series.as_str() == series);
        let set = set.ok_or(Unfit::NoPackages { series, node })?;
        let for_it = set.wanted.iter().filter(|wanted| wanted.architecture.as_str() == system.architecture);
        want.packages = for_it.map(|wanted| (wanted.full_name(), wanted.version.to_string())).collect();
        let script = node_script(self.state, self.settings, &document.name, set.series.as_str())?;
        want.script = Some(Secret(Arc::from(script.into_bytes())));
        Ok(())
    }
}
