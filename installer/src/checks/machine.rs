//! What a node is made of.

use airgap_console::ByteSize;
use manifests::site::Role;

use super::{Area, Check, Fix, Outcome, Scene, Seen};

/// Processors (RKE2's requirements: 2 at least).
const CPUS: u32 = 2;
/// Memory in bytes (RKE2's requirements: 4 GB at least). What firmware and kernel keep for themselves is not in the figure
/// that the kernel gives.
const MEMORY: u64 = 3_600 << 20;
/// Architectures that the distributions are made for.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];
/// What x86-64-v2 adds (the psABI's levels); images of the enterprise distributions are built for it.
const V2: [&str; 6] = ["cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"];
/// What an installation runs on a node.
const TOOLS: [&str; 8] = ["gzip", "ip", "modprobe", "mount", "sha256sum", "systemctl", "tar", "umount"];
/// Systems that the distributions are tested on, with the first version (RKE2's support matrix; Debian by use).
const SYSTEMS: [(&str, u32); 2] = [("ubuntu", 20), ("debian", 11)];

const MACHINE: Area = Area::Machine;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "operating-system",
        area: MACHINE,
        strict: false,
        about: "the system is Ubuntu from 20.04 or Debian from 11",
        remedy: "install a system of these, or try it and ignore the check",
        fix: None,
        judge: operating_system,
    },
    Check {
        id: "architecture",
        area: MACHINE,
        strict: true,
        about: "the processor is an x86-64 or an ARM of 64 bits",
        remedy: "use another machine",
        fix: None,
        judge: architecture,
    },
    Check {
        id: "cpu-level",
        area: MACHINE,
        strict: false,
        about: "an x86-64 has the abilities of level 2 (SSE 4.2 among them)",
        remedy: "let the hypervisor hand on the processor's abilities (`host` as the type of the processor)",
        fix: None,
        judge: cpu_level,
    },
    Check {
        id: "cpu-count",
        area: MACHINE,
        strict: false,
        about: "there are 2 processors at least",
        remedy: "give the machine more processors",
        fix: None,
        judge: cpu_count,
    },
    Check {
        id: "memory",
        area: MACHINE,
        strict: false,
        about: "there are 4 GB of memory at least; on agents less is a warning",
        remedy: "give the machine more memory",
        fix: None,
        judge: memory,
    },
    Check {
        id: "swap-off",
        area: MACHINE,
        strict: false,
        about: "nothing is swapped: limits on memory hold only then",
        remedy: "run `swapoff -a` and take the swap out of `/etc/fstab`",
        fix: Some(Fix::Swap),
        judge: swap_off,
    },
    Check {
        id: "tools-present",
        area: MACHINE,
        strict: false,
        about: "the programs of a stock system that an installation runs are there: gzip, ip, modprobe, mount, sha256sum, \
            systemctl, tar, umount",
        remedy: "install the packages that have them: gzip, iproute2, kmod, mount, coreutils, systemd, tar",
        fix: None,
        judge: tools_present,
    },
    Check {
        id: "download-tool",
        area: MACHINE,
        strict: false,
        about: "curl or wget is there; else files go over SSH, which is slower",
        remedy: "install curl",
        fix: None,
        judge: download_tool,
    },
];

fn operating_system(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let identity = &seen.facts.identity;
    let (Some(os), version) = (&identity.os, identity.os_version.as_deref().unwrap_or("")) else {
        return Outcome::unknown("the operating system");
    };
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    let known = SYSTEMS.iter().any(|(name, first)| name == os && major >= *first);
    if known { Outcome::Pass } else { Outcome::Warn(format!("{os} {version}").trim_end().to_owned()) }
}

fn architecture(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match &seen.facts.machine.architecture {
        None => Outcome::unknown("the architecture"),
        Some(name) if ARCHITECTURES.contains(&name.as_str()) => Outcome::Pass,
        Some(name) => Outcome::Fail(name.clone()),
    }
}

fn cpu_level(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let machine = &seen.facts.machine;
    if machine.architecture.as_deref() != Some("x86_64") {
        return Outcome::Pass;
    }
    if machine.cpu_flags.is_empty() {
        return Outcome::unknown("the processor's abilities");
    }
    let missing: Vec<_> = V2.iter().filter(|flag| !machine.cpu_flags.contains(**flag)).collect();
    if missing.is_empty() { Outcome::Pass } else { Outcome::Warn(format!("no {}", super::list(&missing))) }
}

fn cpu_count(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match seen.facts.machine.cpus {
        None => Outcome::unknown("the number of processors"),
        Some(count) if count < CPUS => Outcome::Fail(format!("{count} of {CPUS}")),
        Some(_) => Outcome::Pass,
    }
}

fn memory(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match (seen.facts.machine.memory, seen.node.role) {
        (None, _) => Outcome::unknown("the memory"),
        (Some(bytes), _) if bytes >= MEMORY => Outcome::Pass,
        (Some(bytes), Role::Server) => Outcome::Fail(ByteSize(bytes).to_string()),
        (Some(bytes), Role::Agent) => Outcome::Warn(ByteSize(bytes).to_string()),
    }
}

fn swap_off(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match &seen.facts.machine.swaps {
        None => Outcome::unknown("whether it swaps"),
        Some(places) => Outcome::fail_with(places),
    }
}

fn tools_present(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let missing: Vec<_> = TOOLS.iter().filter(|tool| !seen.facts.has_tool(tool)).collect();
    if missing.is_empty() { Outcome::Pass } else { Outcome::Fail(format!("no {}", super::list(&missing))) }
}

fn download_tool(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let found = seen.facts.has_tool("curl") || seen.facts.has_tool("wget");
    if found { Outcome::Pass } else { Outcome::Warn("neither curl nor wget".to_owned()) }
}
