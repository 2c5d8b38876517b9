//! Who a node is: no two may be the same.

use std::net::IpAddr;

use super::{Area, Check, Outcome, Scene, Seen};

/// The longest host name. Names of pods' and of leases' objects are made of it, which end at 63 (Embedded Cluster's check).
const LONGEST_HOSTNAME: usize = 54;

const IDENTITY: Area = Area::Identity;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "node-reachable",
        area: IDENTITY,
        strict: true,
        about: "the node answers, and what it says of itself is whole",
        remedy: "see that the machine runs, and how `site.yaml` says that it is reached",
        fix: None,
        // Who could not be looked at has no facts to judge.
        judge: |_, _| Outcome::Pass,
    },
    Check {
        id: "hostname-valid",
        area: IDENTITY,
        strict: false,
        about: "the host name is one of RFC 1123, of at most 54 characters, and not `localhost`",
        remedy: "set a host name of small letters, digits and `-` with `hostnamectl set-hostname`",
        fix: None,
        judge: hostname_valid,
    },
    Check {
        id: "hostname-unique",
        area: IDENTITY,
        strict: true,
        about: "no other node has the same host name (RKE2's requirements)",
        remedy: "give each machine a host name of its own with `hostnamectl set-hostname`",
        fix: None,
        judge: |scene, seen| same(scene, seen, |other| other.facts.identity.hostname.as_deref()),
    },
    Check {
        id: "hostname-resolves",
        area: IDENTITY,
        strict: false,
        about: "the node finds an address for its own host name",
        remedy: "add the name with the node's address to `/etc/hosts`",
        fix: None,
        judge: hostname_resolves,
    },
    Check {
        id: "localhost-resolves",
        area: IDENTITY,
        strict: false,
        about: "`localhost` is a loopback address",
        remedy: "add `127.0.0.1 localhost` to `/etc/hosts`",
        fix: None,
        judge: localhost_resolves,
    },
    Check {
        id: "machine-id-unique",
        area: IDENTITY,
        strict: true,
        about: "no other node has the same `/etc/machine-id`",
        remedy: "machines that were cloned: empty `/etc/machine-id`, run `systemd-machine-id-setup`, and reboot",
        fix: None,
        judge: |scene, seen| same(scene, seen, |other| other.facts.identity.machine_id.as_deref()),
    },
    Check {
        id: "product-uuid-unique",
        area: IDENTITY,
        strict: false,
        about: "no other node has the same product UUID, by which storage and clouds know machines",
        remedy: "give each virtual machine a UUID of its own in the hypervisor",
        fix: None,
        judge: |scene, seen| same(scene, seen, |other| other.facts.identity.product_uuid.as_deref()),
    },
    Check {
        id: "mac-unique",
        area: IDENTITY,
        strict: true,
        about: "no other node has the same hardware address on the network that nodes share",
        remedy: "give each virtual machine network interfaces of its own in the hypervisor",
        fix: None,
        judge: |scene, seen| same(scene, seen, mac),
    },
    Check {
        id: "address-present",
        area: IDENTITY,
        strict: true,
        about: "the address of `site.yaml` is on one of the node's network interfaces",
        remedy: "write the address that the machine has in the nodes' network, not one that is translated on the way",
        fix: None,
        judge: address_present,
    },
];

fn hostname_valid(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let Some(name) = &seen.facts.identity.hostname else { return Outcome::unknown("the host name") };
    if name.len() > LONGEST_HOSTNAME {
        return Outcome::Fail(format!("`{name}` has {} characters", name.len()));
    }
    match name.parse::<manifests::site::HostName>() {
        Ok(_) => Outcome::Pass,
        Err(_) => Outcome::Fail(format!("`{name}`")),
    }
}

fn hostname_resolves(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let identity = &seen.facts.identity;
    let answer = identity.hostname.as_ref().and_then(|name| identity.resolves.get(name));
    match (answer, &identity.hostname) {
        (Some(Some(_)), _) => Outcome::Pass,
        (Some(None), Some(name)) => Outcome::Warn(format!("`{name}` has no address")),
        _ => Outcome::unknown("the address of its own name"),
    }
}

fn localhost_resolves(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    match seen.facts.identity.resolves.get("localhost") {
        Some(Some(address)) if address.is_loopback() => Outcome::Pass,
        Some(Some(address)) => Outcome::Fail(format!("`localhost` is {address}")),
        Some(None) => Outcome::Fail("`localhost` has no address".to_owned()),
        None => Outcome::unknown("the address of `localhost`"),
    }
}

/// Fails with the other nodes of which something is the same; what is not known of a node is not the same.
fn same<'s>(scene: &'s Scene<'_>, seen: &'s Seen<'_>, of: fn(&'s Seen<'_>) -> Option<&'s str>) -> Outcome {
    let Some(own) = of(seen) else { return Outcome::Pass };
    let others = scene.nodes.iter().filter(|other| other.node.name != seen.node.name && of(other) == Some(own));
    let others: Vec<_> = others.map(|other| other.node.name.as_str()).collect();
    if others.is_empty() { Outcome::Pass } else { Outcome::Fail(format!("{own}, as on {}", super::list(&others))) }
}

/// The interface that has the node's address.
pub(super) fn interface<'s>(seen: &'s Seen<'_>) -> Option<&'s str> {
    let addresses = &seen.facts.network.addresses;
    addresses.iter().find(|(_, net)| net.addr() == seen.node.address).map(|(name, _)| name.as_str())
}

fn mac<'s>(seen: &'s Seen<'_>) -> Option<&'s str> {
    let name = interface(seen)?;
    seen.facts.network.links.iter().find(|link| link.name == name).map(|link| link.mac.as_str())
}

fn address_present(_: &Scene<'_>, seen: &Seen<'_>) -> Outcome {
    let addresses = &seen.facts.network.addresses;
    if addresses.is_empty() {
        return Outcome::unknown("the node's addresses");
    }
    if interface(seen).is_some() {
        return Outcome::Pass;
    }
    let own = addresses.iter().map(|(_, net)| net.addr()).filter(is_shared);
    let own: Vec<_> = own.collect();
    Outcome::Fail(format!("{} is not among {}", seen.node.address, super::list(&own)))
}

/// Whether an address may be that of the node for others.
fn is_shared(address: &IpAddr) -> bool {
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    !address.is_loopback() && !link_local
}
