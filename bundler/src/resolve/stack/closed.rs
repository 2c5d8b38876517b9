//! What it takes to know what a stack's content refers to, and what people say of it.

use manifests::component::{Decision, Offers, Waiver, WantedImageList, WantedRelease};
use manifests::kubernetes::NamespaceName;
use manifests::yaml::Location;
use manifests::{BundleName, ImageReference};

/// A chart as it is rendered to find what it refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedRendering {
    /// The component that asks for it.
    pub component: BundleName,
    /// The place of the chart among those of the stack.
    pub chart: usize,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// How it is installed; none for a chart that is only carried.
    pub release: Option<WantedRelease>,
    /// For one that is only carried: the release as which it is rendered.
    pub carried_as: Option<WantedRelease>,
    /// Why it is not looked through; none where it is.
    pub without: Option<String>,
    /// Where it is asked for.
    pub location: Location,
}

impl ResolvedRendering {
    /// What it is rendered with.
    pub fn rendered_as(&self) -> Option<&WantedRelease> {
        self.release.as_ref().or(self.carried_as.as_ref())
    }
}

/// A file of Kubernetes' objects.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedManifest {
    /// The component that applies it.
    pub component: BundleName,
    /// Its path in the component's set of files.
    pub path: String,
}

/// A list of images, of which all that are chosen are carried.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedImageList {
    /// The component that asks for it.
    pub component: BundleName,
    /// Where it comes from, and what of it is taken.
    pub list: WantedImageList,
}

/// An image that a stack takes out of a component.
#[derive(Debug, Clone, PartialEq)]
pub struct RemovedImage {
    /// The component.
    pub component: BundleName,
    /// The image.
    pub reference: ImageReference,
    /// Where this is said.
    pub location: Location,
}

/// What one component brings and wants; the stack speaks for its site and its nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnOffers {
    /// The component.
    pub component: BundleName,
    /// What it brings.
    pub provides: Offers,
    /// What it wants.
    pub wants: Offers,
}

/// A decision, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnDecision {
    /// The component that brings it along; none for one of the stack.
    pub owner: Option<BundleName>,
    /// What it says. One of a component speaks of that component alone.
    pub decision: Decision,
}

/// A waiver, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnWaiver {
    /// The component that brings it along, which is the only one that it speaks of; none for one of the stack.
    pub owner: Option<BundleName>,
    /// What it says.
    pub waiver: Waiver,
}

/// What a component says of what it refers to.
pub(super) struct Said {
    pub(super) provides: Offers,
    pub(super) wants: Offers,
    pub(super) decisions: Vec<Decision>,
    pub(super) waivers: Vec<Waiver>,
}

impl Said {
    /// Takes what a component says, as its own.
    pub(super) fn join(self, component: &BundleName, own: &mut Own) {
        let Self { provides, wants, decisions, waivers } = self;
        if !(provides.is_empty() && wants.is_empty()) {
            own.offers.push(OwnOffers { component: component.clone(), provides, wants });
        }
        let owner = Some(component.clone());
        own.decisions.extend(decisions.into_iter().map(|decision| {
            let decision = Decision { component: owner.clone(), ..decision };
            OwnDecision { owner: owner.clone(), decision }
        }));
        own.waivers.extend(waivers.into_iter().map(|waiver| OwnWaiver { owner: owner.clone(), waiver }));
    }
}

/// What is said in all files of a stack.
#[derive(Default)]
pub(super) struct Own {
    pub(super) offers: Vec<OwnOffers>,
    pub(super) decisions: Vec<OwnDecision>,
    pub(super) waivers: Vec<OwnWaiver>,
}
