//! Stock servers as an installer meets them: reachable by SSH, with nothing of a cluster on them, and no way out.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result};

use crate::gap::Gap;
use crate::machine::Machine;
use crate::node::{Node, Profile};

/// The user that may become root.
pub const OPERATOR: &str = "ops";

/// Checks of servers that here look at the one machine around all of them.
pub const OF_CONTAINERS: [&str; 13] = [
    "cni-modules",
    "cpu-count",
    "disk-file-system",
    "disk-free",
    "disk-free-bundle",
    "disk-inodes",
    "disk-programs",
    "disk-used",
    "etcd-fsync",
    "kernel-modules",
    "memory",
    "product-uuid-unique",
    "swap-off",
];

/// Servers behind a gap, and the key by which they are entered.
#[derive(Debug)]
pub struct Servers {
    nodes: Vec<Node>,
    key: PathBuf,
}

impl Servers {
    /// Boots as many. The key to them, `servers`, is made in the folder of the jump host.
    ///
    /// # Errors
    /// When the set-up has not built the programs of a cluster, or a server does not boot.
    pub fn boot(gap: &Gap, jump: &Machine, count: usize) -> Result<Self> {
        let key = jump.path("servers");
        jump.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", OPERATOR, "-f", &key.display().to_string()])?;
        let public = std::fs::read_to_string(key.with_extension("pub")).context("no public key")?;
        let boot = || -> Result<Node> {
            let node = gap.node(Profile::Cluster)?;
            let home = format!("/home/{OPERATOR}");
            node.shell(&format!("useradd --create-home --shell /bin/bash {OPERATOR}"))?.success()?;
            node.write(&format!("{home}/.ssh/authorized_keys"), &public)?;
            node.shell(&format!("chown -R {OPERATOR}: {home}/.ssh && chmod 700 {home}/.ssh"))?.success()?;
            node.write(&format!("/etc/sudoers.d/{OPERATOR}"), format!("{OPERATOR} ALL=(ALL) NOPASSWD: ALL\n"))?;
            Ok(node)
        };
        let mut nodes = thread::scope(|scope| {
            let booting: Vec<_> = (0..count).map(|_| scope.spawn(boot)).collect();
            let joined =
                booting.into_iter().map(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a boot panicked")));
            joined.collect::<Result<Vec<_>>>()
        })?;
        // They boot side by side, and whoever came first has the first address.
        nodes.sort_by(|one, other| one.address().cmp(other.address()));
        Ok(Self { nodes, key })
    }

    /// A server, counted from 0.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// The same, to be rebooted.
    ///
    /// # Panics
    /// When there are not as many.
    pub fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number]
    }

    /// All of them.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The private key of [`OPERATOR`].
    pub fn key(&self) -> &PathBuf {
        &self.key
    }

    /// A line of `known_hosts` for each server, with its own key.
    ///
    /// # Errors
    /// When a server has no key.
    pub fn known_hosts(&self) -> Result<String> {
        let line = |node: &Node| -> Result<String> {
            let file = node.path("/etc/ssh/ssh_host_ed25519_key.pub");
            let key = std::fs::read_to_string(file).context("a server has no key")?;
            Ok(format!("{} {key}", node.address()))
        };
        self.nodes.iter().map(line).collect()
    }
}
