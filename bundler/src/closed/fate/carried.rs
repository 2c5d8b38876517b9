//! The images that are carried, and for which platforms: those of all components that use them.

use manifests::component::ImageSource;
use manifests::evidence::{Confidence, Fate, Purpose, Sighting};
use manifests::lock::{LockedDiscovery, LockedReference};
use manifests::yaml::Location;
use manifests::{BundleName, Platform};

use crate::closed::world::{place, place_of_list, platforms};
use crate::resolve::stack::{ResolvedImage, ResolvedStack};

/// Whether a sighting is of something that needs the image, whatever people decide.
fn needs(seen: &Sighting) -> bool {
    seen.is_of_list() || seen.purpose == Purpose::Run && seen.confidence == Confidence::Certain
}

/// A listed image, also for the platforms of the components that use it and do not list it.
pub(super) fn widened(image: &ResolvedImage, stack: &ResolvedStack, seen: &LockedDiscovery) -> ResolvedImage {
    let mut image = image.clone();
    let lists_it = |name: &BundleName| *name == image.component || image.others.contains(name);
    let reference = seen.references.iter().find(|reference| reference.image == image.reference);
    let users = reference.into_iter().flat_map(|reference| &reference.seen).filter(|seen| needs(seen));
    let others = users.filter(|seen| !lists_it(&seen.component));
    let more: Vec<Platform> = others.flat_map(|seen| platforms(stack, &seen.component)).cloned().collect();
    image.platforms = sorted(image.platforms.into_iter().chain(more).collect());
    image
}

fn sorted(mut platforms: Vec<Platform>) -> Vec<Platform> {
    platforms.sort();
    platforms.dedup();
    platforms
}

/// An image that no component lists itself, as the component that refers to it first would have listed it.
pub(super) fn found_image(
    stack: &ResolvedStack,
    seen: &LockedDiscovery,
    reference: &LockedReference,
    fate: Fate,
) -> ResolvedImage {
    let is_user = |seen: &&Sighting| if fate == Fate::Decided { seen.purpose == Purpose::Run } else { needs(seen) };
    let users: Vec<&Sighting> = reference.seen.iter().filter(is_user).collect();
    let carried = users.iter().flat_map(|seen| platforms(stack, &seen.component)).cloned().collect();
    // There is one: what nobody uses is not carried.
    let first = users.first();
    ResolvedImage {
        reference: reference.image.clone(),
        platforms: sorted(carried),
        attachments: true,
        source: ImageSource::Registry,
        found: true,
        component: first.map_or_else(|| stack.name.clone(), |user| user.component.clone()),
        others: Vec::new(),
        location: first.and_then(|user| asked(stack, seen, user)).unwrap_or_else(|| stack.location.clone()),
    }
}

/// Where what a sighting stands in is asked for.
fn asked(stack: &ResolvedStack, seen: &LockedDiscovery, user: &Sighting) -> Option<Location> {
    let is_its_list = |name: &str| user.is_of_list() && user.file.as_deref() == Some(name);
    let list = seen.lists.iter().find(|list| list.component == user.component && is_its_list(&list.list));
    let list = list.and_then(|list| place_of_list(stack, list)).cloned();
    list.or_else(|| place(stack, &user.component, user.chart.as_deref()))
}
