//! What a schema of values refers to outside of itself: files of this machine, or a network.
//!
//! Helm would read or fetch it, here and inside the gap. Nothing of it is followed.

use serde_json::Value;

/// The keywords by which one schema refers to another.
const KEYWORDS: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
/// The keyword that names the language of a schema. The languages that there are, Helm has with it.
const LANGUAGE: &str = "$schema";
const LANGUAGES: [&str; 2] = ["http://json-schema.org/", "https://json-schema.org/"];
/// The keywords by which a part of a schema is named.
const NAMES: [&str; 2] = ["$id", "id"];
/// How deep a schema is looked into. The reader of JSON goes no deeper.
const DEPTH: usize = 128;

/// The first reference that leads out of a schema.
pub(super) fn reference(schema: &Value) -> Option<String> {
    let mut texts = Texts::default();
    texts.gather(schema, 0);
    let is_own = |reference: &str| {
        let place = reference.split('#').next().unwrap_or_default();
        place.is_empty() || texts.names.iter().any(|name| name.trim_end_matches('#') == place)
    };
    texts.references.iter().find(|reference| !is_own(reference)).map(|reference| (*reference).to_owned())
}

#[derive(Default)]
struct Texts<'s> {
    references: Vec<&'s str>,
    names: Vec<&'s str>,
}

impl<'s> Texts<'s> {
    fn gather(&mut self, schema: &'s Value, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match schema {
            Value::Object(entries) => {
                for (key, value) in entries {
                    match value.as_str() {
                        Some(text) if KEYWORDS.contains(&key.as_str()) => self.references.push(text),
                        Some(text) if key == LANGUAGE => {
                            let is_known = LANGUAGES.iter().any(|known| text.starts_with(known));
                            self.references.extend((!is_known).then_some(text));
                        }
                        Some(text) if NAMES.contains(&key.as_str()) => self.names.push(text),
                        _ => self.gather(value, depth + 1),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.gather(item, depth + 1)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_leads_out_of_a_schema_is_seen() {
        for (schema, outside) in [
            (json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}), None),
            (json!({"$id": "https://example.org/a.json", "$ref": "https://example.org/a.json#/b"}), None),
            (json!({"properties": {"$ref": {"type": "string"}}}), None),
            (json!({"$schema": "http://json-schema.org/draft-07/schema#"}), None),
            (json!({"$schema": "http://127.0.0.1:9/own"}), Some("http://127.0.0.1:9/own")),
            (json!({"properties": {"a": {"$ref": "file:///etc/hostname"}}}), Some("file:///etc/hostname")),
            (json!({"allOf": [{"$ref": "http://127.0.0.1:9/x"}]}), Some("http://127.0.0.1:9/x")),
            (json!({"items": {"$dynamicRef": "other.json#x"}}), Some("other.json#x")),
        ] {
            assert_eq!(reference(&schema).as_deref(), outside, "{schema}");
        }
    }
}
