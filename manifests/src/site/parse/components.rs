//! Values of components.

use std::collections::BTreeMap;

use super::secret;
use crate::BundleName;
use crate::site::{ComponentValues, SecretSource};
use crate::values::{self, refuse_secrets};
use crate::yaml::{Fields, Key, Node as Tree, Problem, Sink, Value};

/// What secrets among values are told.
const SECRETS_HELP: &str = "name it under the component's `secrets:` instead, as `path.of.the.value: {file: ./secret}`; \
                            and change it, if this file was shared";

/// The field `components`.
pub(super) fn components(fields: &mut Fields<'_>, sink: &Sink) -> BTreeMap<BundleName, ComponentValues> {
    let entries = fields.entries("components", "a mapping of components to their values");
    entries.into_iter().filter_map(|(key, tree)| Some((name(key, sink)?, component(key, tree, sink)?))).collect()
}

fn name(key: &Key, sink: &Sink) -> Option<BundleName> {
    match key.text.parse() {
        Ok(name) => Some(name),
        Err(error) => {
            let error: crate::document::NameError = error;
            let problem = Problem::new(&key.location, error.to_string(), "this component");
            sink.add(problem.with_help("write the component's name as its own file has it"));
            None
        }
    }
}

fn component(key: &Key, tree: &Tree, sink: &Sink) -> Option<ComponentValues> {
    let mut fields = Fields::of(tree, "what a site says to a component", sink)?;
    let variant = fields.get("variant").map(|node| node.parse(sink));
    let values = fields.get("values");
    let secrets: Vec<(&Key, &Tree)> = fields.entries("secrets", "a mapping of values' paths to the secrets' sources");
    fields.finish();
    let plain = match values {
        Some(tree) => {
            refuse_secrets(tree, SECRETS_HELP, sink);
            match tree.value {
                Value::Map(_) => tree.plain(sink),
                _ => tree.expected("the values (a mapping)", sink),
            }
        }
        None => Some(serde_json::Value::Object(serde_json::Map::new())),
    };
    if let Some(values) = values {
        secrets.iter().for_each(|(path, _)| refuse_both(path, values, sink));
    }
    let read = |(key, tree): (&Key, &Tree)| Some((path(key, sink)?, secret::secret(tree, sink)?));
    let secrets: BTreeMap<String, SecretSource> = secrets.into_iter().filter_map(read).collect();
    let serde_json::Value::Object(values) = plain? else { return None };
    let variant = variant.map_or(Some(None), |read| read.map(Some))?;
    Some(ComponentValues { variant, values, secrets, location: key.location.clone() })
}

/// The path of a value: names with dots between them.
fn path(key: &Key, sink: &Sink) -> Option<String> {
    if values::is_path(&key.text) {
        return Some(key.text.clone());
    }
    sink.add(Problem::new(&key.location, values::NO_PATH, "this path").with_help(values::PATH_HELP));
    None
}

/// A value is a secret or it is not.
fn refuse_both(path: &Key, values: &Tree, sink: &Sink) {
    let mut tree = values;
    let mut place = None;
    for name in path.text.split('.') {
        let Value::Map(entries) = &tree.value else {
            // What is above the secret is no mapping.
            break;
        };
        let Some((key, value)) = entries.iter().find(|(key, _)| key.text == name) else { return };
        (tree, place) = (value, Some(&key.location));
    }
    if let Some(place) = place {
        let problem = Problem::new(&path.location, format!("`{}` is among the values too", path.text), "the secret");
        sink.add(problem.with_other(place, "the value").with_help("keep the secret, and remove the value"));
    }
}
