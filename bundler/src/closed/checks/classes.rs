//! The two kinds of classes that objects ask for: of storage, and of ingresses.

use manifests::component::{Offer, Offers};
use manifests::kubernetes::{DistributionName, ObjectName};
use manifests::lock::ThingKind;

use super::provided;
use crate::closed::World;

/// A kind of classes.
pub(super) struct Classes {
    pub(super) kind: ThingKind,
    pub(super) noun: &'static str,
    /// Where components and stacks list them, of what they provide and want.
    pub(super) field: &'static str,
    pub(super) list: fn(&Offers) -> &Vec<Offer<ObjectName>>,
    own: fn(DistributionName) -> Option<OwnClass>,
}

/// A class that a distribution brings. It is taken where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OwnClass {
    pub(super) name: &'static str,
    /// The part of the distribution that brings it, as `disable` names it.
    pub(super) part: &'static str,
}

/// How what is taken where no class is named is called in findings and waivers.
pub(super) const DEFAULT: &str = "(default)";

pub(super) const STORAGE: Classes = Classes {
    kind: ThingKind::StorageClass,
    noun: "storage class",
    field: "storageClasses",
    list: |offers| &offers.storage_classes,
    own: |distribution| match distribution {
        DistributionName::K3s => Some(OwnClass { name: "local-path", part: "local-storage" }),
        DistributionName::Rke2 => None,
    },
};

pub(super) const INGRESSES: Classes = Classes {
    kind: ThingKind::IngressClass,
    noun: "ingress class",
    field: "ingressClasses",
    list: |offers| &offers.ingress_classes,
    own: |distribution| match distribution {
        DistributionName::K3s => Some(OwnClass { name: "traefik", part: "traefik" }),
        DistributionName::Rke2 => Some(OwnClass { name: "nginx", part: "rke2-ingress-nginx" }),
    },
};

impl Classes {
    /// What the stack's distribution brings, unless the stack leaves it out.
    pub(super) fn of_distribution(&self, world: &World<'_>) -> Option<OwnClass> {
        let distribution = &world.stack.platform.as_ref()?.distribution;
        let own = (self.own)(distribution.name)?;
        (!distribution.disable.iter().any(|part| part.as_str() == own.part)).then_some(own)
    }

    /// Whether a class is there without anything that is installed: the distribution's own, or one that people say there is. Without a
    /// name, whether one of these may be the default.
    pub(super) fn is_there_already(&self, world: &World<'_>, name: Option<&str>) -> bool {
        let (own, said) = (self.of_distribution(world), provided(world, self.list));
        match name {
            None => own.is_some() || !said.is_empty(),
            Some(name) => own.is_some_and(|own| own.name == name) || said.iter().any(|class| class.as_str() == name),
        }
    }
}
