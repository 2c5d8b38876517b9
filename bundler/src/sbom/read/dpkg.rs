//! dpkg's database: `status`, and the files of `status.d` that images without dpkg have.

use manifests::debian::package::Status;
use manifests::debian::{ControlError, Stanza, Stanzas};

use super::{Problem, field};
use crate::sbom::inventory::{Origin, Package, PackageType};

/// Reads all stanzas. One without a `Status` is of `status.d`, where everything is installed.
pub(super) fn read(text: &[u8]) -> Result<Vec<Package>, Problem> {
    let mut packages = Vec::new();
    for stanza in Stanzas::new(text) {
        let stanza = stanza.map_err(Problem::of)?;
        packages.extend(package(&stanza).map_err(Problem::of)?);
    }
    Ok(packages)
}

fn package(stanza: &Stanza<'_>) -> Result<Option<Package>, ControlError> {
    let (mut name, mut version, mut architecture, mut source, mut installed) = (None, None, None, None, true);
    for known in stanza.fields() {
        let known = known?;
        match known.name.to_ascii_lowercase().as_str() {
            "package" => name = Some(known.value),
            "version" => version = Some(known.value),
            "architecture" => architecture = Some(known.value),
            "source" => source = Some(known.value),
            "status" => installed = known.value.parse::<Status>().is_ok_and(|status| status.state.has_files()),
            _ => {}
        }
    }
    let (Some(name), Some(version), true) = (name, version, installed) else { return Ok(None) };
    let mut package = Package::new(PackageType::Deb, field(name), Some(field(version)));
    package.architecture = architecture.map(field);
    package.origin = source.map(|source| origin(source, version)).filter(|origin| origin.name != name);
    Ok(Some(package))
}

/// The field `Source`: `glibc`, or `glibc (2.36-9)` where the version is another one.
pub(in crate::sbom) fn origin(source: &str, version: &str) -> Origin {
    let (name, version) = match source.split_once(" (") {
        Some((name, rest)) => (name, rest.trim_end_matches(')')),
        None => (source, version),
    };
    Origin { name: field(name), version: field(version) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_files_is_installed_and_what_is_only_configured_is_not() {
        let text = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9\n\n\
                    Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
                    Package: held\nStatus: hold ok installed\nVersion: 2:1~rc1-1\nSource: hold (2:1~rc1)\n\n\
                    Package: tzdata\nVersion: 2024a\n";
        let packages = read(text.as_bytes()).unwrap();
        let shown: Vec<_> = packages
            .iter()
            .map(|p| (p.name.as_str(), p.version.as_deref(), p.origin.as_ref().map(|o| (&*o.name, &*o.version))))
            .collect();
        assert_eq!(
            shown,
            [
                ("libc6", Some("2.36-9"), Some(("glibc", "2.36-9"))),
                ("held", Some("2:1~rc1-1"), Some(("hold", "2:1~rc1"))),
                ("tzdata", Some("2024a"), None),
            ]
        );
        assert!(read(b"no field\n").is_err());
    }
}
