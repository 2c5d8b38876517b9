//! Archives of Java: what Maven writes into them, else what their manifests say.

use std::io::{Read, Seek};

use tempfile::SpooledTempFile;
use zip::ZipArchive;

use super::{Problem, Spool, field};
use crate::sbom::inventory::{Package, PackageType};

/// The endings of archives that hold classes, and other archives.
const ENDINGS: [&str; 6] = [".jar", ".war", ".ear", ".hpi", ".jpi", ".par"];
/// The most members of an archive.
const MAX_MEMBERS: usize = 100_000;
/// The largest manifest or list of properties, in bytes.
const MAX_TEXT: u64 = 1 << 20;
/// The largest archive within an archive, in bytes.
const MAX_INNER: u64 = 256 << 20;
/// The most bytes that all archives within one unpack to.
const MAX_ALL_INNER: u64 = 1 << 30;
/// The most packages of one archive, with those within it.
const MAX_PACKAGES: usize = 10_000;

/// Whether a file is one, by its name.
pub(super) fn is_archive(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// Reads an archive, and those within it; those within these are not looked at. The problem is of one within: it does not
/// hide the others.
pub(super) fn read(archive: impl Read + Seek, path: &str) -> Result<(Vec<Package>, Option<Problem>), Problem> {
    let mut zip = open(archive)?;
    let (mut packages, mut problem) = (own(&mut zip, path)?, None);
    let mut left = MAX_ALL_INNER;
    let is_inner = |name: &str| is_archive(name);
    for name in names(&zip, is_inner) {
        match inner(&mut zip, &name, &mut left) {
            Ok(found) => packages.extend(found),
            Err(Problem::Temporary(error)) => return Err(Problem::Temporary(error)),
            Err(error) => problem = Some(Problem::Said(field(&format!("{name} in it: {error}")))),
        }
        if packages.len() > MAX_PACKAGES {
            return Err(Problem::Text("it holds more packages than are read"));
        }
    }
    Ok((packages, problem))
}

fn names<R>(zip: &ZipArchive<R>, wanted: impl Fn(&str) -> bool) -> Vec<String>
where
    R: Read + Seek,
{
    zip.file_names().filter(|name| wanted(name)).map(Into::into).collect()
}

/// Reads an archive within an archive; `left` is what those that follow may still unpack to.
fn inner<R: Read + Seek>(zip: &mut ZipArchive<R>, name: &str, left: &mut u64) -> Result<Vec<Package>, Problem> {
    let mut member = zip.by_name(name).map_err(Problem::of)?;
    let spool = Spool::of(&mut member, MAX_INNER.min(*left)).map_err(|problem| match problem {
        Problem::Source(error) => Problem::of(error),
        other => other,
    })?;
    *left -= spool.size;
    own::<SpooledTempFile>(&mut open(spool.file)?, name)
}

fn open<R: Read + Seek>(archive: R) -> Result<ZipArchive<R>, Problem> {
    let zip = ZipArchive::new(archive).map_err(Problem::of)?;
    if zip.len() > MAX_MEMBERS {
        return Err(Problem::Text("it has more members than are read"));
    }
    Ok(zip)
}

/// What an archive itself is. One into which others were merged has the properties of several.
fn own<R: Read + Seek>(zip: &mut ZipArchive<R>, path: &str) -> Result<Vec<Package>, Problem> {
    let is_properties = |name: &str| name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties");
    let mut packages = Vec::new();
    for name in names(zip, is_properties).iter().take(MAX_PACKAGES) {
        packages.extend(from_properties(&text(zip, name)?));
    }
    if packages.is_empty() {
        let manifest = if zip.index_for_name("META-INF/MANIFEST.MF").is_some() {
            text(zip, "META-INF/MANIFEST.MF")?
        } else {
            String::new()
        };
        packages.extend(from_manifest(&manifest, path));
    }
    Ok(packages)
}

fn text<R: Read + Seek>(zip: &mut ZipArchive<R>, name: &str) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    zip.by_name(name).map_err(Problem::of)?.take(MAX_TEXT).read_to_end(&mut bytes).map_err(Problem::of)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `pom.properties`: `groupId=…`, `artifactId=…`, `version=…`.
fn from_properties(text: &str) -> Option<Package> {
    let value = |key: &str| {
        let of_key =
            |line: &str| line.split_once('=').filter(|(name, _)| name.trim() == key).map(|(_, value)| field(value));
        text.lines().find_map(of_key).filter(|value| !value.is_empty())
    };
    let mut package = Package::new(PackageType::Maven, value("artifactId")?, value("version"));
    package.namespace = value("groupId");
    Some(package)
}

/// `MANIFEST.MF`, and the file's name where it says nothing: `name-1.2.3.jar`.
fn from_manifest(manifest: &str, path: &str) -> Option<Package> {
    // A long line goes on in the next, behind a blank.
    let unfolded = manifest.replace("\r\n", "\n").replace("\n ", "");
    let value = |key: &str| {
        let of_key = |line: &str| line.split_once(": ").filter(|(name, _)| *name == key).map(|(_, value)| field(value));
        unfolded.lines().find_map(of_key).filter(|value| !value.is_empty())
    };
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let is_version = |at: &usize| stem[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let (name, in_name) = match stem.match_indices('-').map(|(at, _)| at).find(is_version) {
        Some(at) => (&stem[..at], Some(field(&stem[at + 1..]))),
        None => (stem, None),
    };
    let version = value("Implementation-Version").or_else(|| value("Bundle-Version")).or(in_name)?;
    // `Bundle-SymbolicName: org.example.lib;singleton:=true`
    let symbolic = value("Bundle-SymbolicName").and_then(|name| name.split(';').next().map(str::to_owned));
    let group = value("Implementation-Vendor-Id").or_else(|| Some(symbolic?.rsplit_once('.')?.0.to_owned()));
    let mut package = Package::new(PackageType::Maven, field(name), Some(version));
    package.namespace = group;
    package.licences = value("Bundle-License").into_iter().collect();
    Some(package)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;

    fn jar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn shown(jar: &[u8], path: &str) -> Vec<String> {
        let shown = |p: Package| format!("{}@{}", p.full_name(), p.version.unwrap_or_default());
        let mut shown: Vec<String> = read(Cursor::new(jar), path).unwrap().0.into_iter().map(shown).collect();
        shown.sort();
        shown
    }

    const PROPERTIES: &[u8] = b"#Generated\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n";

    #[test]
    fn maven_is_believed_before_manifests_and_names() {
        let maven =
            jar(&[("META-INF/maven/g/a/pom.properties", PROPERTIES), ("META-INF/MANIFEST.MF", b"Bundle-Version: 9\n")]);
        assert_eq!(shown(&maven, "app/x-1.0.jar"), ["org.apache.logging.log4j:log4j-core@2.14.1"]);
        let manifest = jar(&[(
            "META-INF/MANIFEST.MF",
            b"Implementation-Version: 3.1\r\nBundle-SymbolicName: org.exam\r\n ple.lib;x:=y\r\n",
        )]);
        assert_eq!(shown(&manifest, "lib/lib.jar"), ["org.example:lib@3.1"]);
        assert_eq!(shown(&jar(&[]), "lib/commons-io-2.11.0.jar"), ["commons-io@2.11.0"]);
        assert!(shown(&jar(&[]), "lib/nothing.jar").is_empty());
    }

    #[test]
    fn archives_within_an_archive_are_read_one_level_deep() {
        let inner = jar(&[("META-INF/maven/g/a/pom.properties", PROPERTIES), ("deeper-9.9.jar", &jar(&[]))]);
        let war = jar(&[("WEB-INF/lib/log4j-core.jar", &inner), ("WEB-INF/lib/broken-1.0.jar", b"no zip")]);
        assert_eq!(shown(&war, "app-1.0.war"), ["app@1.0", "org.apache.logging.log4j:log4j-core@2.14.1"]);
        let problem = read(Cursor::new(&war), "app-1.0.war").unwrap().1.unwrap().to_string();
        assert!(problem.starts_with("WEB-INF/lib/broken-1.0.jar in it: "), "{problem}");
        assert!(read(Cursor::new(b"no zip"), "a.jar").is_err());
    }
}
