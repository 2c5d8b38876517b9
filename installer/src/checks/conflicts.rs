//! What is on a node already.

use std::path::{Path, PathBuf};

use manifests::site::{Node, Role};

use super::{Area, Check, Outcome, Scene, Seen};
use crate::distribution::{Distribution, data_folder};

/// Where the kubelet has its.
const KUBELET: &str = "/var/lib/kubelet";
/// Services that make a machine a node of some cluster.
const NODES: [&str; 5] =
    ["kubelet.service", "rke2-server.service", "rke2-agent.service", "k3s.service", "k3s-agent.service"];
/// Services that run containers themselves.
const ENGINES: [&str; 3] = ["docker.service", "containerd.service", "crio.service"];
/// Sockets that these are reached at; they are no trace of a cluster.
const ENGINE_SOCKETS: [&str; 3] = ["/run/docker.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock"];

const CONFLICTS: Area = Area::Conflicts;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "other-cluster",
        area: CONFLICTS,
        strict: true,
        about: "the machine is no node of another cluster: no kubelet, RKE2 or k3s runs, and no other site has begun with it",
        remedy: "take the node out of that cluster and uninstall it there (`rke2-uninstall.sh`, `k3s-uninstall.sh`, \
            `kubeadm reset`); where it is this site's own, name its state directory with `--state`",
        fix: None,
        judge: other_cluster,
    },
    Check {
        id: "other-distribution",
        area: CONFLICTS,
        strict: false,
        about: "no RKE2 or k3s is installed that this site did not install",
        remedy: "uninstall it with its own script (`rke2-uninstall.sh`, `k3s-uninstall.sh`)",
        fix: None,
        judge: other_distribution,
    },
    Check {
        id: "leftovers",
        area: CONFLICTS,
        strict: false,
        about: "no folders, sockets and network interfaces of another cluster are left",
        remedy: "remove them, when you are sure that nobody needs what is in them; links go with a reboot",
        fix: None,
        judge: leftovers,
    },
    Check {
        id: "container-engines",
        area: CONFLICTS,
        strict: false,
        about: "no Docker, containerd or CRI-O runs beside the distribution's own",
        remedy: "stop and disable it, if nothing needs it",
        fix: None,
        judge: engines,
    },
    Check {
        id: "multipathd",
        area: CONFLICTS,
        strict: false,
        about: "where the site configures Longhorn: multipathd, which takes its volumes, is off",
        remedy: "disable multipathd, or blacklist `devnode \"^sd[a-z0-9]+\"` in `/etc/multipath.conf`",
        fix: None,
        judge: multipathd,
    },
    Check {
        id: "storage-tools",
        area: CONFLICTS,
        strict: false,
        about: "where the site configures Longhorn: open-iscsi runs, and the tools of NFS and of dm-crypt are there",
        remedy: "install open-iscsi, nfs-common and cryptsetup; a bundle can carry them",
        fix: None,
        judge: storage_tools,
    },
];

/// The folders that are looked at on a node: the distribution's data, the kubelet's, programs, temporary files.
pub fn folders(distribution: Option<&'static dyn Distribution>, node: &Node) -> Vec<PathBuf> {
    let data = PathBuf::from(data_folder(super::distribution(distribution), node));
    let kubelet = node.data.kubelet.clone().unwrap_or_else(|| PathBuf::from(KUBELET));
    vec![data, kubelet, PathBuf::from("/usr/local"), PathBuf::from("/tmp")]
}

/// Whether the site has something to say to Longhorn.
pub(super) fn has_longhorn(scene: &Scene<'_>) -> bool {
    scene.site.components.keys().any(|name| name.as_str() == "longhorn")
}

/// What this site leaves on its own nodes: which units and programs are nobody else's.
fn is_own(scene: &Scene<'_>, seen: &Seen<'_>, is_its: impl Fn(&dyn Distribution) -> bool) -> bool {
    seen.ours && scene.distribution.is_none_or(is_its)
}

fn other_cluster(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if let Some(claim) = seen.facts.claim.as_ref().filter(|_| !seen.ours) {
        return Outcome::Fail(format!("the site `{}` has begun with it (/var/lib/airgap-node/site)", claim.site));
    }
    let of_ours = |unit: &str| {
        is_own(scene, seen, |its| [Role::Server, Role::Agent].into_iter().any(|role| its.unit(role) == unit))
    };
    let running: Vec<_> = NODES.into_iter().filter(|unit| seen.facts.runs(unit) && !of_ours(unit)).collect();
    Outcome::fail_with(&running)
}

fn other_distribution(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let of_ours = |program: &Path| is_own(scene, seen, |its| program.ends_with(its.name()));
    let others = seen.facts.installed.iter().filter(|(path, _)| !of_ours(path));
    let installed = others.map(|(path, version)| {
        if version.is_empty() { path.display().to_string() } else { format!("{} ({version})", path.display()) }
    });
    Outcome::fail_with(&installed.collect::<Vec<_>>())
}

fn leftovers(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if seen.ours {
        return Outcome::Pass;
    }
    let left = seen.facts.leftovers.iter().filter(|path| !ENGINE_SOCKETS.contains(&path.as_str()));
    Outcome::fail_with(&left.collect::<Vec<_>>())
}

fn engines(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let running = ENGINES.into_iter().filter(|unit| seen.facts.runs(unit)).map(str::to_owned);
    let sockets = seen.facts.leftovers.iter().filter(|path| ENGINE_SOCKETS.contains(&path.as_str())).cloned();
    Outcome::warn_of(&running.chain(sockets).collect::<Vec<_>>())
}

fn multipathd(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if has_longhorn(scene) && seen.facts.runs_or_will("multipathd.service") {
        return Outcome::Warn("multipathd runs".to_owned());
    }
    Outcome::Pass
}

fn storage_tools(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if !has_longhorn(scene) {
        return Outcome::Pass;
    }
    let tools = [("iscsiadm", "open-iscsi"), ("mount.nfs", "nfs-common"), ("cryptsetup", "cryptsetup")];
    let missing: Vec<_> = tools.into_iter().filter(|(tool, _)| !seen.facts.has_tool(tool)).map(|(_, of)| of).collect();
    if !missing.is_empty() {
        return Outcome::Fail(format!("no {}", super::list(&missing)));
    }
    if seen.facts.runs("iscsid.service") { Outcome::Pass } else { Outcome::Warn("iscsid does not run".to_owned()) }
}
