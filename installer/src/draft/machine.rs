//! One machine of an inventory, as a site has it.

use std::net::IpAddr;

use manifests::BundleName;
use manifests::site::HostName;

use super::quoted;
use crate::inventory::Machine;

/// Names of groups whose machines run the control plane.
const SERVERS: [&str; 11] = [
    "server",
    "servers",
    "master",
    "masters",
    "control_plane",
    "controlplane",
    "kube_control_plane",
    "kube_master",
    "rke2_servers",
    "k3s_servers",
    "managers",
];
/// Names of groups whose machines are on the way to others.
const BASTIONS: [&str; 4] = ["bastion", "bastions", "jump", "jumphost"];
/// Variables of Ansible that a draft has, each under its names, the first that is there.
const HOST: [&str; 2] = ["ansible_host", "ansible_ssh_host"];
const USER: [&str; 2] = ["ansible_user", "ansible_ssh_user"];
const PORT: [&str; 2] = ["ansible_port", "ansible_ssh_port"];
const KEY: [&str; 2] = ["ansible_private_key_file", "ansible_ssh_private_key_file"];
/// Where inventories of Kubernetes have the address in the nodes' network.
const ADDRESS: [&str; 2] = ["ip", "node_ip"];
/// Variables that need a word to whoever reads the draft.
const SUDO_PASSWORD: [&str; 3] = ["ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"];
const LOGIN_PASSWORD: [&str; 2] = ["ansible_password", "ansible_ssh_pass"];
const WAYS: [&str; 3] = ["ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args"];

/// What a machine is at the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Server,
    Agent,
    Bastion,
}

/// A machine as a draft has it.
#[derive(Debug)]
pub(super) struct Drawn {
    name: String,
    pub(super) part: Part,
    /// Its IP address in the nodes' network.
    address: Option<IpAddr>,
    /// By what it is reached, where that is something else.
    host: Option<String>,
    pub(super) user: Option<String>,
    port: Option<u16>,
    pub(super) key: Option<String>,
    pub(super) sudo_password: bool,
}

/// What is said for all machines.
pub(super) struct Shared<'s> {
    pub(super) user: Option<&'s str>,
    pub(super) key: Option<&'s str>,
    pub(super) sudo_password: bool,
}

impl Drawn {
    /// Draws a machine; one that is the jump host itself has no place in a site.
    pub(super) fn of(machine: &Machine, left_out: &mut Vec<String>) -> Option<Self> {
        let name = machine.name.as_str();
        let mut say = |what: &str| left_out.push(format!("{name}: {what}"));
        if machine.variables.get("ansible_connection").is_some_and(|connection| connection == "local") {
            say("is the machine that the inventory is for (ansible_connection=local)");
            return None;
        }
        let mut value = |names: &[&str]| {
            let found = names.iter().find_map(|name| Some((name, machine.variables.get(*name)?)));
            let (name, text) = found?;
            if text.contains("{{") {
                say(&format!("{name} is computed by Ansible; write the value"));
                return None;
            }
            Some(text.clone())
        };
        let host = value(&HOST).unwrap_or_else(|| name.to_owned());
        let address: Option<IpAddr> = value(&ADDRESS).or_else(|| Some(host.clone())).and_then(|text| text.parse().ok());
        let host = Some(host).filter(|host| address.is_none_or(|address| host.parse() != Ok(address)));
        let user = value(&USER);
        let port = value(&PORT).and_then(|port| port.parse().ok()).filter(|port| *port != 22);
        let key = value(&KEY);
        let key = key.map(|key| match key.strip_prefix("~/") {
            Some(rest) => {
                say(&format!("its key `{key}` is taken as `./{rest}`: paths are relative to the folder of site.yaml"));
                format!("./{rest}")
            }
            None => key,
        });
        let has = |names: &[&str]| names.iter().any(|name| machine.variables.contains_key(*name));
        if has(&LOGIN_PASSWORD) {
            say("logs in with a password, which is not done here: give it a key");
        }
        if has(&WAYS) {
            say("has options of ssh; if they name a bastion, describe it under `bastions:`");
        }
        let within =
            |names: &[&str]| machine.groups.iter().any(|group| names.contains(&group.replace('-', "_").as_str()));
        let part = match (within(&BASTIONS), within(&SERVERS)) {
            (true, _) => Part::Bastion,
            (false, true) => Part::Server,
            (false, false) => Part::Agent,
        };
        Some(Self { name: node_name(name), part, address, host, user, port, key, sudo_password: has(&SUDO_PASSWORD) })
    }

    /// Its entry among the nodes.
    pub(super) fn as_node(&self, shared: &Shared<'_>) -> String {
        let role = if self.part == Part::Server { "server" } else { "agent" };
        let address =
            self.address.map_or("  # its IP address".to_owned(), |address| format!(" {}", quoted_address(address)));
        let name = match self.name.parse::<HostName>() {
            Ok(name) => format!(" {}", quoted(name.as_str())),
            Err(_) => "  # in lower case, such as server-1".to_owned(),
        };
        let mut text = format!("  - name:{name}\n    address:{address}\n    role: {role}\n");
        let mut ssh = self.login(shared, "      ");
        if let Some(host) = &self.host {
            ssh.insert_str(0, &format!("      host: {}\n", quoted(host)));
        }
        if !ssh.is_empty() {
            text.push_str(&format!("    ssh:\n{ssh}"));
        }
        if self.sudo_password && !shared.sudo_password {
            text.push_str("    become:\n      password: {prompt: \"sudo password\"}\n");
        }
        text
    }

    /// Its entry among the bastions.
    pub(super) fn as_bastion(&self, shared: &Shared<'_>) -> String {
        let host = match (&self.host, self.address) {
            (Some(host), _) => quoted(host),
            (None, Some(address)) => quoted_address(address),
            (None, None) => quoted(&self.name),
        };
        format!("  {}:\n    host: {host}\n{}", quoted(self.bastion_name()), self.login(shared, "    "))
    }

    /// Its name as a bastion, without dots: that of an address is made up.
    pub(super) fn bastion_name(&self) -> &str {
        let name = self.name.split('.').next().unwrap_or_default();
        if name.parse::<BundleName>().is_ok() && self.name.parse::<IpAddr>().is_err() { name } else { "bastion" }
    }

    fn login(&self, shared: &Shared<'_>, indent: &str) -> String {
        let mut text = String::new();
        if let Some(user) = self.user.as_deref().filter(|user| shared.user != Some(*user)) {
            text.push_str(&format!("{indent}user: {}\n", quoted(user)));
        }
        if let Some(port) = self.port {
            text.push_str(&format!("{indent}port: {port}\n"));
        }
        if let Some(key) = self.key.as_deref().filter(|key| shared.key != Some(*key)) {
            text.push_str(&format!("{indent}key: {}\n", quoted(key)));
        }
        text
    }
}

/// A name that a node may have: what Ansible takes in lower case, and without `_`.
fn node_name(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Quotes, where a colon would make an address a mapping.
fn quoted_address(address: IpAddr) -> String {
    if address.is_ipv6() { format!("\"{address}\"") } else { address.to_string() }
}
