//! `site check`.

use std::path::PathBuf;

use airgap_console::{OutputArgs, Table};
use manifests::Site;
use manifests::site::{Become, Endpoint, Node};
use serde::Serialize;

use super::root_by;
use crate::site_file;

/// Say what is wrong with a site.yaml, without touching a machine
///
/// The files that it names are looked for, and secrets that others can read are refused. Only an audit policy among them is read.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CheckArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// A site in which nothing is wrong.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    schema_version: u32,
    file: String,
    name: String,
    bundle: Accepted,
    /// What nodes reach the jump host by, with its port.
    jump_host: String,
    /// What the cluster's API is reached by.
    endpoint: String,
    nodes: Vec<Machine>,
    secrets: Vec<Secret>,
}

#[derive(Debug, Serialize)]
struct Accepted {
    name: String,
    versions: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Machine {
    name: String,
    address: String,
    role: String,
    user: String,
    /// Host and port of SSH.
    reached_at: String,
    /// The bastions on the way, the first at the front.
    via: Vec<String>,
    /// `none`, `sudo` or `password`.
    r#become: &'static str,
}

#[derive(Debug, Serialize)]
struct Secret {
    purpose: String,
    source: String,
}

impl CheckArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let site = site_file::load(&self.file)?;
        self.output.print(&Checked::of(&self.file.display().to_string(), &site), table)
    }
}

impl Checked {
    fn of(file: &str, site: &Site) -> Self {
        let endpoint = match &site.network.endpoint {
            Endpoint::Server => site.servers().next().map(|server| server.address.to_string()).unwrap_or_default(),
            Endpoint::Vip { address, .. } => address.value.to_string(),
            Endpoint::Balancer(host) => host.to_string(),
        };
        let secrets = site.secrets().into_iter();
        Self {
            schema_version: 1,
            file: file.to_owned(),
            name: site.name.to_string(),
            bundle: Accepted { name: site.bundle.name.to_string(), versions: site.bundle.versions.to_string() },
            jump_host: site.jump_host.address.with_port(site.jump_host.port),
            endpoint,
            nodes: site.nodes.iter().map(|node| Machine::of(node, site)).collect(),
            secrets: secrets
                .map(|secret| Secret { purpose: secret.purpose, source: secret.source.to_string() })
                .collect(),
        }
    }
}

impl Machine {
    fn of(node: &Node, site: &Site) -> Self {
        Self {
            name: node.name.to_string(),
            address: node.address.to_string(),
            role: node.role.to_string(),
            user: node.ssh.user.to_string(),
            reached_at: node.ssh.host.with_port(node.ssh.port),
            via: site.route(&node.ssh).into_iter().map(|bastion| bastion.name.to_string()).collect(),
            r#become: match &node.become_root {
                Become::Nothing => "none",
                Become::Sudo => "sudo",
                Become::SudoWithPassword(_) => "password",
            },
        }
    }
}

fn table(checked: &Checked) -> String {
    let mut head = Table::pairs();
    head.row(["site".to_owned(), checked.name.clone()]);
    head.row(["bundle".to_owned(), format!("{} {}", checked.bundle.name, checked.bundle.versions)]);
    head.row(["jump host".to_owned(), checked.jump_host.clone()]);
    head.row(["API".to_owned(), checked.endpoint.clone()]);
    for secret in &checked.secrets {
        head.row(["secret".to_owned(), format!("{}: {}", secret.purpose, secret.source)]);
    }
    let mut nodes = Table::new(&["NODE", "ROLE", "ADDRESS", "REACHED AT", "VIA", "ROOT BY"]);
    for node in &checked.nodes {
        let via = if node.via.is_empty() { "-".to_owned() } else { node.via.join(", ") };
        nodes.row([
            node.name.clone(),
            node.role.clone(),
            node.address.clone(),
            format!("{}@{}", node.user, node.reached_at),
            via,
            root_by(node.r#become).to_owned(),
        ]);
    }
    format!("{head}\n{nodes}")
}
