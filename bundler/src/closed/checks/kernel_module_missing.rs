//! Modules of the kernel that components want.

use manifests::evidence::{FindingId, Severity};

use super::{provided, wanted};
use crate::closed::{Check, Found, World};

pub(super) const CHECK: Check = Check {
    id: FindingId::KernelModuleMissing,
    severity: Severity::Error,
    why: "what needs it fails on the nodes, some time after it was installed",
    look,
};

fn look(world: &World<'_>) -> Vec<Found> {
    let there = provided(world, |offers| &offers.kernel_modules);
    let wanted = wanted(world, |offers| &offers.kernel_modules).into_iter();
    let missing = wanted.filter(|(_, offer)| !there.contains(&&offer.name));
    missing
        .map(|(component, offer)| Found {
            object: offer.name.to_string(),
            message: format!("the component `{component}` wants the module `{}`, which nothing provides", offer.name),
            component: Some(component.clone()),
            location: Some(offer.location.clone()),
            seen: Vec::new(),
            help: "carry the package that has it and name it beside under `provides: kernelModules:`; if the nodes' kernel \
                   has it, say so in the stack"
                .to_owned(),
        })
        .collect()
}
