//! Which packages an advisory's ecosystem means: <https://ossf.github.io/osv-schema/#defined-ecosystems>.

use super::osv;
use crate::sbom::inventory::{Package, PackageType};

/// The ecosystems that are known, by the names that databases give them.
const KNOWN: [&str; 14] = [
    "Debian",
    "Ubuntu",
    "Alpine",
    "Wolfi",
    "Chainguard",
    "Red Hat",
    "Rocky Linux",
    "AlmaLinux",
    "openSUSE",
    "Go",
    "npm",
    "PyPI",
    "crates.io",
    "Maven",
];

/// The ecosystem that a package is of, without its release; none where none is known.
pub(super) fn of(package: &Package) -> Option<&'static str> {
    let (id, _) = distro(package);
    Some(match (&package.kind, id) {
        (PackageType::Deb, "debian") => "Debian",
        (PackageType::Deb, "ubuntu") => "Ubuntu",
        (PackageType::Apk, "alpine") => "Alpine",
        (PackageType::Apk, "wolfi") => "Wolfi",
        (PackageType::Apk, "chainguard") => "Chainguard",
        (PackageType::Rpm, "rhel" | "redhat") => "Red Hat",
        (PackageType::Rpm, "rocky") => "Rocky Linux",
        (PackageType::Rpm, "almalinux") => "AlmaLinux",
        (PackageType::Rpm, "opensuse-leap") => "openSUSE",
        (PackageType::Golang, _) => "Go",
        (PackageType::Npm, _) => "npm",
        (PackageType::Pypi, _) => "PyPI",
        (PackageType::Cargo, _) => "crates.io",
        (PackageType::Maven, _) => "Maven",
        (PackageType::Deb | PackageType::Apk | PackageType::Rpm | PackageType::Other(_), _) => return None,
    })
}

/// Whether an ecosystem, of whatever release, is one of those that are known.
pub(super) fn is_known(ecosystem: &str) -> bool {
    KNOWN.contains(&family(ecosystem))
}

/// The name of an ecosystem without its release: `Debian` of `Debian:12`.
pub(super) fn family(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or_default()
}

/// Whether a package is of an ecosystem: `Debian:12`, `Alpine:v3.20`, `PyPI`.
pub(super) fn holds(ecosystem: &str, package: &Package) -> bool {
    let (name, version) = ecosystem.split_once(':').map_or((ecosystem, None), |(name, rest)| (name, Some(rest)));
    let (_, release) = distro(package);
    of(package) == Some(name)
        && match name {
            "Debian" => fits(version, release),
            // Fixes that only subscribers get are of `Ubuntu:Pro:…`, and are not in the packages that everybody has.
            "Ubuntu" => fits(version.map(without_lts), release),
            "Alpine" => fits(version.map(|version| version.trim_start_matches('v')), minor(release)),
            "Red Hat" => version.is_none_or(|version| of_red_hat(version, major(release))),
            "Rocky Linux" | "AlmaLinux" => fits(version, major(release)),
            "openSUSE" => fits(version.map(|version| version.trim_start_matches("Leap ")), release),
            _ => true,
        }
}

/// The names under which advisories may know a package: its own, and that of what it was built from.
pub(super) fn names(package: &Package) -> Vec<String> {
    let origin = package.origin.as_ref().map(|origin| origin.name.clone());
    match package.kind {
        // Debian's, Ubuntu's and Alpine's advisories are about sources.
        PackageType::Deb | PackageType::Apk => vec![origin.unwrap_or_else(|| package.name.clone())],
        PackageType::Rpm => std::iter::once(package.name.clone()).chain(origin).collect(),
        _ => vec![package.full_name()],
    }
}

/// The name that an advisory means, as [`names`] has it.
pub(super) fn meant(package: &osv::Package) -> String {
    match package.ecosystem.as_str() {
        "PyPI" => package.name.to_ascii_lowercase().replace(['_', '.'], "-"),
        _ => package.name.clone(),
    }
}

/// The version that an advisory about `name` means.
pub(super) fn version<'a>(package: &'a Package, name: &str) -> Option<&'a str> {
    match (&package.kind, &package.origin) {
        (PackageType::Deb | PackageType::Apk, Some(origin)) if origin.name == name => Some(&origin.version),
        _ => package.version.as_deref(),
    }
}

