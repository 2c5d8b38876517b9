//! What the nodes run.

use std::collections::HashMap;

use crate::Platform;
use crate::component::values;
use crate::stack::system::{Base, System, architectures};
use crate::yaml::{Fields, Location, Node, Problem, Sink};

/// A system. `platforms` are those of the stack.
pub(super) fn system(node: &Node, platforms: &[Platform], sink: &Sink) -> Option<System> {
    let mut fields = Fields::of(node, "a system", sink)?;
    let name = fields.required("series", "write the codename of the release, such as `series: bookworm`");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let series = name.and_then(|node| values::series(node, sink));
    let mut own = fields.list("architectures", values::architecture);
    let foreign = fields.list("foreign", values::architecture);
    let base = fields.list("base", |node, sink| Some((base(node, sink)?, node.location.clone())));
    let kernels = fields.list("kernels", kernel);
    let repositories = fields.list("repositories", values::system_repository);
    let said = fields.key("architectures").is_some();
    fields.finish();
    if !said {
        own = architectures(platforms);
        if own.is_empty() {
            let problem = Problem::new(&location, "none of the stack's platforms runs packages", "which architecture?");
            sink.add(problem.with_help("add `architectures:`, such as `architectures: [amd64]`"));
        }
    }
    if let Some(both) = foreign.iter().find(|foreign| own.contains(foreign)) {
        let problem = Problem::new(&location, format!("`{both}` is foreign and the nodes' own"), "this system");
        sink.add(problem.with_help("`foreign` names what nodes run beside their own architecture"));
    }
    let base = distinct(base, sink);
    Some(System { series: series?, architectures: own, foreign, base, kernels, repositories, location })
}

fn base(node: &Node, sink: &Sink) -> Option<Base> {
    match node.text(sink)? {
        Base::ESSENTIAL => Some(Base::Essential),
        _ => values::local_path(node, sink).map(Base::File),
    }
}

/// Profiles are told apart by their names: in messages, and in the bundle.
fn distinct(base: Vec<(Base, Location)>, sink: &Sink) -> Vec<Base> {
    let mut seen: HashMap<String, &Location> = HashMap::new();
    let named = base.iter().flat_map(|(base, location)| base.names().into_iter().map(move |name| (name, location)));
    for (name, location) in named {
        let message = format!("two profiles are called `{name}`");
        if let Some(first) = seen.insert(name, location) {
            let problem = Problem::new(location, message, "the second");
            sink.add(problem.with_other(first, "the first").with_help("rename one of the files"));
        }
    }
    if base.is_empty() { vec![Base::Essential] } else { base.into_iter().map(|(base, _)| base).collect() }
}

/// What `uname -r` prints.
fn kernel(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-');
    if text.len() <= 100 && text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(letter) {
        return Some(text.to_owned());
    }
    let problem = Problem::new(&node.location, format!("`{text}` is not the version of a kernel"), "this kernel");
    sink.add(problem.with_help("write what `uname -r` prints on such a node, such as `6.1.0-28-amd64`"));
    None
}
