//! Images: references, options and sources.

use super::{local_path, platform};
use crate::ImageReference;
use crate::component::{ImageSource, LocalImage, WantedImage};
use crate::yaml::{Fields, Node, Problem, Sink, Value};

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

/// `from:` of an image: another image, or one of three kinds of folder or archive.
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
    let name = fields.get("name");
    let other = fields.get("image");
    let head = fields.location();
    fields.finish();
    if let Some(other) = other {
        let beside = found.first().map(|(_, _, place)| *place).or(name.map(|node| &node.location));
        if let Some(beside) = beside {
            let problem = Problem::new(beside, "an image comes from one place", "a second one");
            sink.add(problem.with_other(&other.location, "the first").with_help("keep one of them"));
            return None;
        }
        return reference(other, sink).map(ImageSource::Image);
    }
    let name = match name {
        Some(node) => Some(node.text(sink)?.to_owned()),
        None => None,
    };
    if found.len() > 1 {
        let problem = Problem::new(found[1].2, "an image comes from one place", "a second one");
        sink.add(problem.with_other(found[0].2, "the first").with_help("keep one of them"));
        return None;
    }
    let Some((path, make, _)) = found.pop() else {
        let problem = Problem::new(head, "an image's source names nothing to read from", "nothing to read from");
        sink.add(problem.with_help(
            "write `image:` with the name that it has elsewhere, `ociLayout:` with a folder, or `ociArchive:` or \
             `dockerArchive:` with a tar; \
             without `from:` the image comes from its registry",
        ));
        return None;
    };
    Some(make(LocalImage { path: path?, name }))
}
