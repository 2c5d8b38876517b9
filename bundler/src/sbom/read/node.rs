//! `package.json` of packages that are installed for Node.

use serde::Deserialize;
use serde_json::Value;

use super::{Problem, field};
use crate::sbom::inventory::{Package, PackageType};

#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
    license: Option<Value>,
    /// As it was before npm 2.
    licenses: Option<Value>,
}

/// Whether the path is that of an installed package: `node_modules/NAME/package.json`, with a scope before the name or without.
pub(super) fn is_installed(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/package.json") else { return false };
    let mut parts = folder.rsplit('/');
    let (name, parent, above) = (parts.next(), parts.next(), parts.next());
    let scoped = parent.is_some_and(|parent| parent.starts_with('@')) && above == Some("node_modules");
    name.is_some_and(|name| !name.starts_with('@')) && (parent == Some("node_modules") || scoped)
}

/// Reads it; none for one that names no package.
pub(super) fn read(text: &[u8]) -> Result<Option<Package>, Problem> {
    let manifest: Manifest = serde_json::from_slice(text).map_err(Problem::of)?;
    let Some(whole) = manifest.name.filter(|name| !name.is_empty()) else { return Ok(None) };
    let (scope, name) = match whole.split_once('/') {
        Some((scope, name)) => (Some(field(scope)), name),
        None => (None, whole.as_str()),
    };
    let mut package = Package::new(PackageType::Npm, field(name), manifest.version.as_deref().map(field));
    package.namespace = scope;
    package.licences = licences(manifest.license.as_ref().or(manifest.licenses.as_ref()));
    Ok(Some(package))
}

/// A text, an object with `type`, or a list of such.
fn licences(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![field(text)],
        Some(Value::Object(object)) => object.get("type").and_then(Value::as_str).map(field).into_iter().collect(),
        Some(Value::Array(several)) => {
            several.iter().filter(|one| !one.is_array()).flat_map(|one| licences(Some(one))).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count() {
        for path in ["app/node_modules/left-pad/package.json", "node_modules/@types/node/package.json"] {
            assert!(is_installed(path), "{path}");
        }
        for path in [
            "app/package.json",
            "node_modules/@types/package.json",
            "node_modules/a/dist/esm/package.json",
            "node_modules/package.json",
        ] {
            assert!(!is_installed(path), "{path}");
        }
    }

    #[test]
    fn licences_come_in_all_their_forms() {
        let read = |text: &str| read(text.as_bytes()).unwrap().unwrap();
        let scoped = read(r#"{"name": "@types/node", "version": "20.1.0", "license": "MIT"}"#);
        assert_eq!((scoped.namespace.as_deref(), scoped.name.as_str()), (Some("@types"), "node"));
        assert_eq!(scoped.licences, ["MIT"]);
        assert_eq!(read(r#"{"name": "a", "license": {"type": "ISC"}}"#).licences, ["ISC"]);
        assert_eq!(read(r#"{"name": "a", "licenses": [{"type": "MIT"}, "X"]}"#).licences, ["MIT", "X"]);
        assert!(super::read(b"{").is_err());
    }
}
