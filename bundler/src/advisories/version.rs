//! The order of versions, each ecosystem by its own rules.

mod alpine;
mod maven;
mod rpm;

use std::cmp::Ordering;

use manifests::debian::version as debian;

use crate::sbom::inventory::PackageType;

/// Compares two versions of a package of this type; none where one is no version by its rules, or the rules are not known.
pub(super) fn compare(kind: &PackageType, a: &str, b: &str) -> Option<Ordering> {
    match kind {
        PackageType::Deb => (debian::is_version(a) && debian::is_version(b)).then(|| debian::compare(a, b)),
        PackageType::Apk => alpine::compare(a, b),
        PackageType::Rpm => Some(rpm::compare(a, b)),
        PackageType::Golang | PackageType::Npm | PackageType::Cargo => Some(semantic(a)?.cmp_precedence(&semantic(b)?)),
        PackageType::Pypi => {
            let version = |text: &str| text.parse::<pep440_rs::Version>().ok();
            Some(version(a)?.cmp(&version(b)?))
        }
        PackageType::Maven => Some(maven::compare(a, b)),
        PackageType::Other(_) => None,
    }
}

/// A semantic version, also in the forms of Go: `v1.2.3`, `1.22`, `1.21rc2`.
fn semantic(text: &str) -> Option<semver::Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    if let Ok(version) = text.parse() {
        return Some(version);
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut parts = numbers.trim_end_matches('.').split('.');
    let mut number = || parts.next().map_or(Some(0), |part| part.parse().ok());
    let mut version = semver::Version::new(number()?, number()?, number()?);
    if parts.next().is_some() {
        return None;
    }
    // `rc2`, `-rc.2`, `+build`: what is before a release, and what has no rank.
    let pre = rest.split('+').next().unwrap_or_default().trim_start_matches('-');
    let split = pre.find(|c: char| c.is_ascii_digit()).unwrap_or(pre.len());
    let dotted = match pre.split_at(split) {
        (word, number) if !word.is_empty() && !number.is_empty() && !word.contains(['.', '-']) => {
            format!("{word}.{number}")
        }
        _ => pre.to_owned(),
    };
    version.pre = semver::Prerelease::new(&dotted).ok()?;
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_has_its_own_order() {
        use PackageType::{Apk, Cargo, Deb, Golang, Maven, Npm, Pypi, Rpm};
        for (kind, lower, higher) in [
            (Deb, "2.36-9+deb12u7", "2.36-9+deb12u10"),
            (Deb, "9.9", "1:0.1"),
            (Deb, "1.0~rc1-1", "1.0-1"),
            (Apk, "1.2.5_rc1-r0", "1.2.5-r0"),
            (Rpm, "9.9-1", "1:0.1-1"),
            (Golang, "v0.0.0-20230101000000-abcdefabcdef", "0.1.0"),
            (Golang, "1.21rc2", "1.21.0"),
            (Golang, "v1.9.0+incompatible", "1.10.0"),
            (Npm, "1.0.0-beta.2", "1.0.0-beta.11"),
            (Cargo, "0.9.10", "0.10.0"),
            (Pypi, "1.0.dev1", "1.0a1"),
            (Pypi, "1.0.post1", "1!0.1"),
            (Maven, "2.14.1", "2.15.0"),
        ] {
            assert_eq!(compare(&kind, lower, higher), Some(Ordering::Less), "{lower} {higher}");
            assert_eq!(compare(&kind, higher, lower), Some(Ordering::Greater), "{lower} {higher}");
        }
        assert_eq!(compare(&Golang, "1.22", "v1.22.0"), Some(Ordering::Equal));
        assert_eq!(compare(&Npm, "latest", "1.0.0"), None);
        assert_eq!(compare(&PackageType::Other("gem".into()), "1", "2"), None);
    }
}
