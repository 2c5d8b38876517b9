//! Platforms that nodes have and that images are not carried for.

use std::collections::BTreeMap;

use manifests::evidence::{FindingId, Severity};
use manifests::{BundleName, Platform};

use crate::closed::{Check, Found, World};
use crate::resolve::stack::ResolvedImage;

pub(super) const CHECK: Check = Check {
    id: FindingId::ImagePlatformMissing,
    severity: Severity::Error,
    why: "a pod that lands on such a node does not start",
    look,
};

/// How many images are named of one component.
const NAMED: usize = 3;

fn look(world: &World<'_>) -> Vec<Found> {
    let mut lacking: BTreeMap<(&BundleName, Platform), Vec<&ResolvedImage>> = BTreeMap::new();
    for platform in node_platforms(world) {
        for image in world.fates.carried() {
            if !image.platforms.iter().any(|carried| platform.accepts(carried) || carried.accepts(&platform)) {
                lacking.entry((&image.component, platform.clone())).or_default().push(image);
            }
        }
    }
    lacking.into_iter().map(|((component, platform), images)| found(component, &platform, &images)).collect()
}

/// The platforms of the nodes of all systems.
fn node_platforms(world: &World<'_>) -> Vec<Platform> {
    let mut platforms: Vec<Platform> = Vec::new();
    for architecture in world.stack.systems.iter().flat_map(|system| &system.architectures) {
        let go = match architecture.as_str() {
            "armhf" => "arm/v7",
            "armel" => "arm/v6",
            "i386" => "386",
            "ppc64el" => "ppc64le",
            "mips64el" => "mips64le",
            "mipsel" => "mipsle",
            other => other,
        };
        platforms.extend(format!("linux/{go}").parse().ok().filter(|platform| !platforms.contains(platform)));
    }
    platforms
}

fn found(component: &BundleName, platform: &Platform, images: &[&ResolvedImage]) -> Found {
    let count = images.len();
    let what = if count == 1 { "an image is".to_owned() } else { format!("{count} images are") };
    let mut seen: Vec<String> = images.iter().take(NAMED).map(|image| image.reference.to_string()).collect();
    if count > NAMED {
        seen.push(format!("{} more images", count - NAMED));
    }
    Found {
        object: format!("{component} {platform}"),
        message: format!("there are nodes of {platform}, and {what} not carried for it"),
        component: Some(component.clone()),
        location: images.first().map(|image| image.location.clone()),
        seen,
        help: format!("add `{platform}` to the `platforms` of the stack, the component or the image"),
    }
}
