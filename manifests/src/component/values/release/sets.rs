//! The sets of values that a chart is rendered with to find what it needs: variants, and what only the site knows.

use serde_json::Value;

use crate::component::{SiteValue, ValuesVariant};
use crate::values;
use crate::yaml::{Fields, Node, Problem, Sink, Value as Tree};

/// The most that a site value may be one of.
const MOST_CHOICES: usize = 16;

/// Values that a chart is installed with at some sites.
pub(super) fn variant(node: &Node, sink: &Sink) -> Option<ValuesVariant> {
    let mut fields = Fields::of(node, "a variant", sink)?;
    let name = fields.required("name", "give it a name, such as `name: high-availability`");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| node.parse(sink));
    let values = fields.required("values", "write what it says over the values of the release");
    let values = values.and_then(|node| values::mapping(node, sink));
    fields.finish();
    Some(ValuesVariant { name: name?, values: values?, location })
}

/// A value that only the site knows.
pub(super) fn site_value(node: &Node, sink: &Sink) -> Option<SiteValue> {
    let mut fields = Fields::of(node, "a site value", sink)?;
    let path = fields.required("path", "write the names on the way to it, such as `path: auth.host`");
    let location = path.map_or(node.head(), |path| &path.location).clone();
    let path = path.and_then(|node| value_path(node, sink));
    let (placeholder, one_of) = (fields.get("placeholder"), fields.get("oneOf"));
    if let (Some(placeholder), Some(one_of)) = (placeholder, one_of) {
        let message = "a site value has a placeholder or is one of some values, not both";
        let problem =
            Problem::new(placeholder.head(), message, "a placeholder").with_other(one_of.head(), "the values");
        sink.add(problem.with_help("keep one of them: the first of `oneOf` is the placeholder too"));
    }
    let placeholder = placeholder.map(|node| node.plain(sink));
    let one_of = one_of.map(|node| choices(node, sink));
    fields.finish();
    if placeholder == Some(None) || one_of == Some(None) {
        return None;
    }
    let one_of = one_of.flatten().unwrap_or_default();
    Some(SiteValue { path: path?, placeholder: placeholder.flatten(), one_of, location })
}

fn choices(node: &Node, sink: &Sink) -> Option<Vec<Value>> {
    let items = node.list("oneOf", sink)?;
    if items.len() < 2 || items.len() > MOST_CHOICES {
        let message = format!("a site value is one of 2 to {MOST_CHOICES} values, not of {}", items.len());
        let problem = Problem::new(node.head(), message, "these values");
        sink.add(problem.with_help("write a `placeholder` for one that may be anything"));
        return None;
    }
    let scalar = |item: &Node| match item.value {
        Tree::Scalar { .. } => item.plain(sink),
        _ => item.expected("text, a number or a truth value", sink),
    };
    // All are read before one that can't be ends it: their problems belong together.
    let values: Vec<_> = items.iter().map(scalar).collect();
    values.into_iter().collect()
}

fn value_path(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if values::is_path(text) {
        return Some(text.to_owned());
    }
    let problem = Problem::new(&node.location, values::NO_PATH, "this path");
    sink.add(problem.with_help(values::PATH_HELP));
    None
}
