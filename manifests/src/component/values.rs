//! The values of a component's lists: platforms, images, charts and files.

use std::path::PathBuf;

use url::Url;

use super::constraint::ConstraintError;
use super::{ChartSource, Constraint, FileSource, ImageSource, LocalImage, WantedChart, WantedFile, WantedImage};
use crate::document::check_path;
use crate::yaml::{Fields, Node, Problem, Sink, Value, is_secret, suggest};
use crate::{Digest, ImageReference, Platform, Repository};

/// The words of Go for systems and architectures that images are published for.
const SYSTEMS: [&str; 5] = ["linux", "windows", "darwin", "freebsd", "wasip1"];
const ARCHITECTURES: [&str; 12] =
    ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le", "mips64", "mipsle", "wasm"];

/// `linux/amd64`. A word that no image is published for is a typing error.
pub(crate) fn platform(node: &Node, sink: &Sink) -> Option<Platform> {
    let text = node.text(sink)?;
    let error = match text.parse::<Platform>() {
        Ok(platform) if known(&platform) => return Some(platform),
        Ok(_) => format!("`{text}` is not a platform that images are published for"),
        Err(error) => error.to_string(),
    };
    let all: Vec<String> =
        ARCHITECTURES.iter().flat_map(|arch| SYSTEMS.iter().map(move |os| format!("{os}/{arch}"))).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let meant = match text.rsplit('/').next().unwrap_or(text) {
        "x86_64" | "x86-64" | "x64" | "amd64" => Some("linux/amd64"),
        "aarch64" | "arm64" => Some("linux/arm64"),
        _ => suggest::nearest(text, &all),
    };
    let problem = Problem::new(&node.location, error, "this platform");
    sink.add(match meant {
        Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
        None => problem.with_help("write the operating system and the architecture, such as `linux/amd64`"),
    });
    None
}

fn known(platform: &Platform) -> bool {
    SYSTEMS.contains(&platform.os.as_str()) && ARCHITECTURES.contains(&platform.architecture.as_str())
}

/// An image: its reference alone, or a mapping.
pub(crate) fn image(node: &Node, sink: &Sink) -> Option<WantedImage> {
    if let Value::Scalar { .. } = node.value {
        let reference = reference(node, sink)?;
        let location = node.location.clone();
        return Some(WantedImage {
            reference,
            platforms: Vec::new(),
            attachments: true,
            source: ImageSource::Registry,
            location,
        });
    }
    let mut fields = Fields::of(node, "an image", sink)?;
    let name = fields.required("image", "name the image, such as `image: docker.io/library/nginx:1.27`");
    let reference = name.and_then(|node| reference(node, sink));
    let platforms = fields.list("platforms", platform);
    let attachments = fields.boolean("attachments").unwrap_or(true);
    let from = fields.get("from");
    let source = match from {
        Some(node) => image_source(node, sink),
        None => Some(ImageSource::Registry),
    };
    fields.finish();
    let location = name.map_or(node.head(), |name| &name.location).clone();
    Some(WantedImage { reference: reference?, platforms, attachments, source: source?, location })
}

/// An image reference.
pub(crate) fn reference(node: &Node, sink: &Sink) -> Option<ImageReference> {
    let text = node.text(sink)?;
    if let Some((scheme, rest)) = text.split_once("://") {
        let message = format!("`{scheme}://` does not belong to an image's name");
        let help = if rest.contains('@') { String::new() } else { format!("write `{rest}`; ") };
        let help = format!("{help}how a registry is reached is set under `registries:` in the stack");
        sink.add(Problem::new(&node.location, message, "not an image reference").with_help(help));
        return None;
    }
    match text.parse() {
        Ok(reference) => Some(reference),
        Err(error) => {
            let problem = Problem::new(&node.location, error.to_string(), "not an image reference");
            let lower = text.to_lowercase();
            sink.add(if lower != text && lower.parse::<ImageReference>().is_ok() {
                problem.with_help(format!("names of images are in lower case: `{lower}`"))
            } else {
                problem.with_help("write it as `docker.io/library/nginx:1.27` or `quay.io/a/b@sha256:…`")
            });
            None
        }
    }
}

