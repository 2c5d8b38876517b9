//! Charts that render another text each time: what is the same in two renderings is told, and nothing else, so that the same
//! chart gives the same.

use std::collections::BTreeSet;

use crate::discovery::{At, Confidence, Failure, Found, Sighting, Trouble};

/// What stands for a name or a way that is another one each time.
const VARYING: &str = "*";

/// What was found, as far as another rendering of the same gives it too.
pub(super) fn settled(found: Found, again: &Found) -> Found {
    let Found { sightings, tests, mut pulled, mut inventory, mut failures } = found;
    let others = &again.inventory;
    steady(&mut pulled, &again.pulled);
    steady(&mut inventory.definitions, &others.definitions);
    steady(&mut inventory.kinds, &others.kinds);
    steady(&mut inventory.storage_classes, &others.storage_classes);
    steady(&mut inventory.wanted_storage, &others.wanted_storage);
    steady(&mut inventory.ingress_classes, &others.ingress_classes);
    steady(&mut inventory.wanted_ingress, &others.wanted_ingress);
    steady(&mut inventory.api_services, &others.api_services);
    steady(&mut inventory.repositories, &others.repositories);
    steady(&mut inventory.downloads, &others.downloads);
    let (sightings, varying) = same(sightings, &again.sightings);
    failures.extend(varying.into_iter().filter(|sighting| sighting.confidence > Confidence::Possible).map(varies));
    // Nobody needs tests.
    let (tests, _) = same(tests, &again.tests);
    Found { sightings, tests, pulled, inventory, failures }
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

/// Takes the names of objects out that are other ones each time.
fn steady<T: PartialEq + Clone>(list: &mut [At<T>], again: &[At<T>]) {
    for at in list.iter_mut().filter(|at| !again.contains(at)) {
        let mut nameless = at.clone();
        VARYING.clone_into(&mut nameless.object.name);
        let is_same = |other: &&At<T>| {
            let (mut other, name) = ((*other).clone(), nameless.object.name.clone());
            other.object.name = name;
            other == nameless
        };
        if again.iter().any(|other| is_same(&other)) {
            *at = nameless;
        }
    }
}

fn varies(sighting: Sighting) -> Failure {
    let object = sighting.object.map(|object| object.kind).unwrap_or_default();
    let trouble = Trouble::Varies { object, path: sighting.path };
    Failure { component: sighting.component, origin: sighting.origin, variant: sighting.variant, trouble }
}
