//! Charts that render another text each time: of two renderings what is the same is told as it is; what only one of them has, by
//! what does not change in it, so that the same chart gives the same.

use std::collections::BTreeSet;

use crate::discovery::{At, Confidence, Failure, Found, Sighting, Trouble};

/// What stands for a name or a way that is another one each time.
const VARYING: &str = "*";

/// What was found in two renderings of the same.
pub(super) fn settled(found: Found, again: Found) -> Found {
    let Found { sightings, tests, mut pulled, given, mut deployed, mut inventory, mut failures } = found;
    let others = again.inventory;
    steady(&mut pulled, again.pulled);
    steady(&mut deployed, again.deployed);
    steady(&mut inventory.definitions, others.definitions);
    steady(&mut inventory.kinds, others.kinds);
    steady(&mut inventory.storage_classes, others.storage_classes);
    steady(&mut inventory.wanted_storage, others.wanted_storage);
    steady(&mut inventory.ingress_classes, others.ingress_classes);
    steady(&mut inventory.wanted_ingress, others.wanted_ingress);
    steady(&mut inventory.api_services, others.api_services);
    steady(&mut inventory.repositories, others.repositories);
    steady(&mut inventory.downloads, others.downloads);
    // What fails in both may say so with a name that is another one each time.
    if failures.is_empty() {
        failures.extend(again.failures);
    }
    let (_, also_varying) = same(again.sightings.clone(), &sightings);
    let (sightings, varying) = same(sightings, &again.sightings);
    let varying = varying.into_iter().chain(also_varying);
    failures.extend(varying.filter(|sighting| sighting.confidence > Confidence::Possible).map(varies));
    // Nobody needs tests.
    let (tests, _) = same(tests, &again.tests);
    Found { sightings, tests, pulled, given, deployed, inventory, failures }
}

/// The sightings that are there again, without what is not the same in them; and those that are not.
fn same(sightings: Vec<Sighting>, again: &[Sighting]) -> (Vec<Sighting>, Vec<Sighting>) {
    let known: BTreeSet<Sighting> = again.iter().flat_map(masks).collect();
    let (mut kept, mut varying) = (Vec::new(), Vec::new());
    for sighting in sightings {
        match masks(&sighting).into_iter().find(|masked| known.contains(masked)) {
            Some(masked) => kept.push(masked),
            None => varying.push(sighting),
        }
    }
    (kept, varying)
}

/// A sighting as it is, without the name of its object, and without the way to it.
fn masks(sighting: &Sighting) -> [Sighting; 3] {
    let whole = sighting.clone();
    let mut nameless = sighting.clone();
    nameless.object.iter_mut().for_each(|object| VARYING.clone_into(&mut object.name));
    let wayless = Sighting { path: VARYING.to_owned(), ..nameless.clone() };
    [whole, nameless, wayless]
}

/// Takes the names of objects out that are other ones each time, and adds what only the other rendering has.
fn steady<T: PartialEq + Clone>(list: &mut Vec<At<T>>, again: Vec<At<T>>) {
    let nameless = |at: &At<T>| {
        let mut at = at.clone();
        VARYING.clone_into(&mut at.object.name);
        at
    };
    let others: Vec<At<T>> = again.iter().map(nameless).collect();
    for at in list.iter_mut().filter(|at| !again.contains(at)) {
        let without = nameless(at);
        if others.contains(&without) {
            *at = without;
        }
    }
    let known: Vec<At<T>> = list.iter().map(nameless).collect();
    let is_new = |at: &At<T>| !known.contains(&nameless(at));
    list.extend(again.into_iter().filter(is_new));
}

fn varies(sighting: Sighting) -> Failure {
    let object = sighting.object.map(|object| object.kind).unwrap_or_default();
    let trouble = Trouble::Varies { object, path: sighting.path };
    Failure { component: sighting.component, origin: sighting.origin, variant: sighting.variant, trouble }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::{Origin, Place};

    fn found(containers: &[&str]) -> Found {
        let component = "shop".parse().unwrap();
        let origin = Origin::Manifest { file: "a.yaml".to_owned() };
        let mut found = Found::default();
        let place = Place { component: &component, origin, variant: None, placeholders: &[], images: &[] };
        let containers: String = containers.iter().map(|image| format!("    - {{image: '{image}'}}\n")).collect();
        found.stream(&format!("kind: Pod\napiVersion: v1\nspec:\n  containers:\n{containers}"), &place);
        found
    }

    fn settled_of(one: &[&str], other: &[&str]) -> (Vec<String>, usize) {
        let Found { sightings, failures, .. } = settled(found(one), found(other));
        (sightings.into_iter().map(|seen| seen.written).collect(), failures.len())
    }

    #[test]
    fn an_image_that_only_one_of_both_has_is_told_whichever_it_is() {
        assert_eq!(settled_of(&["a/b:1"], &["a/b:1"]), (vec!["a/b:1".to_owned()], 0));
        assert_eq!(settled_of(&["a/b:1", "a/c:1"], &["a/b:1"]), (vec!["a/b:1".to_owned()], 1));
        assert_eq!(settled_of(&["a/b:1"], &["a/b:1", "a/c:1"]), (vec!["a/b:1".to_owned()], 1));
        // The same is said of both, and told once in the end.
        assert_eq!(settled_of(&["a/b:1"], &["a/b:2"]), (vec![], 2));
    }
}
