//! Alpine's database of installed packages: a line for each field, an empty one between packages.

use super::field;
use crate::sbom::inventory::{Origin, Package, PackageType};

/// Reads all packages.
pub(super) fn read(text: &str) -> Vec<Package> {
    text.split("\n\n").filter_map(package).collect()
}

fn package(stanza: &str) -> Option<Package> {
    let value = |key: &str| {
        let of_key = |line: &str| line.strip_prefix(key)?.strip_prefix(':').map(field);
        // What stands behind `F:` and `R:` is of folders and files, which have fields of the same letters.
        stanza.lines().take_while(|line| !line.starts_with("F:")).find_map(of_key)
    };
    let (name, version) = (value("P")?, value("V")?);
    let origin = value("o").filter(|origin| *origin != name && !origin.is_empty());
    let mut package = Package::new(PackageType::Apk, name, Some(version.clone()));
    package.architecture = value("A");
    package.licences = value("L").filter(|licence| !licence.is_empty()).into_iter().collect();
    package.origin = origin.map(|name| Origin { name, version });
    Some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_with_licence_and_origin() {
        let text = "C:Q1abc=\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\na:0:0:755\n\n\
                    P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\n\nnonsense\n";
        let packages = read(text);
        assert_eq!(packages.len(), 2);
        assert_eq!(packages[0].origin.as_ref().map(|origin| origin.name.as_str()), Some("openssl"));
        assert_eq!((packages[1].licences.as_slice(), &packages[1].origin), (&["MIT".to_owned()][..], &None));
    }
}
