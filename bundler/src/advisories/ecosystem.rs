//! Which packages an advisory's ecosystem means: <https://ossf.github.io/osv-schema/#defined-ecosystems>.

use super::osv;
use crate::sbom::inventory::{Package, PackageType};

/// Whether a package is of an ecosystem: `Debian:12`, `Alpine:v3.20`, `PyPI`.
pub(super) fn holds(ecosystem: &str, package: &Package) -> bool {
    let (name, version) = ecosystem.split_once(':').map_or((ecosystem, None), |(name, rest)| (name, Some(rest)));
    let (id, release) = distro(package);
    match name {
        "Debian" => package.kind == PackageType::Deb && id == "debian" && fits(version, release),
        // Fixes that only subscribers get are of `Ubuntu:Pro:…`, and are not in the packages that everybody has.
        "Ubuntu" => package.kind == PackageType::Deb && id == "ubuntu" && fits(version.map(without_lts), release),
        "Alpine" => {
            let version = version.map(|version| version.trim_start_matches('v'));
            package.kind == PackageType::Apk && id == "alpine" && fits(version, minor(release))
        }
        "Wolfi" => package.kind == PackageType::Apk && id == "wolfi",
        "Chainguard" => package.kind == PackageType::Apk && id == "chainguard",
        "Red Hat" => is_rpm(package, &["rhel", "redhat"]) && version.is_none_or(|it| of_red_hat(it, major(release))),
        "Rocky Linux" => is_rpm(package, &["rocky"]) && fits(version, major(release)),
        "AlmaLinux" => is_rpm(package, &["almalinux"]) && fits(version, major(release)),
        "openSUSE" => {
            let version = version.map(|version| version.trim_start_matches("Leap "));
            is_rpm(package, &["opensuse-leap"]) && fits(version, release)
        }
        "Go" => package.kind == PackageType::Golang,
        "npm" => package.kind == PackageType::Npm,
        "PyPI" => package.kind == PackageType::Pypi,
        "crates.io" => package.kind == PackageType::Cargo,
        "Maven" => package.kind == PackageType::Maven,
        _ => false,
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

fn is_rpm(package: &Package, ids: &[&str]) -> bool {
    package.kind == PackageType::Rpm && ids.contains(&distro(package).0)
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
    fn advisories_of_distributions_are_about_sources() {
        let origin = Some(Origin { name: "glibc".to_owned(), version: "2.36".to_owned() });
        let deb = Package { origin: origin.clone(), ..package(PackageType::Deb, None) };
        assert_eq!((names(&deb), version(&deb, "glibc")), (vec!["glibc".to_owned()], Some("2.36")));
        let rpm = Package { origin, ..package(PackageType::Rpm, None) };
        assert_eq!((names(&rpm), version(&rpm, "glibc")), (vec!["a".to_owned(), "glibc".to_owned()], Some("1")));
    }
}
