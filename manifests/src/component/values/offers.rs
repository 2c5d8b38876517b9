//! `provides:` and `wants:`.

use crate::component::offers::{Offer, Offers};
use crate::kubernetes::ObjectName;
use crate::yaml::{Fields, Node, Problem, Sink};

/// What is brought, or wanted. `what` is said of it in messages.
pub(crate) fn offers(fields: &mut Fields<'_>, name: &'static str, what: &'static str, sink: &Sink) -> Offers {
    let Some(mut fields) = fields.get(name).and_then(|node| Fields::of(node, what, sink)) else {
        return Offers::default();
    };
    let offers = Offers {
        storage_classes: fields.list("storageClasses", offer),
        ingress_classes: fields.list("ingressClasses", offer),
        crds: fields.list("crds", definition),
        kernel_modules: fields.list("kernelModules", offer),
        packages: fields.list("packages", offer),
    };
    fields.finish();
    offers
}

pub(super) fn offer<N>(node: &Node, sink: &Sink) -> Option<Offer<N>>
where
    N: std::str::FromStr,
    N::Err: std::fmt::Display,
{
    Some(Offer { name: node.parse(sink)?, location: node.location.clone() })
}

/// The name of a definition ends with its group.
fn definition(node: &Node, sink: &Sink) -> Option<Offer<ObjectName>> {
    let definition: Offer<ObjectName> = offer(node, sink)?;
    if crate::document::has_group(definition.name.as_str()) {
        return Some(definition);
    }
    let problem = Problem::new(&node.location, format!("`{}` has no group", definition.name), "this name");
    sink.add(problem.with_help("write it as kubectl shows it: `certificates.cert-manager.io`"));
    None
}
