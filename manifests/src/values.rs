//! Values of charts: what a component says, under what the stack says, under what the site says.

mod secrets;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::yaml::{Node, Problem, Problems, Sink, SourceFile, Value as Tree, parse as parse_yaml};

pub(crate) use secrets::refuse_secrets;

/// Values of a chart, by their names.
pub type Values = Map<String, Value>;

/// How deep values may stand in each other.
pub const DEPTH: usize = 32;
/// The bytes of one release's values as JSON: 256 KiB. The object that a cluster's helm controller reads holds them
/// beside the chart, and etcd takes 1.5 MiB.
pub const SIZE: usize = 256 << 10;

/// What a text is told that should be the path of a value and is none.
pub(crate) const NO_PATH: &str = "this is not the path of a value";
/// And what helps.
pub(crate) const PATH_HELP: &str =
    "write the names on the way to the value with dots between them: `auth.adminPassword`";

/// Whether a text is the path of a value: names with dots between them.
pub(crate) fn is_path(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    text.len() <= 255 && text.split('.').all(|name| !name.is_empty() && name.bytes().all(good))
}

/// Puts one value at its path. What stands in the way and is no mapping is replaced.
pub fn set(values: &mut Values, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            values.insert(path.to_owned(), value);
        }
        Some((name, rest)) => {
            let below = values.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Value::Object(below) = below {
                set(below, rest, value);
            }
        }
    }
}

/// What secrets in the values of components and stacks are told.
const SECRETS_HELP: &str = "a bundle carries no secrets: leave it out here, and let the site name it under the \
                            component's `secrets:`; and change it, if this file was shared";

/// Puts values over others by Helm's rules (`helm install -f base -f over`): mappings are merged, all else is replaced. A
/// `null` takes the place of what stood there and stays in the result, where it removes what the chart itself has by
/// default.
pub fn merge(mut base: Values, over: &Values) -> Values {
    for (name, value) in over {
        let merged = match (base.remove(name), value) {
            (Some(Value::Object(under)), Value::Object(over)) => Value::Object(merge(under, over)),
            (_, value) => value.clone(),
        };
        base.insert(name.clone(), merged);
    }
    base
}

/// Values that no cluster would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// They stand too deep in each other.
    #[error("its values stand more than {DEPTH} levels deep in each other")]
    TooDeep,
    /// They are too large.
    #[error("its values have {0} bytes; at most {SIZE} are taken")]
    TooLarge(usize),
}

/// Checks the depth and size of values.
///
/// # Errors
/// [`ValuesError`] when they are beyond [`DEPTH`] or [`SIZE`].
pub fn check(values: &Values) -> Result<(), ValuesError> {
    if values.values().any(|value| !is_within(value, DEPTH - 1)) {
        return Err(ValuesError::TooDeep);
    }
    match serde_json::to_vec(values).map_or(usize::MAX, |bytes| bytes.len()) {
        size if size > SIZE => Err(ValuesError::TooLarge(size)),
        _ => Ok(()),
    }
}

fn is_within(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else { return !(value.is_object() || value.is_array()) };
    match value {
        Value::Array(items) => items.iter().all(|item| is_within(item, below)),
        Value::Object(entries) => entries.values().all(|entry| is_within(entry, below)),
        _ => true,
    }
}

/// Reads a file of values, as `valuesFile` names it.
///
/// # Errors
/// [`Problems`]: everything that is wrong with it, each at its place.
pub fn parse(file: &Arc<SourceFile>) -> Result<Values, Problems> {
    let sink = Sink::default();
    let values = match parse_yaml(file, &sink) {
        Ok(root) => mapping(&root, &sink),
        Err(problem) => {
            sink.add(*problem);
            None
        }
    };
    match values {
        Some(values) if sink.is_empty() => Ok(values),
        _ => Err(sink.into_problems(file)),
    }
}

/// Values in a component or stack.
pub(crate) fn mapping(tree: &Node, sink: &Sink) -> Option<Values> {
    let Tree::Map(_) = tree.value else {
        return tree.expected("the values (a mapping)", sink);
    };
    refuse_secrets(tree, SECRETS_HELP, sink);
    let Value::Object(values) = tree.plain(sink)? else { return None };
    match check(&values) {
        Ok(()) => Some(values),
        Err(error) => {
            let problem = Problem::new(tree.head(), error.to_string().replacen("its", "these", 1), "these values");
            sink.add(problem.with_help("a chart that needs so much should read it from a ConfigMap of its own"));
            None
        }
    }
}

#[cfg(test)]
mod tests;
