//! What a node's kernel can do.

use manifests::site::{Cni, Encryption};

use super::{Area, Check, Fix, Outcome, Scene, Seen};
use crate::facts::Module;

/// The first kernel on which it works at all (control groups and namespaces as Kubernetes needs them: 4.5),
const FIRST: (u32, u32) = (4, 5);
/// on which Cilium does (its system requirements: 5.4),
const FIRST_FOR_CILIUM: (u32, u32) = (5, 4);
/// and on which storage does well (Longhorn recommends 5.8).
const RECOMMENDED: (u32, u32) = (5, 8);
/// What containers and services need, whatever connects pods (RKE2's units load the first two).
pub(super) const MODULES: [&str; 3] = ["overlay", "br_netfilter", "nf_conntrack"];
/// Controllers that the kubelet limits pods with.
const CONTROLLERS: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];
/// Settings and the least that they have to be (RKE2's requirements for inotify; Kubernetes for forwarding).
pub(super) const SYSCTLS: [(&str, u64); 3] =
    [("net.ipv4.ip_forward", 1), ("fs.inotify.max_user_instances", 8192), ("fs.inotify.max_user_watches", 524_288)];

const KERNEL: Area = Area::Kernel;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "kernel-version",
        area: KERNEL,
        strict: false,
        about: "the kernel is 4.5 at least, 5.4 for Cilium; before 5.8 is a warning",
        remedy: "install a newer kernel, or a newer release of the system",
        fix: None,
        judge: version,
    },
    Check {
        id: "kernel-modules",
        area: KERNEL,
        strict: false,
        about: "overlay, br_netfilter and nf_conntrack are loaded; that they can be loaded is a warning",
        remedy: "load them at every boot from `/etc/modules-load.d`; what is missing comes with the package \
            `linux-modules-extra` of the running kernel",
        fix: Some(Fix::Modules),
        judge: modules,
    },
    Check {
        id: "cni-modules",
        area: KERNEL,
        strict: false,
        about: "what connects pods finds its modules: vxlan, and wireguard where traffic is encrypted with it",
        remedy: "install the package `linux-modules-extra` of the running kernel",
        fix: None,
        judge: cni_modules,
    },
    Check {
        id: "storage-modules",
        area: KERNEL,
        strict: false,
        about: "where the site configures Longhorn: iscsi_tcp, dm_crypt and nfs are there",
        remedy: "install the package `linux-modules-extra` of the running kernel",
        fix: None,
        judge: storage_modules,
    },
    Check {
        id: "sysctls",
        area: KERNEL,
        strict: false,
        about: "packets are forwarded, and many may watch files: net.ipv4.ip_forward = 1, fs.inotify.max_user_instances ≥ \
            8192, fs.inotify.max_user_watches ≥ 524288",
        remedy: "set them in a file of `/etc/sysctl.d`",
        fix: Some(Fix::Sysctls),
        judge: sysctls,
    },
    Check {
        id: "reverse-path",
        area: KERNEL,
        strict: false,
        about: "with Cilium: packets are not dropped for the way they came (net.ipv4.conf.all.rp_filter is not 1)",
        remedy: "set net.ipv4.conf.all.rp_filter to 0 in a file of `/etc/sysctl.d`",
        fix: None,
        judge: reverse_path,
    },
    Check {
        id: "control-groups",
        area: KERNEL,
        strict: false,
        about: "control groups have cpu, cpuset, memory and pids; version 1, which is going out of use, is a warning",
        remedy: "boot without `cgroup_disable=…`, and with `systemd.unified_cgroup_hierarchy=1`",
        fix: None,
        judge: control_groups,
    },
    Check {
        id: "apparmor",
        area: KERNEL,
        strict: false,
        about: "where AppArmor is on, its parser is there: no container starts without",
        remedy: "install the package apparmor",
        fix: None,
        judge: apparmor,
    },
    Check {
        id: "selinux",
        area: KERNEL,
        strict: false,
        about: "SELinux does not enforce: the rules that containers need have to be brought",
        remedy: "install the distribution's rules (rke2-selinux, k3s-selinux), or set SELinux to permissive",
        fix: None,
        judge: selinux,
    },
    Check {
        id: "mounts-shared",
        area: KERNEL,
        strict: false,
        about: "what is mounted later is seen by containers: the root is a shared mount",
        remedy: "run `mount --make-rshared /` at every boot; systemd does it by itself",
        fix: None,
        judge: mounts_shared,
    },
];

