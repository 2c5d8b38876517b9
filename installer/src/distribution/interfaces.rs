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

    /// The values of RKE2's chart of Canal, where flannel has to be told.
    pub(super) fn of_canal(&self, site: &Site) -> Option<Value> {
        Some(match self.of_flannel(site)? {
            Choice::Name(name) => json!({"iface": name}),
            Choice::Pattern(pattern) => json!({"regexIface": pattern}),
        })
    }

    /// Those of its chart of flannel, whose arguments are said as a whole.
    pub(super) fn as_arguments(&self, site: &Site) -> Option<Value> {
        let choice = match self.of_flannel(site)? {
            Choice::Name(name) => format!("--iface={name}"),
            Choice::Pattern(pattern) => format!("--iface-regex={pattern}"),
        };
        Some(json!({"args": ["--ip-masq", "--kube-subnet-mgr", choice]}))
    }

    /// What flannel is told on all nodes alike, where one of them has to be told.
    fn of_flannel(&self, site: &Site) -> Option<Choice> {
        site.nodes.iter().find_map(|node| self.told(node.name.as_str()))?;
        let names: BTreeSet<Option<&str>> = site.nodes.iter().map(|node| self.of(node.name.as_str())).collect();
        if let (1, Some(Some(name))) = (names.len(), names.first()) {
            return Some(Choice::Name((*name).to_owned()));
        }
        let addresses = site.nodes.iter().map(|node| node.address.to_string().replace('.', r"\."));
        Some(Choice::Pattern(format!("^({})$", addresses.collect::<Vec<_>>().join("|"))))
    }
}

/// How flannel finds the interface.
enum Choice {
    /// By its name.
    Name(String),
    /// By a pattern, which is held against its addresses, too.
    Pattern(String),
}