/// `from:` of an image: one of three kinds of folder or archive.
fn image_source(node: &Node, sink: &Sink) -> Option<ImageSource> {
    let mut fields = Fields::of(node, "an image's source", sink)?;
    type Make = fn(LocalImage) -> ImageSource;
    let kinds: [(&'static str, Make); 3] = [
        ("ociLayout", ImageSource::OciLayout),
        ("ociArchive", ImageSource::OciArchive),
        ("dockerArchive", ImageSource::DockerArchive),
    ];
    let mut found = Vec::new();
    for (name, make) in kinds {
        if let Some(value) = fields.get(name) {
            found.push((local_path(value, sink), make, &value.location));
        }
    }
    let name = fields.text("name");
    let head = fields.location();
    fields.finish();
    if found.len() > 1 {
        let problem = Problem::new(found[1].2, "an image comes from one place", "a second one");
        sink.add(problem.with_other(found[0].2, "the first").with_help("keep one of them"));
        return None;
    }
    let Some((path, make, _)) = found.pop() else {
        let problem = Problem::new(head, "an image's source names no folder or archive", "nothing to read from");
        sink.add(problem.with_help(
            "write `ociLayout:` with a folder, or `ociArchive:` or `dockerArchive:` with a tar; \
             without `from:` the image comes from its registry",
        ));
        return None;
    };
    Some(make(LocalImage { path: path?, name }))
}

/// A chart.
pub(crate) fn chart(node: &Node, sink: &Sink) -> Option<WantedChart> {
    let mut fields = Fields::of(node, "a chart", sink)?;
    let name = fields.required("name", "write the chart's name, as its Chart.yaml has it");
    let location = name.map_or(node.head(), |name| &name.location).clone();
    let name = name.and_then(|node| chart_name(node, sink));
    let repository = fields.get("repository");
    let version = fields.get("version").map(|node| (version_range(node, sink), &node.location));
    let path = fields.get("path").map(|node| (local_path(node, sink), &node.location));
    fields.finish();
    let source = match (repository, path) {
        (Some(repository), Some((_, path))) => {
            let problem = Problem::new(path, "a chart comes from a repository or from disk, not both", "from disk");
            sink.add(problem.with_other(&repository.location, "from a repository").with_help("keep one of them"));
            return None;
        }
        (None, Some((path, place))) => {
            if let Some((_, version)) = version {
                let problem = Problem::new(version, "a chart on disk has the version of its Chart.yaml", "not needed");
                sink.add(problem.with_other(place, "on disk").with_help("remove `version`"));
                return None;
            }
            ChartSource::Local { path: path? }
        }
        (Some(repository), None) => {
            let Some((version, _)) = version else {
                let problem = Problem::new(&location, "a chart from a repository needs `version`", "which version?");
                sink.add(problem.with_help("write a version such as `1.2.3`, or a range such as `~1.2`"));
                return None;
            };
            let source = chart_repository(repository, name.as_deref(), sink);
            source?(version?)
        }
        (None, None) => {
            let problem = Problem::new(&location, "a chart needs `repository` or `path`", "comes from nowhere");
            sink.add(problem.with_help(
                "write `repository: https://…` or `repository: oci://…` with a `version`, or `path:` of a folder or .tgz",
            ));
            return None;
        }
    };
    Some(WantedChart { name: name?, source, location })
}

/// A version or a range of versions.
pub(crate) fn version_range(node: &Node, sink: &Sink) -> Option<Constraint> {
    let text = node.text(sink)?;
    match text.parse() {
        Ok(range) => Some(range),
        Err(ConstraintError { .. }) => {
            let message = format!("`{text}` is not a version or a range of versions");
            let problem = Problem::new(&node.location, message, "this version");
            sink.add(
                problem.with_help("write `1.2.3`, or a range as Helm has them: `~1.2`, `^1.2.3`, `>=1.2, <2`, `1.x`"),
            );
            None
        }
    }
}

/// A chart's name is also a part of its repository's name at the site, so it keeps to that grammar.
pub(crate) fn chart_name(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if !text.contains('/') && Repository::new("bundle.local", &format!("charts/{text}")).is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is not a chart's name");
    let problem = Problem::new(&node.location, message, "this name");
    sink.add(problem.with_help("a chart's name is lower-case letters and digits with `-`, `.` or `_` between them"));
    None
}

type WithVersion = Box<dyn FnOnce(Constraint) -> ChartSource>;

fn chart_repository(node: &Node, name: Option<&str>, sink: &Sink) -> Option<WithVersion> {
    let url = url(node, &["https", "http", "oci"], sink)?;
    if url.scheme() != "oci" {
        return Some(Box::new(|version| ChartSource::Repository { url, version }));
    }
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let path = format!("{}/{}", url.path().trim_matches('/'), name?);
    match Repository::new(&host, path.trim_start_matches('/')) {
        Ok(repository) => Some(Box::new(|version| ChartSource::Oci { repository, version })),
        Err(error) => {
            let problem = Problem::new(&node.location, error.to_string(), "this repository");
            sink.add(problem.with_help("write `oci://registry/path`, without the chart's name and without a tag"));
            None
        }
    }
}

/// A file.
pub(crate) fn file(node: &Node, sink: &Sink) -> Option<WantedFile> {
    let mut fields = Fields::of(node, "a file", sink)?;
    let path = fields.required("path", "write the path under which the site will have it");
    let location = path.map_or(node.head(), |path| &path.location).clone();
    let path = path.and_then(|node| carried_path(node, sink));
    let address = fields.get("url");
    let local = fields.get("file");
    let sha256_node = fields.get("sha256");
    let has_digest = fields.key("sha256").is_some();
    fields.finish();
    let sha256 = sha256_node.map(|node| digest(node, sink));
    let source = match (address, local) {
        (Some(address), Some(local)) => {
            let problem = Problem::new(&local.location, "a file comes from a URL or from disk, not both", "from disk");
            sink.add(problem.with_other(&address.location, "from a URL").with_help("keep one of them"));
            return None;
        }
        (Some(address), None) => {
            let url = url(address, &["https", "http"], sink);
            if !has_digest {
                let problem =
                    Problem::new(&address.location, "a file from a URL needs `sha256`", "may change any time");
                sink.add(problem.with_help("download it, check it, and write what `sha256sum` prints as `sha256:`"));
            }
            FileSource::Url { url: url?, sha256: sha256?? }
        }
        (None, Some(local)) => {
            let path = local_path(local, sink);
            let sha256 = match sha256 {
                Some(digest) => Some(digest?),
                None => None,
            };
            FileSource::Local { path: path?, sha256 }
        }
        (None, None) => {
            let problem = Problem::new(&location, "a file needs `url` or `file`", "comes from nowhere");
            sink.add(problem.with_help("write `url:` with `sha256:`, or `file:` with a path on disk"));
            return None;
        }
    };
    Some(WantedFile { path: path?, source, location })
}

fn carried_path(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if check_path(text).is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("`{}` is not a path that a bundle may carry", text.escape_debug());
    let problem = Problem::new(&node.location, message, "this path");
    sink.add(problem.with_help("write it relative, with `/` between its parts, without `.`, `..` and `\\`"));
    None
}

/// A digest as `sha256sum` prints it, with or without `sha256:` before it.
fn digest(node: &Node, sink: &Sink) -> Option<Digest> {
    let text = match &node.value {
        // A digest of digits alone is a number to YAML; that it is meant as text is beyond doubt.
        Value::Scalar { text, .. } if text.len() == 64 => text,
        _ => node.text(sink)?,
    };
    let hex = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let digest = format!("sha256:{hex}").parse().ok();
    if digest.is_none() {
        let message = format!("expected 64 hex digits of a SHA-256, found {} characters", hex.chars().count());
        sink.add(Problem::new(&node.location, message, "not a SHA-256").with_help("write what `sha256sum` prints"));
    }
    digest
}

/// A path on the disk of whoever builds, as written.
pub(crate) fn local_path(node: &Node, sink: &Sink) -> Option<PathBuf> {
    let text = node.text(sink)?;
    let problem = if text.is_empty() {
        "an empty path names nothing"
    } else if text.contains("://") {
        "expected a path on disk, found a URL"
    } else if text.starts_with('~') || text.contains('$') {
        "`~` and variables are not replaced in paths"
    } else if text.chars().any(char::is_control) {
        "a path has no control characters"
    } else {
        return Some(PathBuf::from(text));
    };
    sink.add(Problem::new(&node.location, problem, "this path").with_help("paths are relative to this file's folder"));
    None
}

/// A URL of one of the schemes. One with credentials is refused without being repeated.
pub(crate) fn url(node: &Node, schemes: &[&str], sink: &Sink) -> Option<Url> {
    let text = node.text(sink)?;
    let schemes = schemes.iter().map(|scheme| format!("`{scheme}://`")).collect::<Vec<_>>();
    let expected = schemes.join(" or ");
    let problem = match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Problem::new(&node.location, "a URL here must not hold credentials", "credentials inside").with_help(
                "remove them (and change them, if this file was shared); \
                 for registries use `docker login` or `config.json`, for web servers ~/.netrc",
            )
        }
        Ok(url) if url.query_pairs().any(|(name, _)| is_secret(&name)) => {
            Problem::new(&node.location, "a URL here must not hold credentials", "a secret in its query").with_help(
                "name a URL that needs none; one that was signed for a while would not work for the next build either",
            )
        }
        Ok(url) if !schemes.contains(&format!("`{}://`", url.scheme())) => {
            Problem::new(&node.location, format!("expected a URL with {expected}"), "this scheme is not read")
        }
        Ok(url) if url.host_str().is_none_or(str::is_empty) => {
            Problem::new(&node.location, "this URL names no host", "no host")
        }
        Ok(url) => return Some(url),
        Err(error) => {
            let problem = Problem::new(&node.location, format!("this is not a URL: {error}"), "not a URL");
            problem.with_help(format!("it begins with {expected}"))
        }
    };
    sink.add(problem);
    None
}