fn release(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn version(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(text) = &seen.facts.kernel.release else { return Outcome::unknown("the kernel's version") };
    let Some(version) = release(text) else { return Outcome::Warn(format!("`{text}` is no version that is known")) };
    let first = if matches!(scene.site.network.cni, Some(Cni::Cilium(_))) { FIRST_FOR_CILIUM } else { FIRST };
    match version {
        version if version < first => Outcome::Fail(text.clone()),
        version if version < RECOMMENDED => Outcome::Warn(text.clone()),
        _ => Outcome::Pass,
    }
}

fn modules(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let of = |state| with_state(seen, &MODULES, state);
    match (of(Module::Missing), of(Module::Loadable)) {
        (missing, _) if !missing.is_empty() => Outcome::Fail(format!("{} missing", super::list(&missing))),
        (_, loadable) if !loadable.is_empty() => Outcome::Warn(format!("{} not loaded", super::list(&loadable))),
        _ if seen.facts.kernel.modules.is_empty() => Outcome::unknown("the kernel's modules"),
        _ => Outcome::Pass,
    }
}

fn with_state<'n>(seen: &Seen<'_>, names: &[&'n str], state: Module) -> Vec<&'n str> {
    names.iter().copied().filter(|name| seen.facts.kernel.modules.get(*name) == Some(&state)).collect()
}

fn cni_modules(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let needed: &[&str] = match scene.site.network.cni {
        Some(Cni::Cilium(cilium)) if cilium.encryption == Some(Encryption::WireGuard) => &["vxlan", "wireguard"],
        Some(Cni::None) => &[],
        _ => &["vxlan"],
    };
    Outcome::fail_with(&with_state(seen, needed, Module::Missing))
}

fn storage_modules(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if !super::conflicts::has_longhorn(scene) {
        return Outcome::Pass;
    }
    Outcome::warn_of(&with_state(seen, &["iscsi_tcp", "dm_crypt", "nfs"], Module::Missing))
}

fn sysctls(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let low = SYSCTLS.iter().filter_map(|(name, least)| {
        let value = seen.facts.kernel.sysctls.get(*name)?;
        (value.parse::<u64>().ok()? < *least).then(|| format!("{name} = {value}"))
    });
    Outcome::warn_of(&low.collect::<Vec<_>>())
}

fn reverse_path(scene: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let strict = seen.facts.kernel.sysctls.get("net.ipv4.conf.all.rp_filter").is_some_and(|value| value == "1");
    if strict && matches!(scene.site.network.cni, Some(Cni::Cilium(_))) {
        return Outcome::Warn("net.ipv4.conf.all.rp_filter = 1".to_owned());
    }
    Outcome::Pass
}

fn control_groups(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let kernel = &seen.facts.kernel;
    let missing: Vec<_> = CONTROLLERS.iter().filter(|name| !kernel.controllers.contains(**name)).collect();
    match kernel.cgroup {
        None => Outcome::unknown("the version of control groups"),
        Some(_) if !missing.is_empty() => Outcome::Fail(format!("no {}", super::list(&missing))),
        Some(1) => Outcome::Warn("version 1".to_owned()),
        Some(_) => Outcome::Pass,
    }
}

fn apparmor(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    if seen.facts.kernel.apparmor == Some(true) && !seen.facts.has_tool("apparmor_parser") {
        return Outcome::Fail("AppArmor is on, and there is no apparmor_parser".to_owned());
    }
    Outcome::Pass
}

fn selinux(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match seen.facts.kernel.selinux_enforcing {
        Some(true) => Outcome::Warn("SELinux enforces".to_owned()),
        Some(false) | None => Outcome::Pass,
    }
}

fn mounts_shared(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match seen.facts.kernel.root_shared {
        None => Outcome::unknown("how the root is mounted"),
        Some(true) => Outcome::Pass,
        Some(false) => Outcome::Warn("the root is a private mount".to_owned()),
    }
}
