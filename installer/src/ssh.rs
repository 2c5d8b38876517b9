//! Machines that are reached over SSH.
//!
//! ```text
//! Connections ─▶ Machine ─▶ Link ─▶ session ─▶ channel: one command, or one stream to a port
//!                            │
//!                            └─▶ Link of the bastion ─▶ …
//! ```
//!
//! A [`Link`](link::Link) is the way to one machine: made when it is first needed, kept, shared by all commands, made
//! anew when it is gone. A session goes over TCP or through a channel of the bastion in front of it. Whom it leads to is
//! decided by [`HostKeys`](host_keys::HostKeys) before anything is said, and who we are by the [`Keyring`](keyring::Keyring).
//! A machine runs one line of shell per command, which [`line`] alone writes.

mod authenticate;
mod channel;
mod host_keys;
mod keyring;
mod known_hosts;
mod line;
mod link;
mod machine;
mod problem;
mod root;
mod session;
mod signer;
mod tail;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use manifests::site::Ssh;
use manifests::yaml::Problems;
use manifests::{BundleName, Site};
use tokio::sync::Semaphore;

use crate::secrets::Secrets;
use host_keys::HostKeys;
use keyring::Keyring;
use link::{Link, Patience};

pub use machine::{Machine, Stream};

/// How machines are reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file with the host keys that are known, as OpenSSH has it. It need not exist.
    pub known_hosts: PathBuf,
    /// Whether a machine that nothing is known of is believed at the first contact.
    pub accept_new: bool,
    /// How many machines are worked on at once.
    pub parallel: usize,
    /// How long it may take to reach a machine once, with all bastions on the way.
    pub connect_within: Duration,
    /// How often it is tried when the reason may pass.
    pub attempts: u32,
}

/// The machines of a site.
#[derive(Debug)]
pub struct Connections {
    machines: Vec<Arc<Machine>>,
}

impl Options {
    /// The usual, with the host keys that the site in `state` knows.
    pub fn of_state(state: &Path) -> Self {
        Self {
            known_hosts: state.join("known_hosts"),
            accept_new: false,
            parallel: 20,
            connect_within: Duration::from_secs(15),
            attempts: 3,
        }
    }
}

impl Connections {
    /// The nodes of a site, none of them reached yet. `folder` is where `site.yaml` is; what its keys and users need is
    /// among `secrets`.
    ///
    /// # Errors
    /// [`Problems`] with all keys that can't be used.
    pub fn new(site: &Site, folder: &Path, secrets: &Secrets, options: &Options) -> Result<Self, Problems> {
        let keyring = Keyring::load(site, folder, secrets)?;
        let host_keys = Arc::new(HostKeys::new(options.known_hosts.clone(), options.accept_new));
        let patience = Patience { within: options.connect_within, attempts: options.attempts.max(1) };
        let places = Arc::new(Semaphore::new(options.parallel.max(1)));
        let mut bastions: BTreeMap<BundleName, Arc<Link>> = BTreeMap::new();
        let link = |name: &str, ssh: &Ssh, via| {
            let identity = keyring.identity(&ssh.authentication);
            Arc::new(Link::new(name, ssh, identity, Arc::clone(&host_keys), via, patience))
        };
        let mut machines = Vec::new();
        for node in &site.nodes {
            let mut via = None;
            for bastion in site.route(&node.ssh) {
                let known = bastions.entry(bastion.name.clone());
                let made = known.or_insert_with(|| link(bastion.name.as_str(), &bastion.ssh, via.take()));
                via = Some(Arc::clone(made));
            }
            let name = node.name.as_str();
            let way = root::Way::of(&node.become_root, secrets);
            machines.push(Arc::new(Machine::new(name, link(name, &node.ssh, via), way, Arc::clone(&places))));
        }
        Ok(Self { machines })
    }

    /// The nodes, in the order of the site.
    pub fn machines(&self) -> &[Arc<Machine>] {
        &self.machines
    }

    /// The node of this name.
    pub fn machine(&self, name: &str) -> Option<&Arc<Machine>> {
        self.machines.iter().find(|machine| crate::host::Host::name(machine.as_ref()) == name)
    }
}
