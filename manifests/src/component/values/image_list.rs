//! Lists of images that upstreams publish.

use super::file;
use super::judgement::text;
use crate::component::image_list::{ImageChoice, WantedImageList};
use crate::yaml::{Fields, Key, Node, Problem, Sink};

/// A list of images.
pub(crate) fn image_list(node: &Node, sink: &Sink) -> Option<WantedImageList> {
    let mut fields = Fields::of(node, "a list of images", sink)?;
    let location = node.head().clone();
    let source = file::source(&mut fields, file::Needs { what: "a list of images", digest: true }, &location, sink);
    let placeholders = fields.entries("with", "a mapping of placeholders to what stands for them");
    let placeholders = placeholders.into_iter().filter_map(|(name, value)| placeholder(name, value, sink)).collect();
    let choice = ImageChoice { only: fields.list("only", pattern), except: fields.list("except", pattern) };
    fields.finish();
    Some(WantedImageList { source: source?, placeholders, choice, location })
}

fn placeholder(name: &Key, value: &Node, sink: &Sink) -> Option<(String, String)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.text.is_empty() || !name.text.chars().all(is_word) {
        let problem = Problem::new(&name.location, "a placeholder is a word", "this name");
        sink.add(problem.with_help("write the name alone: `version` for `{version}` in the list"));
        return None;
    }
    Some((name.text.clone(), text(value, sink)?))
}

fn pattern(node: &Node, sink: &Sink) -> Option<String> {
    let pattern = text(node, sink)?;
    if !pattern.trim().is_empty() {
        return Some(pattern);
    }
    let problem = Problem::new(&node.location, "a pattern is more than nothing", "empty");
    sink.add(problem.with_help("write the complete name of images, such as `docker.io/rancher/*`"));
    None
}
