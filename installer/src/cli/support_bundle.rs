//! `support-bundle`.

use std::path::{Path, PathBuf};

use airgap_console::output::print;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use manifests::site::{NeededSecret, Role, SecretSource};
use miette::{Context as _, IntoDiagnostic as _};

use super::nodes::{ReachArgs, Reached, runtime};
use crate::cluster_files;
use crate::distribution::{self, Distribution, agent_token};
use crate::secrets::Secrets;
use crate::support::{self, Page, Redactor};

/// Gather what helps to find out what is wrong into one file, without secrets
///
/// What the jump host keeps, and with --site what its nodes and its cluster say. Known secrets are taken out, and what looks like
/// one; look through it all the same before it leaves the site.
#[derive(Debug, clap::Args)]
pub(super) struct SupportBundleArgs {
    /// Ask the nodes of this site and their cluster, too: site.yaml
    #[arg(long, value_name = "FILE")]
    site: Option<PathBuf>,
    /// The archive that is written; it must not be there yet
    #[arg(long, short = 'o', value_name = "FILE", default_value = "support.tar.gz")]
    output: PathBuf,
    #[command(flatten)]
    reach: ReachArgs,
}

impl SupportBundleArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let mut redactor = Redactor::default();
        if let Some(credentials) = super::snippets::credentials(state)? {
            redactor.know(&credentials.password);
        }
        if let Some(token) = cluster_files::token(state)? {
            redactor.know(&token);
            redactor.know(&agent_token(&token));
        }
        let mut pages = vec![Page { path: "version".into(), text: format!("{}\n", env!("CARGO_PKG_VERSION")) }];
        pages.extend(support::of_state(state));
        if let Some(file) = &self.site {
            let text = std::fs::read_to_string(file).into_diagnostic().wrap_err("cannot read the site")?;
            pages.push(Page { path: "site.yaml".into(), text });
            let reached = self.reach.reach_to_look(file, state)?;
            let needed: Vec<NeededSecret<'_>> = reached.site.secrets_of_ssh();
            needed.iter().filter_map(|one| reached.secrets.get(one.source)).for_each(|one| redactor.know(one.reveal()));
            // Those of components and registries are known where nobody has to be asked for them.
            let unasked = |one: &&NeededSecret<'_>| !matches!(one.source, SecretSource::Prompt(_));
            for one in reached.site.secrets().iter().filter(unasked) {
                if let Ok(secrets) = Secrets::fetch(std::slice::from_ref(one), &reached.folder)
                    && let Some(secret) = secrets.get(one.source)
                {
                    redactor.know(secret.reveal());
                }
            }
            pages.extend(runtime()?.block_on(self.ask(&reached, state))?);
        }
        let written = support::write(&self.output, &pages, &redactor, Timestamp::now());
        written.into_diagnostic().wrap_err_with(|| format!("cannot write `{}`", self.output.display()))?;
        print(&format!("{} pages in {}", pages.len(), self.output.display()))
    }

    async fn ask(&self, reached: &Reached, state: &Path) -> miette::Result<Vec<Page>> {
        let record = cluster_files::record(state)?;
        let known = record.as_ref().and_then(|record| record.distribution.split(' ').next());
        // Before a cluster is finished nobody has written down what it shall be.
        let distributions: Vec<&dyn Distribution> = match known.and_then(distribution::by_name) {
            Some(known) => vec![known],
            None => distribution::all().to_vec(),
        };
        let units: Vec<&str> =
            distributions.iter().flat_map(|one| [one.unit(Role::Server), one.unit(Role::Agent)]).collect();
        let looks: Vec<_> = reached.hosts.values().map(|host| support::of_node(host.as_ref(), &units)).collect();
        let mut pages: Vec<Page> = stream::iter(looks).buffered(self.reach.parallel.get().into()).collect().await;
        for distribution in distributions {
            if let Ok(api) = reached.api(distribution).await {
                pages.extend(support::of_cluster(&api).await);
                break;
            }
        }
        Ok(pages)
    }
}
