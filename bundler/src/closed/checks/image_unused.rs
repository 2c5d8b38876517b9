//! Images that are listed beside charts and that nothing refers to.

use manifests::evidence::{FindingId, Severity};
use manifests::{BundleName, ImageReference};

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::ImageUnused,
    severity: Severity::Note,
    why: "an operator may pull it by itself; if none does, it is carried for nothing",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let rendered = |component: &BundleName| world.seen.rendered.iter().any(|rendered| rendered.component == *component);
    let references = &world.fates.references;
    let is_seen =
        |image: &ImageReference| references.iter().any(|known| known.image == *image && !known.sightings.is_empty());
    let listed = world.stack.images.iter().filter(|image| rendered(&image.component));
    let unused = listed.filter(|image| !is_seen(&image.reference));
    unused
        .map(|image| Found {
            object: image.reference.to_string(),
            message: format!("`{}` is listed, and nothing that is rendered refers to it", image.reference),
            component: Some(image.component.clone()),
            location: Some(image.location.clone()),
            seen: Vec::new(),
            help: "remove it, if nothing pulls it".to_owned(),
        })
        .collect()
}
