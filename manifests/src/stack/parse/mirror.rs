//! A repository that is carried whole.

use crate::component::values;
use crate::stack::Mirror;
use crate::yaml::{Fields, Node, Sink};

pub(super) fn mirror(node: &Node, sink: &Sink) -> Option<Mirror> {
    let mut fields = Fields::of(node, "a mirror", sink)?;
    let name = fields.required("name", "give it a name, by which the site serves it, such as `name: debian`");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| node.parse(sink));
    let repository = values::mirrored_repository(fields, sink);
    Some(Mirror { name: name?, repository: repository?, location })
}
