//! Images that stand in templates as they are: one behind a value that is off never comes out of a rendering.

use std::collections::HashSet;

use crate::discovery::Confidence;
use crate::discovery::scan::{Form, Hit, Naming, is_known_registry, scan};

/// What begins an action that only steers, and puts no text in its own place.
const STEERS: [&str; 7] = ["if", "else", "end", "range", "with", "define", "/*"];

/// An image in the text of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::discovery) struct Literal {
    /// The line, from 1.
    pub(in crate::discovery) line: usize,
    /// The image, as it is written.
    pub(in crate::discovery) image: String,
}

/// The images in the text of a template, each at its first line, outside of its actions and of what is only a remark. None is put
/// together: what an action adds to is no literal.
pub(super) fn literals(template: &str) -> Vec<Literal> {
    let text = without_actions(template);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    let found = lines.flat_map(|(at, line)| scan(line, Naming::Not).into_iter().map(move |hit| (at + 1, hit)));
    let mut known = HashSet::new();
    let images = found.filter_map(|(line, hit)| Some((line, surely(&hit)?)));
    let first = images.filter(|(_, image)| known.insert(*image));
    first.map(|(line, image)| Literal { line, image: image.to_owned() }).collect()
}

/// What of a hit says of itself that it is an image: by its key, its digest, or a tag at a known registry.
fn surely<'t>(hit: &Hit<'t>) -> Option<&'t str> {
    let Hit::Image { written, confidence, .. } = hit else { return None };
    let is_one = match Form::of(written)? {
        Form::Full(reference) => is_known_registry(reference.repository().registry()) && written.contains('.'),
        // A word is found only where its key names an image.
        Form::Bare(_) => true,
        _ => false,
    };
    (is_one || *confidence > Confidence::Possible).then_some(*written)
}

/// A template without its actions. Those that steer leave a blank; those that put a text in their place leave braces, by which
/// what stands beside them is known to go on. Lines stay where they are.
fn without_actions(template: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let (action, behind) = after.split_once("}}").unwrap_or((after, ""));
        text.push_str(if steers(action) { " " } else { "{}" });
        text.extend(action.chars().filter(|c| *c == '\n'));
        rest = behind;
    }
    text.push_str(rest);
    text
}

fn steers(action: &str) -> bool {
    let bare = action.trim_start_matches('-').trim_start();
    let word: &str = bare.split(|c: char| c.is_whitespace() || c == '-').next().unwrap_or_default();
    let assigns = bare.starts_with('$') && (bare.contains(":=") || bare.contains(" = "));
    assigns || bare.starts_with("/*") || STEERS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(template: &str) -> Vec<(usize, String)> {
        literals(template).into_iter().map(|literal| (literal.line, literal.image)).collect()
    }

    #[test]
    fn what_stands_there_whole_is_a_literal() {
        let template = "{{- if .Values.x.enabled }}\nimage: quay.io/a/b:1\n{{- end }}\n{{ if .y }}image: a/c:2{{ end }}\n\
                        {{- /* a\nremark */}}\nargs: [\"--helper=ghcr.io/a/d:3\"]\nimage: nginx\nimage: a/c:2\n";
        let found = images(template);
        let expected = [(2, "quay.io/a/b:1"), (4, "a/c:2"), (7, "ghcr.io/a/d:3"), (8, "nginx")];
        assert_eq!(found, expected.map(|(line, image)| (line, image.to_owned())));
    }

    #[test]
    fn what_is_put_together_or_only_looks_like_one_is_none() {
        for text in [
            "image: quay.io/a/b:{{ .Values.tag }}",
            "image: {{ .Values.registry }}/a/b:1",
            "image: {{ default \"quay.io/a/b:1\" .Values.image }}",
            "image: \"{{ .Values.image }}\"",
            "# image: quay.io/a/b:1",
            "  # image: quay.io/a/b:1",
            "{{/* image: quay.io/a/b:1 */}}",
            "app.kubernetes.io/name: web",
            "key: conf/app:v1",
            "url: https://quay.io/a/b:1",
            "see quay.io/a/b for more",
            "{{ if",
        ] {
            assert_eq!(images(text), [], "{text}");
        }
    }
}
