//! What installers of Python leave beside a package: `METADATA`, or `PKG-INFO`.

use super::field;
use crate::sbom::inventory::{Package, PackageType};

/// Reads the headers.
pub(super) fn read(text: &str) -> Option<Package> {
    let headers = text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    let (mut name, mut version, mut expression, mut licence) = (None, None, None, None);
    let mut classified = Vec::new();
    for (key, value) in headers {
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "name" => name = Some(field(value)),
            "version" => version = Some(field(value)),
            "license-expression" => expression = Some(field(value)),
            "license" => licence = Some(field(value)).filter(|licence| !licence.is_empty() && licence != "UNKNOWN"),
            "classifier" => classified.extend(classifier(value)),
            _ => {}
        }
    }
    let mut package = Package::new(PackageType::Pypi, normal(&name.filter(|name| !name.is_empty())?), version);
    package.licences = match expression.or(licence) {
        Some(licence) => vec![licence],
        None => classified,
    };
    Some(package)
}

/// The last part of `License :: OSI Approved :: MIT License`.
fn classifier(value: &str) -> Option<String> {
    let licence = value.strip_prefix("License ::")?;
    licence.rsplit("::").next().map(field)
}

/// A name as indexes have it: <https://packaging.python.org/en/latest/specifications/name-normalization/>.
fn normal(name: &str) -> String {
    let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_normal_and_the_best_word_on_licences_counts() {
        let package = read("Metadata-Version: 2.1\nName: Zope.Interface\nVersion: 6.0\nLicense: ZPL 2.1\n\nName: no\n");
        let package = package.unwrap();
        assert_eq!((package.name.as_str(), package.version.as_deref()), ("zope-interface", Some("6.0")));
        assert_eq!(package.licences, ["ZPL 2.1"]);
        let package = read("Name: a\nLicense-Expression: MIT\nLicense: see file\n").unwrap();
        assert_eq!(package.licences, ["MIT"]);
        let package = read("Name: a\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License\n").unwrap();
        assert_eq!(package.licences, ["BSD License"]);
        assert!(read("Version: 1\n").is_none());
    }
}
