//! What a chart's schema, or its default values, say of a value that only the site knows.

use serde_json::{Value, json};

use crate::discovery::archive::ChartFiles;
use crate::discovery::yaml::{Scalar, Tree};

/// How many references from place to place are followed.
const JUMPS: usize = 16;

/// What a value may be: all of an enumeration, both truth values, or one example of its type. Empty where nothing is said.
pub(super) fn choices(files: &ChartFiles, path: &str) -> Vec<Value> {
    let described = files.schema.as_ref().and_then(|schema| Some((schema, find(schema, path)?)));
    let told = described.map(|(root, schema)| of_schema(root, schema)).unwrap_or_default();
    if !told.is_empty() {
        return told;
    }
    // A value that is true or false by default is one that may be both.
    let default = files.own().and_then(|part| part.values.as_ref()?.at(&path.split('.').collect::<Vec<_>>()));
    match default {
        Some(Tree::Scalar(Scalar { text, plain: true })) => match text.as_str() {
            "true" => vec![json!(true), json!(false)],
            "false" => vec![json!(false), json!(true)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The schema of the value at a path.
fn find<'s>(root: &'s Value, path: &str) -> Option<&'s Value> {
    path.split('.').try_fold(resolved(root, root)?, |schema, name| resolved(root, schema.get("properties")?.get(name)?))
}

/// Follows `$ref`s within the file.
fn resolved<'s>(root: &'s Value, mut schema: &'s Value) -> Option<&'s Value> {
    for _ in 0..JUMPS {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { return Some(schema) };
        schema = root.pointer(target.strip_prefix('#')?)?;
    }
    None
}

fn of_schema(root: &Value, schema: &Value) -> Vec<Value> {
    if let Some(Value::Array(values)) = schema.get("enum") {
        return values.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(Value::Array(parts)) = schema.get(choice) {
            let parts = parts.iter().filter_map(|part| resolved(root, part));
            let constant = |part: &Value| part.get("const").cloned().map_or_else(|| of_type(part), |value| vec![value]);
            return parts.flat_map(constant).collect();
        }
    }
    of_type(schema)
}

fn of_type(schema: &Value) -> Vec<Value> {
    let types = match schema.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Vec::new(),
    };
    match types.iter().find(|name| **name != "null") {
        Some(&"boolean") => vec![json!(false), json!(true)],
        Some(&("integer" | "number")) => vec![schema.get("minimum").cloned().unwrap_or_else(|| json!(1))],
        Some(&"array") => vec![json!([])],
        Some(&"object") => vec![json!({})],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(schema: Value, path: &str) -> Vec<Value> {
        choices(&ChartFiles { schema: Some(schema), ..ChartFiles::default() }, path)
    }

    #[test]
    fn a_schema_tells_what_a_value_may_be() {
        let schema = json!({
            "$defs": {"mode": {"enum": ["single", "cluster"]}},
            "properties": {
                "mode": {"$ref": "#/$defs/mode"},
                "tls": {"properties": {"enabled": {"type": ["null", "boolean"]}}},
                "size": {"type": "integer", "minimum": 3},
                "name": {"type": "string"},
                "loop": {"$ref": "#/properties/loop"},
                "either": {"oneOf": [{"const": "a"}, {"type": "boolean"}]},
            }
        });
        for (path, values) in [
            ("mode", json!(["single", "cluster"])),
            ("tls.enabled", json!([false, true])),
            ("size", json!([3])),
            ("either", json!(["a", false, true])),
            ("name", json!([])),
            ("loop", json!([])),
            ("absent.value", json!([])),
        ] {
            assert_eq!(Value::from(told(schema.clone(), path)), values, "{path}");
        }
    }
}
