//! Platforms that images are wanted for and that upstream does not make them for.

use manifests::Platform;
use manifests::evidence::{FindingId, Severity};

use super::line;
use crate::closed::{Check, Found, World};
use crate::resolve::stack::ResolvedImage;

pub(super) const CHECK: Check = Check {
    id: FindingId::ImagePlatformUnavailable,
    severity: Severity::Error,
    why: "a pod that lands on a node of that platform does not start",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    world.lacking.iter().map(|(image, platform)| found(world, image, platform)).collect()
}

fn found(world: &World<'_>, image: &ResolvedImage, platform: &Platform) -> Found {
    let there =
        image.platforms.iter().filter(|other| !world.lacking.iter().any(|(of, lacks)| *of == image && lacks == *other));
    let there: Vec<String> = there.map(Platform::to_string).collect();
    let reference = world.fates.references.iter().find(|reference| reference.image == image.reference);
    Found {
        object: format!("{} {platform}", image.reference),
        message: format!(
            "`{}` is not made for {platform}; of what is wanted it is made for {}",
            image.reference,
            there.join(", ")
        ),
        component: Some(image.component.clone()).filter(|_| image.others.is_empty()),
        location: Some(image.location.clone()),
        seen: reference.into_iter().flat_map(|reference| &reference.sightings).map(line).collect(),
        help: format!(
            "take a tag or another image that is made for it; leave `{platform}` out of the `platforms` of the component or the \
             image; or waive it with the reason why no such node runs it: then it is carried for the others"
        ),
    }
}
