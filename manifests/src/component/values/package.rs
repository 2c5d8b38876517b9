//! Packages and the repositories that they come from.

use url::Url;

use super::{local_path, url};
use crate::component::{KeySource, NameTemplate, PackageRepository, Suite, WantedPackage, is_component};
use crate::debian::{Architecture, Series, VersionConstraint};
use crate::yaml::{Fields, Location, Node, Problem, Sink, Value, suggest};

/// How an armoured key begins.
const ARMOUR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
/// The words of dpkg for architectures that distributions have today.
const ARCHITECTURES: [&str; 12] = [
    "amd64",
    "arm64",
    "armhf",
    "armel",
    "i386",
    "ppc64el",
    "s390x",
    "riscv64",
    "mips64el",
    "mipsel",
    "loong64",
    "loongarch64",
];

/// A package: its name alone, or a mapping.
pub(crate) fn package(node: &Node, sink: &Sink) -> Option<WantedPackage> {
    if let Value::Scalar { .. } = node.value {
        return Some(WantedPackage {
            package: package_name(node, sink)?,
            version: None,
            recommends: false,
            foreign: None,
            series: Vec::new(),
            architectures: Vec::new(),
            location: node.location.clone(),
        });
    }
    let mut fields = Fields::of(node, "a package", sink)?;
    let name = fields.required("package", "name the package, such as `package: open-iscsi`");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let package = name.and_then(|node| package_name(node, sink));
    let version = fields.get("version").map(|node| version(node, sink));
    let recommends = fields.boolean("recommends").unwrap_or(false);
    let foreign = fields.get("foreign").map(|node| architecture(node, sink));
    let series = fields.list("series", series);
    let architectures = fields.list("architectures", architecture);
    fields.finish();
    let foreign = match foreign {
        Some(foreign) => Some(foreign?),
        None => None,
    };
    let version = match version {
        Some(version) => Some(version?),
        None => None,
    };
    Some(WantedPackage { package: package?, version, recommends, foreign, series, architectures, location })
}

fn package_name(node: &Node, sink: &Sink) -> Option<NameTemplate> {
    let text = node.text(sink)?;
    let name = text.parse().ok();
    if name.is_none() {
        let message = format!("`{text}` is not a package's name");
        let problem = Problem::new(&node.location, message, "this name");
        let lower = text.to_lowercase();
        let foreign = text.split_once(':').filter(|(_, architecture)| ARCHITECTURES.contains(architecture));
        sink.add(match text.split_once([' ', '=', '(', ':']) {
            Some((name, _)) if let Some((_, architecture)) = foreign => {
                problem.with_help(format!("write `package: {name}` and `foreign: {architecture}` below it"))
            }
            Some((name, _)) => problem.with_help(format!("write `package: {}` and `version:` below it", name.trim())),
            None if lower != text && lower.parse::<NameTemplate>().is_ok() => {
                problem.with_help(format!("names of packages are in lower case: `{lower}`"))
            }
            None => problem.with_help("a package's name has lower-case letters, digits, `+`, `-` and `.`"),
        });
    }
    name
}

fn version(node: &Node, sink: &Sink) -> Option<VersionConstraint> {
    let text = node.text(sink)?;
    match text.parse() {
        Ok(version) => Some(version),
        Err(_) => {
            let message = format!("`{text}` does not say which versions of a package");
            let problem = Problem::new(&node.location, message, "this version");
            let help = "write a whole version (`1:2.6.2-4`), or one behind `<<`, `<=`, `=`, `>=` or `>>`";
            sink.add(problem.with_help(help));
            None
        }
    }
}

/// The series of a system.
pub(crate) fn series(node: &Node, sink: &Sink) -> Option<Series> {
    let text = node.text(sink)?;
    let series = text.parse().ok();
    if series.is_none() {
        let problem = Problem::new(&node.location, format!("`{text}` is not a series"), "this series");
        sink.add(problem.with_help("write the codename of the release, such as `bookworm` or `noble`"));
    }
    series
}

/// An architecture of nodes, in the words of dpkg.
pub(crate) fn architecture(node: &Node, sink: &Sink) -> Option<Architecture> {
    let text = node.text(sink)?;
    if ARCHITECTURES.contains(&text)
        && let Ok(architecture) = text.parse()
    {
        return Some(architecture);
    }
    let meant = match text.rsplit('/').next().unwrap_or(text) {
        "x86_64" | "x86-64" | "x64" | "amd64" => Some("amd64"),
        "aarch64" | "arm64" => Some("arm64"),
        "386" | "x86" => Some("i386"),
        _ => suggest::nearest(text, &ARCHITECTURES),
    };
    let problem = Problem::new(&node.location, format!("`{text}` is not an architecture of Debian"), "this one");
    sink.add(match meant {
        Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
        None => problem.with_help("write what `dpkg --print-architecture` prints on such a node, such as `amd64`"),
    });
    None
}

/// A repository of a system.
pub(crate) fn system_repository(node: &Node, sink: &Sink) -> Option<PackageRepository> {
    let mut fields = Fields::of(node, "a repository", sink)?;
    let priority = fields.get("priority").map(|node| priority(node, sink));
    let source = source(fields, sink)?;
    Some(PackageRepository { priority: priority.unwrap_or_default(), ..source })
}

