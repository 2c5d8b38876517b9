//! Images that are asked for by a tag that moves.

use manifests::evidence::{FindingId, Severity};

use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::ImageFloating,
    severity: Severity::Warning,
    why: "each lock may bring another image, and nobody sees from its name what runs",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let images = world.stack.images.iter().chain(&world.fates.images);
    let floating = images.filter(|image| image.reference.digest().is_none() && image.reference.tag() == Some("latest"));
    floating
        .map(|image| Found {
            object: image.reference.to_string(),
            message: format!("`{}` has the tag `latest`, or none", image.reference),
            component: Some(image.component.clone()),
            location: Some(image.location.clone()),
            seen: Vec::new(),
            help: "name a version, in the list or in the values of the release".to_owned(),
        })
        .collect()
}
