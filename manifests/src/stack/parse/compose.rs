//! `extends`, `include`, `choose`, `choices` and `without`.

use std::collections::BTreeMap;

use super::component;
use crate::BundleName;
use crate::component::values;
use crate::stack::{ChosenComponent, LeftOut, OtherStack, StackChoice};
use crate::yaml::{Fields, Node, Problem, Sink};

/// Another stack, by its file.
pub(super) fn other_stack(node: &Node, sink: &Sink) -> Option<OtherStack> {
    Some(OtherStack { path: values::local_path(node, sink)?, location: node.location.clone() })
}

/// A set of components of which one is taken.
pub(super) fn choice(node: &Node, sink: &Sink) -> Option<StackChoice> {
    let mut fields = Fields::of(node, "a choice", sink)?;
    let name = fields.required("name", "name what is chosen, such as `name: postgres`");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| node.parse(sink));
    let one_of = fields.list("oneOf", component);
    fields.finish();
    if one_of.len() < 2 {
        let problem = Problem::new(&location, "one is chosen of two components at least", "not two");
        sink.add(
            problem.with_help(
                "list them as `oneOf: [cloudnative-pg, edb-postgres]`; the first is taken if nobody chooses",
            ),
        );
        return None;
    }
    Some(StackChoice { name: name?, one_of, location })
}

/// Which component is taken, by the names of the sets.
pub(super) fn choices(fields: &mut Fields<'_>, sink: &Sink) -> BTreeMap<BundleName, ChosenComponent> {
    let entries = fields.entries("choices", "a mapping of what is chosen to the component").into_iter();
    let read = entries.filter_map(|(key, node)| {
        let name = key.text.parse::<BundleName>();
        if let Err(error) = &name {
            sink.add(Problem::new(&key.location, error.to_string(), "this choice"));
        }
        Some((name.ok()?, ChosenComponent { name: node.parse(sink)?, location: node.location.clone() }))
    });
    read.collect()
}

/// A component that is left out.
pub(super) fn left_out(node: &Node, sink: &Sink) -> Option<LeftOut> {
    Some(LeftOut { name: node.parse(sink)?, location: node.location.clone() })
}
