//! What a node has to be, as data: each check has an id that stays, says what it looks at and what helps.
//!
//! ```text
//! site ─▶ Scene ◀─ facts of all nodes        Check::judge(scene, node) ─▶ pass, warn or fail, with what was found
//! ```
//!
//! A check only judges what is known; [`readiness`](crate::readiness) finds that out and runs them all. To add one: a
//! [`Check`] in the list of its area, and its row in `docs/preflight.md`, which a test holds against the lists.

mod conflicts;
mod disks;
pub mod fix;
mod identity;
mod kernel;
mod machine;
mod network;
mod packages;
mod ports;
#[cfg(test)]
pub(crate) mod tests;
mod time;
mod waiver;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use manifests::Site;
use manifests::bundle::VerifiedBundle;
use manifests::site::Node;
use serde::Serialize;

use crate::distribution::{Distribution, Rke2};
use crate::facts::{Clock, Facts, Flow};
pub use conflicts::folders;
pub use fix::Fix;
pub use ports::targets;
pub use waiver::{Waiver, WaiverError, Waivers};

/// Something that a node has to be.
#[derive(Debug)]
pub struct Check {
    /// Its name, which never changes.
    pub id: &'static str,
    /// What it is about.
    pub area: Area,
    /// Whether it can't be ignored: what fails here breaks the cluster for certain, or its data.
    pub strict: bool,
    /// What it looks at.
    pub about: &'static str,
    /// What helps.
    pub remedy: &'static str,
    /// What the installer can do about it.
    pub fix: Option<Fix>,
    /// Looks at a node.
    pub judge: fn(&Scene<'_>, &Seen<'_>) -> Outcome,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// Who the node is.
    Identity,
    /// What it is made of.
    Machine,
    /// What its kernel can do.
    Kernel,
    /// Its file systems.
    Disks,
    /// Its clock.
    Time,
    /// How it is connected.
    Network,
    /// What it serves and reaches.
    Ports,
    /// What is there already.
    Conflicts,
    /// Its packages.
    Packages,
}

/// What came of a check on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it has to be.
    Pass,
    /// It may work; what was found.
    Warn(String),
    /// It will not work; what was found.
    Fail(String),
}

/// Everything that is known before the first change.
#[derive(Debug)]
pub struct Scene<'a> {
    /// What is to become of the nodes.
    pub site: &'a Site,
    /// The bundle, if it is known already.
    pub bundle: Option<Carried>,
    /// What the bundle makes of the nodes, if it is known already.
    pub distribution: Option<&'static dyn Distribution>,
    /// The nodes that could be looked at, in the order of the site.
    pub nodes: Vec<Seen<'a>>,
}

/// What the checks ask of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// When it was made.
    pub created: Timestamp,
    /// The size of its archive in bytes.
    pub size: u64,
}

impl Carried {
    /// What is asked of `bundle`.
    pub fn of(bundle: &VerifiedBundle) -> Self {
        Self { created: bundle.document().created, size: bundle.archive_size() }
    }
}

/// A node that was looked at.
#[derive(Debug)]
pub struct Seen<'a> {
    /// What the site says of it.
    pub node: &'a Node,
    /// What it says of itself.
    pub facts: Facts,
    /// Its clock, if it has one.
    pub clock: Option<Clock>,
    /// How long small writes took until they were on its disk, the fastest first; empty on agents.
    pub fsyncs: Vec<Duration>,
    /// What it met at ports of others.
    pub flows: Vec<Flow>,
    /// Whether this site has begun to make a node of its cluster of it: then what that leaves there is expected.
    pub ours: bool,
}

impl Scene<'_> {
    /// What is made of the nodes, as far as that is known.
    fn distribution(&self) -> &'static dyn Distribution {
        distribution(self.distribution)
    }
}

/// What is made of the nodes; RKE2 where no bundle says it.
fn distribution(known: Option<&'static dyn Distribution>) -> &'static dyn Distribution {
    known.unwrap_or(&Rke2)
}

impl Outcome {
    /// Fails with everything that was found, if anything was.
    fn fail_with<T: fmt::Display>(found: &[T]) -> Self {
        if found.is_empty() { Self::Pass } else { Self::Fail(list(found)) }
    }

    /// Warns of everything that was found, if anything was.
    fn warn_of<T: fmt::Display>(found: &[T]) -> Self {
        if found.is_empty() { Self::Pass } else { Self::Warn(list(found)) }
    }

    /// What could not be found out is no reason to stop, and none to be sure.
    fn unknown(what: &str) -> Self {
        Self::Warn(format!("{what} could not be found out"))
    }
}

/// How many of the things that were found are named.
const NAMED: usize = 12;

fn list<T: fmt::Display>(found: &[T]) -> String {
    let mut names: Vec<_> = found.iter().take(NAMED).map(ToString::to_string).collect();
    if found.len() > NAMED {
        names.push(format!("and {} more", found.len() - NAMED));
    }
    names.join(", ")
}

/// All checks, area by area.
pub fn all() -> impl Iterator<Item = &'static Check> {
    let areas = [
        identity::CHECKS,
        machine::CHECKS,
        kernel::CHECKS,
        disks::CHECKS,
        time::CHECKS,
        network::CHECKS,
        ports::CHECKS,
        conflicts::CHECKS,
        packages::CHECKS,
    ];
    areas.into_iter().flatten()
}

/// The check that a node passes by answering at all.
pub fn reachable() -> &'static Check {
    &identity::CHECKS[0]
}