/// `debian-12`, taken apart.
fn distro(package: &Package) -> (&str, Option<&str>) {
    let Some(distro) = &package.distro else { return (package.namespace.as_deref().unwrap_or_default(), None) };
    match distro.rsplit_once('-') {
        Some((id, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => (id, Some(version)),
        _ => (distro, None),
    }
}

/// An ecosystem without a version is of all; a package of which no version is known may be of each.
fn fits(version: Option<&str>, release: Option<&str>) -> bool {
    match (version, release) {
        (Some(version), Some(release)) => version == release,
        _ => true,
    }
}

fn without_lts(version: &str) -> &str {
    version.trim_end_matches(":LTS")
}

fn major(release: Option<&str>) -> Option<&str> {
    release?.split('.').next()
}

/// `3.20` of `3.20.1`.
fn minor(release: Option<&str>) -> Option<&str> {
    let release = release?;
    match release.match_indices('.').nth(1) {
        Some((end, _)) => release.get(..end),
        None => Some(release),
    }
}

/// `enterprise_linux:9::baseos`
fn of_red_hat(version: &str, release: Option<&str>) -> bool {
    let mut parts = version.split(':');
    match (parts.next(), parts.next(), release) {
        (Some("enterprise_linux" | "rhel_eus" | "rhel_aus"), Some(version), Some(release)) => {
            version.split('.').next() == Some(release)
        }
        (Some("enterprise_linux"), _, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::inventory::Origin;

    fn package(kind: PackageType, distro: Option<&str>) -> Package {
        Package { distro: distro.map(str::to_owned), ..Package::new(kind, "a", Some("1".to_owned())) }
    }

    #[test]
    fn releases_are_told_apart() {
        use PackageType::{Apk, Deb, Golang, Rpm};
        for (ecosystem, kind, distro, expected) in [
            ("Debian:12", Deb, "debian-12", true),
            ("Debian:11", Deb, "debian-12", false),
            ("Debian", Deb, "debian-12", true),
            ("Debian:12", Deb, "ubuntu-22.04", false),
            ("Ubuntu:22.04:LTS", Deb, "ubuntu-22.04", true),
            ("Ubuntu:Pro:22.04:LTS", Deb, "ubuntu-22.04", false),
            ("Alpine:v3.20", Apk, "alpine-3.20.1", true),
            ("Alpine:v3.2", Apk, "alpine-3.20.1", false),
            ("Wolfi", Apk, "wolfi-20230201", true),
            ("Rocky Linux:9", Rpm, "rocky-9.4", true),
            ("openSUSE:Leap 15.6", Rpm, "opensuse-leap-15.6", true),
            ("Red Hat:enterprise_linux:9::baseos", Rpm, "rhel-9.4", true),
            ("Red Hat:enterprise_linux:8::baseos", Rpm, "rhel-9.4", false),
            ("Go", Golang, "", true),
            ("npm", Golang, "", false),
            ("Bitnami", Golang, "", false),
        ] {
            let distro = Some(distro).filter(|distro| !distro.is_empty());
            assert_eq!(holds(ecosystem, &package(kind, distro)), expected, "{ecosystem} {distro:?}");
        }
    }

    #[test]
    fn each_ecosystem_that_is_known_has_packages_and_others_have_none() {
        use PackageType::{Apk, Cargo, Deb, Golang, Maven, Npm, Pypi, Rpm};
        let packages = [
            (Deb, "debian-12"),
            (Deb, "ubuntu-24.04"),
            (Apk, "alpine-3.20"),
            (Apk, "wolfi"),
            (Apk, "chainguard"),
            (Rpm, "rhel-9.4"),
            (Rpm, "rocky-9.4"),
            (Rpm, "almalinux-9.4"),
            (Rpm, "opensuse-leap-15.6"),
            (Golang, ""),
            (Npm, ""),
            (Pypi, ""),
            (Cargo, ""),
            (Maven, ""),
        ];
        let found = packages.map(|(kind, distro)| of(&package(kind, Some(distro))).unwrap());
        assert_eq!(found, KNOWN);
        assert!(is_known("Debian:12") && !is_known("Bitnami") && !is_known(""));
        for (kind, distro) in [(Deb, "kali-2024"), (Rpm, "fedora-40"), (Apk, "postmarketos"), (Deb, "")] {
            assert_eq!(of(&package(kind, Some(distro))), None, "{distro}");
        }
    }

    #[test]
    fn advisories_of_distributions_are_about_sources() {
        let origin = Some(Origin { name: "glibc".to_owned(), version: "2.36".to_owned() });
        let deb = Package { origin: origin.clone(), ..package(PackageType::Deb, None) };
        assert_eq!((names(&deb), version(&deb, "glibc")), (vec!["glibc".to_owned()], Some("2.36")));
        let rpm = Package { origin, ..package(PackageType::Rpm, None) };
        assert_eq!((names(&rpm), version(&rpm, "glibc")), (vec!["a".to_owned(), "glibc".to_owned()], Some("1")));
    }
}
