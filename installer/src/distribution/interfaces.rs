//! The network interfaces by which nodes reach each other. What is left to itself takes that of the default route: another one on a
//! machine with a network for its administration, and on one that had no default route one that leads nowhere.

use std::collections::{BTreeMap, BTreeSet};

use manifests::Site;
use serde_json::{Value, json};

/// An interface of a node, which has the address that the site says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Whether the default route leads through it.
    pub is_default: bool,
}

/// The interface of each node, by the node's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces(BTreeMap<String, Interface>);

impl FromIterator<(String, Interface)> for Interfaces {
    fn from_iter<I: IntoIterator<Item = (String, Interface)>>(nodes: I) -> Self {
        Self(nodes.into_iter().collect())
    }
}

impl Interfaces {
    /// The interface of a node.
    pub(super) fn of(&self, node: &str) -> Option<&str> {
        self.0.get(node).map(|interface| interface.name.as_str())
    }

    /// The same, where it is none that would be taken without being told.
    pub(super) fn told(&self, node: &str) -> Option<&str> {
        self.0.get(node).filter(|interface| !interface.is_default).map(|interface| interface.name.as_str())
    }

    /// What flannel is told on all nodes, where it has to be told one: its option, and the value. A pattern is held against the
    /// addresses of interfaces, too.
    pub(super) fn of_flannel(&self, site: &Site) -> Option<(&'static str, String)> {
        site.nodes.iter().find_map(|node| self.told(node.name.as_str()))?;
        let names: BTreeSet<Option<&str>> = site.nodes.iter().map(|node| self.of(node.name.as_str())).collect();
        if let (1, Some(Some(name))) = (names.len(), names.first()) {
            return Some(("iface", (*name).to_owned()));
        }
        let addresses: Vec<String> =
            site.nodes.iter().map(|node| node.address.to_string().replace('.', r"\.")).collect();
        Some(("iface-regex", format!("^({})$", addresses.join("|"))))
    }

    /// The values of RKE2's chart of Canal.
    pub(super) fn of_canal(&self, site: &Site) -> Option<Value> {
        let (option, value) = self.of_flannel(site)?;
        Some(json!({ if option == "iface" { "iface" } else { "regexIface" }: value }))
    }

    /// Those of its chart of flannel, whose arguments are said as a whole.
    pub(super) fn as_arguments(&self, site: &Site) -> Option<Value> {
        let (option, value) = self.of_flannel(site)?;
        Some(json!({"args": ["--ip-masq", "--kube-subnet-mgr", format!("--{option}={value}")]}))
    }
}
