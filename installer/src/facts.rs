//! What a node is, before anything is done to it.
//!
//! One script tells it in one round trip and changes nothing; what it says is read strictly, and what it could not find
//! out is absent here. What a fact means for an installation is for [`checks`](crate::checks) to say.

mod gather;
mod parse;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::claim::Claim;
pub use gather::{Clock, FSYNC_SIZE, FSYNC_WRITES, fsyncs, look, reach, read_clock};
pub use parse::parse;
pub use reach::{Flow, Protocol, Reached, Target};

/// What is known of a node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Who it is.
    pub identity: Identity,
    /// What it is made of.
    pub machine: Hardware,
    /// What its kernel can do.
    pub kernel: Kernel,
    /// The folders that were asked for, in that order; none where nothing could be found out.
    pub folders: Vec<Option<Folder>>,
    /// How it is connected.
    pub network: Network,
    /// Sockets on which something listens; none when they could not be listed.
    pub sockets: Option<Vec<Socket>>,
    /// Whether its clock follows another one.
    pub synchronised: Option<bool>,
    /// The units of systemd that were asked for and are there.
    pub units: BTreeMap<String, Unit>,
    /// Paths and links that other clusters leave behind.
    pub leftovers: Vec<String>,
    /// Programs of distributions that are installed, with what they say of their version.
    pub installed: Vec<(PathBuf, String)>,
    /// The cluster that has begun to use it, if one of ours has.
    pub claim: Option<Claim>,
    /// The state of its packages.
    pub packages: Packages,
}

/// Who a node is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Identity {
    /// The name that its kernel has.
    pub hostname: Option<String>,
    /// `/etc/machine-id`.
    pub machine_id: Option<String>,
    /// The mainboard's identity, which a virtual machine has too.
    pub product_uuid: Option<String>,
    /// `ID` of `/etc/os-release`.
    pub os: Option<String>,
    /// `VERSION_ID` of `/etc/os-release`.
    pub os_version: Option<String>,
    /// Names that were asked for, and the first address of each; none where there is no answer.
    pub resolves: BTreeMap<String, Option<IpAddr>>,
}

/// What a node is made of.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hardware {
    /// As `uname -m` names it.
    pub architecture: Option<String>,
    /// Its processors.
    pub cpus: Option<u32>,
    /// Those of their abilities that count for the levels of x86-64.
    pub cpu_flags: BTreeSet<String>,
    /// Its memory in bytes.
    pub memory: Option<u64>,
    /// Where it swaps to.
    pub swaps: Option<Vec<String>>,
    /// Programs that are there, of those that were asked for.
    pub tools: BTreeSet<String>,
    /// What `iptables --version` says.
    pub iptables: Option<String>,
}

/// What a kernel can do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kernel {
    /// Its release: `6.8.0-45-generic`.
    pub release: Option<String>,
    /// Its modules, of those that were asked for.
    pub modules: BTreeMap<String, Module>,
    /// Its settings, of those that were asked for and are there.
    pub sysctls: BTreeMap<String, String>,
    /// The version of control groups: 1 or 2.
    pub cgroup: Option<u8>,
    /// The controllers of control groups.
    pub controllers: BTreeSet<String>,
    /// Whether AppArmor is on.
    pub apparmor: Option<bool>,
    /// Whether SELinux is there, and enforces.
    pub selinux_enforcing: Option<bool>,
    /// Whether what is mounted later is seen by containers too.
    pub root_shared: Option<bool>,
}

/// How a module of the kernel is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// It is loaded or built in.
    Loaded,
    /// It can be loaded.
    Loadable,
    /// It is not there.
    Missing,
}

/// How a folder, or the nearest one above it that exists, is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Whether the path is a symbolic link.
    pub link: bool,
    /// Where its file system is mounted.
    pub mounted_at: PathBuf,
    /// The type of its file system.
    pub file_system: String,
    /// How it is mounted.
    pub options: BTreeSet<String>,
    /// Bytes.
    pub size: u64,
    /// Bytes that are free.
    pub free: u64,
    /// Files that it can have, and those that are free; some file systems have no such bound.
    pub inodes: Option<(u64, u64)>,
}

/// How a node is connected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    /// Its network interfaces, without the loopback.
    pub links: Vec<Link>,
    /// Its addresses, each with the interface that has it.
    pub addresses: Vec<(String, IpNet)>,
    /// Its routes; an empty list: they could not be found out.
    pub routes: Vec<Route>,
    /// Whom it asks for names; none when that could not be found out.
    pub nameservers: Option<Vec<IpAddr>>,
    /// The domains that names are tried in.
    pub search: Vec<String>,
    /// Where proxies are named, and by what.
    pub proxies: Vec<(String, String)>,
    /// Firewalls that are on or that let nothing in by themselves.
    pub firewalls: Vec<String>,
    /// Whether NetworkManager, if it is there, leaves the interfaces of the cluster's network alone.
    pub networkmanager_leaves_cni: Option<bool>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its hardware address.
    pub mac: String,
    /// The largest packet in bytes.
    pub mtu: u32,
    /// Whether a device is behind it.
    pub device: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where it leads: the whole world for the default route.
    pub to: IpNet,
    /// The interface; empty for those that lead nowhere.
    pub device: String,
}

/// A socket on which something listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Its port.
    pub port: u16,
    /// The program, where it is known.
    pub process: Option<String>,
}

/// A unit of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// `active`, `inactive`, `failed` and the like.
    pub active: String,
    /// `enabled`, `disabled`, `static` and the like; empty where there is no file.
    pub file: String,
}

/// The state of a node's packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packages {
    /// Packages that dpkg has not finished with; none where there is no dpkg.
    pub unfinished: Option<Vec<String>>,
    /// Packages that are held back.
    pub held: Vec<String>,
    /// Who holds the lock of dpkg.
    pub locked_by: Option<String>,
    /// Whether packages wait for a reboot.
    pub reboot_required: Option<bool>,
}

impl Facts {
    /// Whether a unit runs.
    pub fn runs(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|unit| unit.active == "active")
    }

    /// Whether a unit runs or will at the next boot.
    pub fn runs_or_will(&self, unit: &str) -> bool {
        self.runs(unit) || self.units.get(unit).is_some_and(|unit| unit.file == "enabled")
    }

    /// Whether there is a program.
    pub fn has_tool(&self, name: &str) -> bool {
        self.machine.tools.contains(name)
    }
}
