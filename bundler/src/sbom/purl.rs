//! Package URLs: <https://github.com/package-url/purl-spec>.

use packageurl::PackageUrl;

use super::inventory::{ChartContents, ImageContents, Origin, Package, PackageType};
use super::read::field;

/// The URL of a package; none for one whose name allows none.
pub(super) fn of_package(package: &Package) -> Option<String> {
    let mut url = PackageUrl::new(package.kind.as_str(), package.name.as_str()).ok()?;
    if let Some(namespace) = &package.namespace {
        url.with_namespace(namespace.as_str()).ok()?;
    }
    let (epoch, version) = match (&package.kind, package.version.as_deref()) {
        (PackageType::Rpm, Some(version)) => match version.split_once(':') {
            Some((epoch, rest)) => (Some(epoch), Some(rest)),
            None => (None, Some(version)),
        },
        (_, version) => (None, version),
    };
    if let Some(version) = version {
        url.with_version(version).ok()?;
    }
    let upstream = package.origin.as_ref().map(|origin| match &package.version {
        Some(version) if *version == origin.version => origin.name.clone(),
        _ => format!("{}@{}", origin.name, origin.version),
    });
    let qualifiers = [
        ("arch", package.architecture.clone()),
        ("distro", package.distro.clone()),
        ("epoch", epoch.map(str::to_owned)),
        ("upstream", upstream),
    ];
    for (key, value) in qualifiers {
        if let Some(value) = value {
            url.add_qualifier(key, value).ok()?;
        }
    }
    Some(url.to_string())
}

/// What a URL says of a package; none for one that is not valid. `name` is what else the package is called: URLs of some
/// types know no capital letters.
pub(super) fn package(url: &str, name: Option<&str>) -> Option<Package> {
    let url: PackageUrl<'_> = url.parse().ok()?;
    let kind = PackageType::named(url.ty());
    let qualifier = |key: &str| url.qualifiers().get(key).map(|value| field(value));
    let version = url.version().map(field).map(|version| match (&kind, qualifier("epoch")) {
        (PackageType::Rpm, Some(epoch)) if epoch != "0" => format!("{epoch}:{version}"),
        _ => version,
    });
    let whole = match url.namespace() {
        Some(namespace) => format!("{namespace}/{}", url.name()),
        None => url.name().to_owned(),
    };
    let whole = name.filter(|name| name.eq_ignore_ascii_case(&whole)).map_or(whole, str::to_owned);
    let (namespace, name) = match whole.rsplit_once('/') {
        Some((namespace, name)) if url.namespace().is_some() => (Some(field(namespace)), field(name)),
        _ => (None, field(&whole)),
    };
    let mut package = Package::new(kind, name, version);
    package.namespace = namespace;
    package.architecture = qualifier("arch");
    package.distro = qualifier("distro");
    package.origin = qualifier("upstream").and_then(|upstream| origin(&package, &upstream));
    Some(package)
}

/// `glibc`, or `glibc@2.36-9` where the version is another one.
fn origin(package: &Package, upstream: &str) -> Option<Origin> {
    let (name, version) = match upstream.split_once('@') {
        Some((name, version)) => (name, version.to_owned()),
        None => (upstream, package.version.clone()?),
    };
    // Of RPM, some name the file: `openssl-3.0.7-27.el9.src.rpm`.
    let name = match name.strip_suffix(".src.rpm") {
        Some(file) => file.rsplitn(3, '-').nth(2)?,
        None => name,
    };
    Some(Origin { name: name.to_owned(), version })
}

/// The URL of an image: its version is its digest.
pub(super) fn of_image(image: &ImageContents) -> Option<String> {
    let repository = image.reference.repository();
    let name = repository.path().rsplit('/').next()?.to_owned();
    let mut url = PackageUrl::new("oci", name).ok()?;
    url.with_version(image.manifest.to_string()).ok()?;
    url.add_qualifier("repository_url", repository.to_string()).ok()?;
    if let Some(tag) = image.reference.tag() {
        url.add_qualifier("tag", tag.to_owned()).ok()?;
    }
    if let Some(platform) = &image.platform {
        url.add_qualifier("arch", platform.architecture.clone()).ok()?;
    }
    Some(url.to_string())
}

/// The URL of a chart. Charts have no type of their own in the specification.
pub(super) fn of_chart(chart: &ChartContents) -> Option<String> {
    let mut url = PackageUrl::new("generic", chart.name.as_str()).ok()?;
    url.with_namespace("helm").ok()?;
    url.with_version(chart.version.as_str()).ok()?;
    url.add_qualifier("checksum", chart.digest.to_string()).ok()?;
    if let Some(repository) = &chart.repository {
        url.add_qualifier("download_url", repository.as_str()).ok()?;
    }
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rpm() -> Package {
        Package {
            namespace: Some("redhat".to_owned()),
            architecture: Some("x86_64".to_owned()),
            distro: Some("rhel-9.4".to_owned()),
            origin: Some(Origin { name: "openssl".to_owned(), version: "3.0.7-27.el9".to_owned() }),
            ..Package::new(PackageType::Rpm, "openssl-libs", Some("1:3.0.7-27.el9".to_owned()))
        }
    }

    #[test]
    fn a_package_survives_its_url() {
        let url = of_package(&rpm()).unwrap();
        assert_eq!(
            url,
            "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rhel-9.4&epoch=1&upstream=openssl%403.0.7-27.el9"
        );
        assert_eq!(package(&url, None).unwrap(), rpm());
        let scoped = package("pkg:npm/%40types/node@20.1.0", None).unwrap();
        assert_eq!((scoped.namespace.as_deref(), scoped.name.as_str()), (Some("@types"), "node"));
        assert_eq!(of_package(&scoped).unwrap(), "pkg:npm/%40types/node@20.1.0");
    }

    #[test]
    fn capital_letters_of_modules_come_from_the_name_beside_the_url() {
        let module =
            package("pkg:golang/github.com/burntsushi/toml@v1.3.2", Some("github.com/BurntSushi/toml")).unwrap();
        assert_eq!(module.full_name(), "github.com/BurntSushi/toml");
        assert!(package("no url", None).is_none());
    }

    #[test]
    fn the_file_of_a_source_package_names_it() {
        let package = package("pkg:rpm/fedora/bash@5.2-1?upstream=bash-5.2-1.src.rpm", None).unwrap();
        assert_eq!(package.origin.unwrap().name, "bash");
    }
}
