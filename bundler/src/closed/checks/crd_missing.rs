//! Objects of kinds whose definition nothing installs.

use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use super::{provided, wanted};
use crate::closed::{Check, Found, World};
use crate::discovery::removed;

pub(super) const CHECK: Check = Check {
    id: FindingId::CrdMissing,
    severity: Severity::Error,
    why: "the cluster refuses such objects, and the release with them",
    look,
};

/// The groups whose kinds RKE2 and k3s define by themselves.
const OF_DISTRIBUTIONS: [&str; 3] = ["helm.cattle.io", "k3s.cattle.io", "rke2.cattle.io"];

fn look(world: &World<'_>) -> Vec<Found> {
    let used = world.uses(ThingKind::Api).filter(|used| !is_there(world, used));
    let mut found: Vec<Found> = used.map(|used| of_object(world, used)).collect();
    for (component, wanted) in wanted(world, |offers| &offers.crds) {
        let name = wanted.name.as_str();
        if !installs(world, ThingKind::Crd, name) && !provided(world, |offers| &offers.crds).contains(&&wanted.name) {
            found.push(Found {
                object: name.to_owned(),
                message: format!("the component `{component}` wants `{name}`, which nothing installs"),
                component: Some(component.clone()),
                location: Some(wanted.location.clone()),
                seen: Vec::new(),
                help: help(),
            });
        }
    }
    found
}

fn help() -> String {
    "add the component or the chart that installs it; if the site has it, name it in the stack under `provides: crds:`"
        .to_owned()
}

fn installs(world: &World<'_>, kind: ThingKind, name: &str) -> bool {
    world.seen.installs.iter().any(|thing| thing.kind == kind && thing.name == name)
}

/// `cert-manager.io/v1/Certificate` as its three parts.
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (version, kind) = name.rsplit_once('/')?;
    let (group, version) = version.split_once('/')?;
    Some((group, version, kind))
}

fn is_there(world: &World<'_>, used: &LockedUse) -> bool {
    let Some(name) = &used.name else { return true };
    let Some((group, version, kind)) = parts(name) else { return true };
    let api = format!("{group}/{version}");
    if removed::may_be_gone(&api) {
        return !removed::is_gone(&api, minor(world));
    }
    let of_distribution = world.stack.platform.is_some() && OF_DISTRIBUTIONS.contains(&group);
    // A service of the cluster that serves a version of a group serves all kinds of it.
    let served = format!("{group}/{version}/*");
    of_distribution
        || installs(world, ThingKind::Api, name)
        || installs(world, ThingKind::Api, &served)
        || provided(world, |offers| &offers.crds).iter().any(|crd| defines(crd.as_str(), group, kind))
}

/// Whether a definition's name is that of a kind: `certificates.cert-manager.io` of `Certificate`. Only the plural is
/// known, which differs from the kind in its end alone.
fn defines(crd: &str, group: &str, kind: &str) -> bool {
    let stem: String = kind.to_lowercase().chars().take(kind.chars().count().saturating_sub(1)).collect();
    crd.split_once('.').is_some_and(|(plural, of)| of == group && plural.starts_with(&stem))
}

/// Which Kubernetes 1.x the charts are looked through for; of a version that can't be read, the newest.
fn minor(world: &World<'_>) -> u64 {
    let version = world.seen.kubernetes.strip_prefix('v').unwrap_or(&world.seen.kubernetes);
    version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(u64::MAX)
}

fn of_object(world: &World<'_>, used: &LockedUse) -> Found {
    let name = used.name.clone().unwrap_or_default();
    let (group, version, kind) = parts(&name).unwrap_or_default();
    let others: Vec<&str> = world
        .seen
        .installs
        .iter()
        .filter(|thing| thing.kind == ThingKind::Api)
        .filter_map(|thing| parts(&thing.name))
        .filter(|(of, _, other)| *of == group && *other == kind)
        .map(|(_, version, _)| version)
        .collect();
    let api = format!("{group}/{version}");
    let is_gone = removed::may_be_gone(&api);
    let message = match others.as_slice() {
        _ if is_gone => format!(
            "there are objects of the kind `{kind}` of `{api}`, which Kubernetes 1.{} does not have",
            minor(world)
        ),
        [] => format!("there are objects of the kind `{kind}` of `{group}`, and nothing installs its definition"),
        others => format!(
            "there are objects of the kind `{kind}` of `{group}/{version}`, which is installed in {} alone",
            others.join(", ")
        ),
    };
    let help = match is_gone {
        true => {
            "take a version of the chart that is for this Kubernetes, or set its values so that it has no such objects"
                .to_owned()
        }
        false => help(),
    };
    world.found(used, &format!("{kind}.{group}"), message, help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_known_by_its_plural() {
        for (crd, group, kind, expected) in [
            ("certificates.cert-manager.io", "cert-manager.io", "Certificate", true),
            ("policies.kyverno.io", "kyverno.io", "Policy", true),
            ("gateways.networking.istio.io", "networking.istio.io", "Gateway", true),
            ("gateways.networking.istio.io", "gateway.networking.k8s.io", "Gateway", false),
            ("certificates.cert-manager.io", "cert-manager.io", "Issuer", false),
        ] {
            assert_eq!(defines(crd, group, kind), expected, "{crd} {kind}");
        }
    }
}
