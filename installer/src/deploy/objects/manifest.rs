//! Objects out of a component's files.

use manifests::bundle::VerifiedBundle;
use manifests::document::CarriedFile;
use serde_json::Value;

use super::{Object, ObjectError};

/// The bytes of a file of objects at most.
const SIZE: u64 = 16 << 20;

/// The objects of a file, in its order. Those that say no namespace go into `namespace`.
pub(super) fn read(
    bundle: &VerifiedBundle,
    component: &str,
    file: &CarriedFile,
    namespace: Option<&str>,
) -> Result<Vec<Object>, ObjectError> {
    let content = bundle.read_to_vec(&file.digest, SIZE);
    let content =
        content.map_err(|source| ObjectError::Bundle { component: component.to_owned(), source: Box::new(source) })?;
    parse(&content, namespace).map_err(|problem| ObjectError::Manifest {
        component: component.to_owned(),
        path: file.path.clone(),
        problem,
    })
}

/// The objects of a text, one document each; lists are taken apart, empty documents passed over.
pub(super) fn parse(content: &[u8], namespace: Option<&str>) -> Result<Vec<Object>, String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is no UTF-8 text")?;
    let documents: Vec<Value> = serde_yaml::from_multiple(text).map_err(|error| error.to_string())?;
    let mut objects = Vec::new();
    for mut document in documents.into_iter().filter(|document| !document.is_null()) {
        let items = document.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
        match items {
            Some(items) if document["kind"] == "List" => {
                for item in items {
                    objects.push(Object::new(item, namespace)?);
                }
            }
            Some(items) => {
                document["items"] = Value::Array(items);
                objects.push(Object::new(document, namespace)?);
            }
            None => objects.push(Object::new(document, namespace)?),
        }
    }
    Ok(objects)
}
