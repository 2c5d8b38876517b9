//! What a component needs as soon as it goes in, and what one behind it installs. Components go in one after the other, each when
//! the one before it is ready.

use std::collections::{BTreeMap, HashMap};

use manifests::BundleName;
use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedThing, LockedUse, ThingKind};
use manifests::yaml::Location;

use super::classes::{DEFAULT, STORAGE};
use super::wanted;
use crate::closed::world::spot;
use crate::closed::{Check, Found, World};
use crate::resolve::stack::ResolvedPlatform;

pub(super) const CHECK: Check = Check {
    id: FindingId::ProviderLate,
    severity: Severity::Error,
    why: "the cluster refuses such objects or keeps them waiting, and what would help comes only when they are ready",
    look,
};

/// Something that a component needs.
struct Need<'w> {
    component: &'w BundleName,
    kind: ThingKind,
    /// None for the class that is the default one.
    name: Option<&'w str>,
    location: Option<Location>,
    /// The object that relies on it; none where the component says so itself.
    seen: Option<String>,
}

fn look(world: &World<'_>) -> Vec<Found> {
    let Some(platform) = &world.stack.platform else { return Vec::new() };
    let places = places(platform);
    let mut found: BTreeMap<(&BundleName, String), Found> = BTreeMap::new();
    for need in needs(world) {
        let Some(provider) = late(world, &places, &need) else { continue };
        let known = found.entry((need.component, object(&need))).or_insert_with(|| too_late(&need, provider));
        known.seen.extend(need.seen);
    }
    found.into_values().collect()
}

/// When each component goes in: those with a release that nodes need go in before all others.
fn places(platform: &ResolvedPlatform) -> HashMap<&BundleName, (bool, usize)> {
    let components = platform.components.iter().enumerate().map(|(place, (component, releases))| {
        let is_first = releases.iter().any(|release| release.settings.bootstrap);
        (&component.name, (!is_first, place))
    });
    components.collect()
}

fn needs<'w>(world: &World<'w>) -> Vec<Need<'w>> {
    let uses = world.seen.uses.iter().filter(|used| matches!(used.kind, ThingKind::Api | ThingKind::StorageClass));
    let uses = uses.filter(|used| !is_of_repository(world, used)).map(|used| Need {
        component: &used.component,
        kind: used.kind,
        name: used.name.as_deref(),
        location: world.place(&used.component, used.chart.as_deref()),
        seen: Some(spot(used)),
    });
    let said = |component, kind, name, location: &Location| Need {
        component,
        kind,
        name: Some(name),
        location: Some(location.clone()),
        seen: None,
    };
    let classes = wanted(world, STORAGE.list).into_iter();
    let classes = classes.map(|(component, class)| said(component, STORAGE.kind, class.name.as_str(), &class.location));
    let crds = wanted(world, |offers| &offers.crds).into_iter();
    let crds = crds.map(|(component, crd)| said(component, ThingKind::Crd, crd.name.as_str(), &crd.location));
    uses.chain(classes).chain(crds).collect()
}

/// Whether a controller applies it out of a git repository: it tries again until it can.
fn is_of_repository(world: &World<'_>, used: &LockedUse) -> bool {
    let mut own = world.stack.git.iter().filter(|git| used.chart.is_none() && git.component == used.component);
    own.any(|git| used.file.strip_prefix(git.wanted.name.as_str()).is_some_and(|rest| rest.starts_with('@')))
}

/// Who provides what is needed, if all who do go in behind the component that needs it.
fn late<'w>(
    world: &World<'w>,
    places: &HashMap<&BundleName, (bool, usize)>,
    need: &Need<'_>,
) -> Option<&'w BundleName> {
    let own = places.get(need.component)?;
    if need.kind == STORAGE.kind && STORAGE.is_there_already(world, need.name) {
        return None;
    }
    let installed = world.seen.installs.iter().filter(|thing| provides(thing, need));
    let providers: Vec<_> = installed.map(|thing| (places.get(&thing.component), &thing.component)).collect();
    if providers.iter().any(|(place, _)| place.is_none_or(|place| place <= own)) {
        return None;
    }
    providers.into_iter().min().map(|(_, provider)| provider)
}

fn provides(thing: &LockedThing, need: &Need<'_>) -> bool {
    let Some(name) = need.name else { return thing.kind == need.kind && thing.default };
    // A service of the cluster that serves a version of a group serves all kinds of it.
    let serves_all = || {
        let group = thing.name.strip_suffix('*');
        group.is_some_and(|group| name.strip_prefix(group).is_some_and(|kind| !kind.contains('/')))
    };
    thing.kind == need.kind && (thing.name == name || serves_all())
}

/// What a waiver names: `Certificate.cert-manager.io`, the definition's name, or the class.
fn object(need: &Need<'_>) -> String {
    let name = need.name.unwrap_or(DEFAULT);
    match (need.kind, name.split('/').collect::<Vec<_>>().as_slice()) {
        (ThingKind::Api, [group, _, kind]) => format!("{kind}.{group}"),
        _ => name.to_owned(),
    }
}

fn too_late(need: &Need<'_>, provider: &BundleName) -> Found {
    let (component, object) = (need.component, object(need));
    let what = if need.kind == STORAGE.kind { "the storage class" } else { "the definition of" };
    Found {
        message: format!(
            "`{component}` needs {what} `{object}`, which `{provider}` installs, and `{provider}` goes in later"
        ),
        object,
        component: Some(component.clone()),
        location: need.location.clone(),
        seen: Vec::new(),
        help: format!(
            "let `{component}` say `needs: [{provider}]`, or name `{provider}` in front of it in the stack; where the chart \
             leaves such objects out until they can be had, waive this"
        ),
    }
}