/// A repository that a component brings along.
pub(crate) fn component_repository(node: &Node, sink: &Sink) -> Option<PackageRepository> {
    let mut fields = Fields::of(node, "a repository", sink)?;
    let priority = fields.get("priority").map(|node| priority(node, sink));
    let series = fields.list("series", series);
    let source = source(fields, sink)?;
    Some(PackageRepository { priority: priority.unwrap_or_default(), series, ..source })
}

/// A repository that is carried whole. It has no priority: its packages are not chosen from.
pub(crate) fn mirrored_repository(fields: Fields<'_>, sink: &Sink) -> Option<PackageRepository> {
    let source = source(fields, sink)?;
    if source.architectures.is_empty() {
        let problem = Problem::new(&source.location, "a mirror needs `architectures`", "for which nodes?");
        sink.add(problem.with_help("write those of the nodes, such as `architectures: [amd64]`"));
        return None;
    }
    Some(source)
}

/// What all repositories have. The fields that are left are those of none.
fn source(mut fields: Fields<'_>, sink: &Sink) -> Option<PackageRepository> {
    let place =
        fields.required("url", "write where the repository is, such as `url: https://archive.example.org/debian`");
    let location = place.map_or(fields.location(), |place| &place.location).clone();
    let address = place.and_then(|node| web(node, sink));
    let suites = fields.list("suites", suite);
    let components = fields.list("components", component);
    let key = fields.required(
        "key",
        "name the file with the key that signs the repository, or paste it: nothing unsigned is taken",
    );
    let key = key.and_then(|node| key_source(node, sink));
    let snapshot = fields.get("snapshot").map(|node| web(node, sink));
    let architectures = fields.list("architectures", architecture);
    let allow_expired = fields.boolean("allowExpired").unwrap_or(false);
    let has_suites = fields.key("suites").is_some();
    fields.finish();
    if !check_suites(has_suites.then_some(&suites), &components, &location, sink) {
        return None;
    }
    Some(PackageRepository {
        url: address?,
        suites,
        components,
        key: key?,
        snapshot: snapshot.unwrap_or_default(),
        priority: None,
        architectures,
        series: Vec::new(),
        allow_expired,
        location,
    })
}

/// A flat repository has no components, every other one has. `suites` is none where the field is not there.
fn check_suites(suites: Option<&Vec<Suite>>, components: &[String], location: &Location, sink: &Sink) -> bool {
    let refuse = |message: &str, label: &str, help: &str| {
        sink.add(Problem::new(location, message, label).with_help(help));
        false
    };
    let Some(suites) = suites.filter(|suites| !suites.is_empty()) else {
        return refuse(
            "a repository needs `suites`",
            "which suites?",
            "write those that apt's sources have, such as `suites: [bookworm, bookworm-updates]`; a flat one has `./`",
        );
    };
    match (suites.iter().any(Suite::is_flat), components.is_empty()) {
        (true, false) => refuse(
            "a flat repository has no components",
            "this repository",
            "remove `components`, or the `/` at the end of the suite",
        ),
        (false, true) => refuse(
            "a repository needs `components`",
            "which components?",
            "write those that apt's sources have, such as `components: [main]`; only a flat one (suite `./`) has none",
        ),
        _ => true,
    }
}

fn suite(node: &Node, sink: &Sink) -> Option<Suite> {
    let text = node.text(sink)?;
    let suite = text.parse().ok();
    if suite.is_none() {
        let problem = Problem::new(&node.location, format!("`{text}` is not a suite"), "this suite");
        sink.add(problem.with_help("write it as apt's sources have it, such as `bookworm-security`"));
    }
    suite
}

fn component(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if is_component(text) {
        return Some(text.to_owned());
    }
    let problem = Problem::new(&node.location, format!("`{text}` is not a component of a repository"), "this one");
    sink.add(problem.with_help("write it as apt's sources have it, such as `main`"));
    None
}

fn web(node: &Node, sink: &Sink) -> Option<Url> {
    url(node, &["https", "http"], sink)
}

/// A file, or the key itself.
fn key_source(node: &Node, sink: &Sink) -> Option<KeySource> {
    let text = node.text(sink)?;
    if text.trim_start().starts_with(ARMOUR) {
        return Some(KeySource::Inline(text.trim().to_owned()));
    }
    if text.contains("-----BEGIN") {
        let problem = Problem::new(&node.location, "this is not a public key of OpenPGP", "this key");
        sink.add(problem.with_help(format!("it begins with `{ARMOUR}`")));
        return None;
    }
    local_path(node, sink).map(KeySource::File)
}

/// A priority of apt: a whole number, also below zero, but not 0, which apt gives no meaning.
fn priority(node: &Node, sink: &Sink) -> Option<i16> {
    let number = match &node.value {
        Value::Scalar { text, plain: true } => text.parse::<i16>().ok(),
        _ => None,
    };
    number
        .filter(|number| *number != 0)
        .or_else(|| node.expected("a priority of apt, a whole number from -32768 to 32767 other than 0", sink))
}
