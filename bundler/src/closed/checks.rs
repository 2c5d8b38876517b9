//! The checks, each in a file of its own.

mod chart_at_run_time;
mod chart_unread;
mod chart_unrendered;
mod class_missing;
mod class_twice;
mod classes;
mod combinations_unrendered;
mod crd_missing;
mod decision_conflicting;
mod decision_overruled;
mod decision_unused;
mod download_at_run_time;
mod git_missing;
mod git_unread;
mod image_floating;
mod image_missing;
mod image_platform_missing;
mod image_platform_unavailable;
mod image_undecided;
mod image_unused;
mod kernel_module_missing;
mod package_missing;
mod provider_late;

use manifests::BundleName;
use manifests::component::{Offer, Offers};
use manifests::evidence::{Reference, Sighting};

use super::{Check, World};

/// All of them. Their order does not matter: findings are sorted.
pub(super) const ALL: [Check; 27] = [
    image_undecided::CHECK,
    image_missing::CHECK,
    image_platform_missing::CHECK,
    image_platform_unavailable::CHECK,
    image_floating::CHECK,
    image_unused::CHECK,
    crd_missing::CHECK,
    provider_late::CHECK,
    chart_unrendered::KUBERNETES,
    chart_unrendered::CHECK,
    chart_unrendered::LIST,
    chart_unread::CHECK,
    chart_at_run_time::CHECK,
    git_missing::CHECK,
    git_unread::CHECK,
    git_unread::LEFT_OUT,
    download_at_run_time::CHECK,
    combinations_unrendered::CHECK,
    class_missing::OF_STORAGE,
    class_missing::OF_INGRESSES,
    class_twice::OF_STORAGE,
    class_twice::OF_INGRESSES,
    kernel_module_missing::CHECK,
    package_missing::CHECK,
    decision_conflicting::CHECK,
    decision_overruled::CHECK,
    decision_unused::CHECK,
];

/// A sighting in a line: `Deployment shop/web in shop/templates/web.yaml, spec.…`.
pub(super) fn line(seen: &Sighting) -> String {
    let object = seen.object.iter().map(ToString::to_string);
    let file = seen.file.iter().cloned();
    let mut line = object.chain(file).collect::<Vec<_>>().join(" in ");
    line.push_str(&format!(", {}", seen.path));
    if let Some(variant) = &seen.variant {
        line.push_str(&format!(" (with {variant})"));
    }
    line
}

/// The component that a reference is about; none where several refer to it.
fn only_component(reference: &Reference) -> Option<BundleName> {
    let mut components = reference.sightings.iter().map(|seen| &seen.component);
    let first = components.next()?;
    components.all(|other| other == first).then(|| first.clone())
}

/// What all components provide, and the stack for its site.
fn provided<'a, N>(world: &World<'a>, list: fn(&Offers) -> &Vec<Offer<N>>) -> Vec<&'a N> {
    world.stack.offers.iter().flat_map(|own| list(&own.provides)).map(|offer| &offer.name).collect()
}

/// What components want, with the component.
fn wanted<'a, N>(world: &World<'a>, list: fn(&Offers) -> &Vec<Offer<N>>) -> Vec<(&'a BundleName, &'a Offer<N>)> {
    let offers = world.stack.offers.iter();
    offers.flat_map(|own| list(&own.wants).iter().map(|offer| (&own.component, offer))).collect()
}
