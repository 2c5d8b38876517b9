//! `uninstall`.

mod nodes;

use std::path::{Path, PathBuf};

use airgap_console::output::print;
use airgap_console::{CommonArgs, UsageError};
use registry::store::Store;

use self::nodes::NodesArgs;
use crate::uninstall::{self, Kept};

/// Stop serving and remove what was installed
///
/// The version floors, the journal and the site's certificate authority, which nodes trust, are kept unless --purge is
/// given. With --site the cluster goes off the site's nodes instead: by the distribution's own script, then what was brought
/// for it. Packages of the operating system stay.
#[derive(Debug, clap::Args)]
pub(super) struct UninstallArgs {
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
    /// Keep nothing, not even the certificate authority and the version floors
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    nodes: NodesArgs,
}

impl UninstallArgs {
    pub(super) fn run(&self, common: &CommonArgs, state: &Path) -> miette::Result<()> {
        if let Some(site) = &self.nodes.site {
            return self.nodes.run(site, self.yes, common, state);
        }
        let store = Store::at(state);
        let question = format!("Stop the server and remove everything in `{}`?", state.display());
        if !self.yes && !super::args::confirm(&question)? {
            return Err(UsageError::new("nothing was removed").with_help("confirm with --yes").into());
        }
        let Kept { removed, kept } = uninstall::run(&store, self.purge, jiff::Timestamp::now())?;
        let mut text = String::new();
        for path in &removed {
            text.push_str(&format!("removed  {}\n", path.display()));
        }
        for (path, what) in &kept {
            text.push_str(&format!("kept     {}: {what}\n", path.display()));
        }
        if removed.is_empty() && kept.is_empty() {
            text.push_str(&format!("nothing is installed in {}\n", PathBuf::from(state).display()));
        } else if !kept.is_empty() {
            text.push_str("`airgap-install uninstall --purge` removes that, too\n");
        }
        print(&text)
    }
}
