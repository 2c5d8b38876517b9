//! `site ping`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use airgap_console::{OutputArgs, Table};
use futures_util::future::join_all;
use miette::{Context as _, Diagnostic as _, IntoDiagnostic as _};
use serde::Serialize;

use super::root_by;
use crate::host::{Command, Host as _, HostError};
use crate::secrets::Secrets;
use crate::site_file;
use crate::ssh::{Connections, Machine, Options};

/// Says who one is and what the machine runs, a line each.
const LOOK: &str = r#"id -u; . /etc/os-release && printf '%s\n' "$PRETTY_NAME""#;

/// Reach every node as an installation would, and change nothing
///
/// Connects over SSH, through bastions if the site says so, and becomes root.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct PingArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Believe machines that nothing is known of, this once, and write their host keys down
    #[arg(long)]
    accept_new_host_keys: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// What the machines of a site say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pinged {
    schema_version: u32,
    site: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    name: String,
    user: String,
    /// `none`, `sudo` or `password`.
    r#become: &'static str,
    /// Its fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    host_key: Option<String>,
    /// What its operating system calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Trouble>,
}

#[derive(Debug, Serialize)]
struct Trouble {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// Some machines can't be worked on.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{failed} of {all} nodes can't be worked on")]
struct Unready {
    failed: usize,
    all: usize,
    #[related]
    errors: Vec<HostError>,
}

impl PingArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let site = site_file::load(&self.file)?;
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let needed: Vec<_> = site.secrets_of_ssh();
        let secrets = Secrets::fetch(&needed, folder)?;
        let options = Options { accept_new: self.accept_new_host_keys, ..Options::of_state(state) };
        let connections = Connections::new(&site, folder, &secrets, &options)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.into_diagnostic().wrap_err("cannot start")?;
        let machines = connections.machines();
        let looked = runtime.block_on(join_all(machines.iter().map(look)));
        let (mut nodes, mut errors) = (Vec::new(), Vec::new());
        for (machine, result) in machines.iter().zip(looked) {
            nodes.push(Node::of(machine, &result));
            errors.extend(result.err());
        }
        let pinged = Pinged { schema_version: 1, site: site.name.to_string(), nodes };
        self.output.print(&pinged, table)?;
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Unready { failed: errors.len(), all: machines.len(), errors }.into())
        }
    }
}

/// The host key and the operating system of a machine on which one is root.
async fn look(machine: &Arc<Machine>) -> Result<(String, String), HostError> {
    let command = Command::script("say what it is", LOOK, &[]);
    let output = machine.run(&command).await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match text.lines().collect::<Vec<_>>()[..] {
        ["0", os] if output.exit.succeeded() => Ok((machine.host_key().await?, os.to_owned())),
        _ => Err(HostError::failed(machine.name(), &command, &output)),
    }
}

impl Node {
    fn of(machine: &Machine, result: &Result<(String, String), HostError>) -> Self {
        let (host_key, os) = result.as_ref().ok().cloned().unzip();
        Self {
            name: machine.name().to_owned(),
            user: machine.user().to_owned(),
            r#become: machine.becomes_root_by(),
            host_key,
            os,
            error: result
                .as_ref()
                .err()
                .map(|error| Trouble { message: error.to_string(), help: error.help().map(|help| help.to_string()) }),
        }
    }
}

fn table(pinged: &Pinged) -> String {
    let mut nodes = Table::new(&["NODE", "USER", "ROOT BY", "OS", "HOST KEY"]);
    for node in &pinged.nodes {
        let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        nodes.row([
            node.name.clone(),
            node.user.clone(),
            root_by(node.r#become).to_owned(),
            node.error.as_ref().map_or_else(|| shown(&node.os), |_| "fails: see below".to_owned()),
            shown(&node.host_key),
        ]);
    }
    nodes.to_string()
}
