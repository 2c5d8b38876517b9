//! The values of a release against the schema that its chart brings (`values.schema.json`), before anything is touched: helm would
//! refuse them later, in a job in the cluster.
//!
//! As helm does it, the chart's own values stand under those that are given, and `null` takes one of them away. Schemas of charts
//! within the chart are helm's to look at, and so is one that can't be understood here.

use std::io::Read as _;

use flate2::read::GzDecoder;
use manifests::values::{Values, merge};
use serde_json::Value;

/// The bytes of a file of a chart that are read at most.
const SIZE: u64 = 4 << 20;
/// How many of the problems are told.
const TOLD: usize = 10;

/// What the chart in `archive` refuses of `values`: `path: why`, some of it.
pub(super) fn refused(archive: &[u8], values: &Values) -> Vec<String> {
    let Some((schema, defaults)) = read(archive) else { return Vec::new() };
    let Ok(validator) = jsonschema::validator_for(&schema) else { return Vec::new() };
    let mut values = Value::Object(merge(defaults, values));
    drop_nulls(&mut values);
    let problem = |error: jsonschema::ValidationError<'_>| {
        let path = error.instance_path().to_string();
        let path = path.trim_start_matches('/').replace('/', ".");
        // What stands there may be a secret of the site.
        let why = error.masked_with("the value").to_string();
        if path.is_empty() { why } else { format!("`{path}`: {why}") }
    };
    validator.iter_errors(&values).take(TOLD).map(problem).collect()
}

/// A chart's schema and its own values; none if it has no schema, or one of them can't be understood.
fn read(archive: &[u8]) -> Option<(Value, Values)> {
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    let (mut schema, mut defaults) = (None, Values::new());
    for entry in tar.entries().ok()? {
        let entry = entry.ok()?;
        let path = entry.path().ok()?.to_string_lossy().into_owned();
        // A chart is one folder.
        let Some((_, name)) = path.split_once('/') else { continue };
        if !matches!(name, "values.schema.json" | "values.yaml") {
            continue;
        }
        let is_schema = name == "values.schema.json";
        let mut text = String::new();
        entry.take(SIZE).read_to_string(&mut text).ok()?;
        if is_schema {
            schema = Some(serde_json::from_str(&text).ok()?);
        } else if !text.trim().is_empty() {
            let Some(Value::Object(own)) = serde_yaml::from_str::<Option<Value>>(&text).ok()? else { continue };
            defaults = own;
        }
    }
    Some((schema?, defaults))
}

fn drop_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.retain(|_, field| !field.is_null());
        fields.values_mut().for_each(drop_nulls);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    const SCHEMA: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["host"],
        "properties": {"host": {"type": "string", "minLength": 3}, "replicas": {"type": "integer", "minimum": 1},
        "auth": {"type": "object", "properties": {"mode": {"enum": ["basic", "oidc"]}}, "additionalProperties": false}}}"#;

    fn chart(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            archive.append_data(&mut header, format!("web/{name}"), text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    fn values(value: Value) -> Values {
        let Value::Object(values) = value else { unreachable!() };
        values
    }

    #[test]
    fn what_a_schema_refuses_is_told_with_its_path_and_without_what_stands_there() {
        let chart =
            chart(&[("values.schema.json", SCHEMA), ("values.yaml", "host: shop\nreplicas: 2\nauth: {mode: basic}\n")]);
        assert_eq!(refused(&chart, &Values::new()), [""; 0]);
        let wrong = refused(&chart, &values(json!({"replicas": "hunter2", "auth": {"mode": "hunter2", "mod": 1}})));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong.iter().any(|problem| problem.starts_with("`replicas`: ")), "{wrong:?}");
        assert!(!wrong.iter().any(|problem| problem.contains("hunter2")), "{wrong:?}");
        let gone = refused(&chart, &values(json!({"host": null})));
        assert!(gone.len() == 1 && gone[0].contains("host"), "{gone:?}");
    }

    #[test]
    fn what_can_not_be_judged_here_is_left_to_helm() {
        let anything = values(json!({"replicas": "many"}));
        for files in [
            &[("values.yaml", "a: 1\n")][..],
            &[("values.schema.json", "{")],
            &[("values.schema.json", SCHEMA), ("values.yaml", "a: [")],
        ] {
            assert_eq!(refused(&chart(files), &anything), [""; 0]);
        }
        assert_eq!(refused(b"no archive", &anything), [""; 0]);
        let elsewhere = r#"{"$ref": "https://schemas.example.org/web.json"}"#;
        assert_eq!(refused(&chart(&[("values.schema.json", elsewhere)]), &anything), [""; 0]);
    }
}
