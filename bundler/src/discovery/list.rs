//! Lists of images that upstreams publish: one reference in a line.

use std::collections::BTreeMap;

use manifests::ImageReference;

use super::{Confidence, Failure, Found, ListRequest, Origin, Reason, Sighting, Trouble};

/// Bytes of a list that are read: some 20,000 images.
pub const LARGEST: u64 = 1 << 20;
/// Characters of a line that are shown.
const SHOWN: usize = 300;

/// A line that names an image.
struct Line<'t> {
    number: usize,
    written: &'t str,
    reference: ImageReference,
}

/// Reads a list into what was found.
pub(super) fn read(request: &ListRequest, found: &mut Found) {
    let origin = Origin::List { list: request.list.clone() };
    let text = super::read_text(&request.path, LARGEST).map_err(|why| vec![Trouble::Unreadable { why }]);
    let (lines, troubles) = match text.as_ref() {
        Ok(text) => lines(text, request),
        Err(troubles) => (Vec::new(), troubles.clone()),
    };
    found.failures.extend(troubles.into_iter().map(|trouble| Failure {
        component: request.component.clone(),
        origin: origin.clone(),
        variant: None,
        trouble,
    }));
    found.sightings.extend(lines.into_iter().map(|line| Sighting {
        reference: line.reference,
        confidence: Confidence::Likely,
        reason: Reason::PublishedList,
        written: line.written.to_owned(),
        component: request.component.clone(),
        origin: origin.clone(),
        object: None,
        path: format!("line {}", line.number),
        variant: None,
    }));
}

/// The images that are taken, and what is wrong.
fn lines<'t>(text: &'t str, request: &ListRequest) -> (Vec<Line<'t>>, Vec<Trouble>) {
    let (mut lines, mut troubles) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        // What follows a blank is a remark: a size, a digest of its own, a comment.
        let Some(written) = line.split_whitespace().next().filter(|word| !word.starts_with('#')) else { continue };
        let number = at + 1;
        let whole = filled(written, &request.placeholders);
        let bare = whole.strip_prefix("docker://").unwrap_or(&whole);
        match bare.parse() {
            Ok(reference) => lines.push(Line { number, written, reference }),
            Err(_) => troubles.push(Trouble::Line { line: number, text: written.chars().take(SHOWN).collect() }),
        }
    }
    let all: Vec<ImageReference> = lines.iter().map(|line| line.reference.clone()).collect();
    let idle = request.choice.idle(&all).into_iter();
    troubles.extend(idle.map(|pattern| Trouble::Pattern { pattern: pattern.to_owned() }));
    lines.retain(|line| request.choice.takes(&line.reference));
    if lines.is_empty() {
        troubles.push(Trouble::NoLine);
    }
    (lines, troubles)
}

/// Puts what they stand for in the place of placeholders in braces.
fn filled(text: &str, placeholders: &BTreeMap<String, String>) -> String {
    placeholders.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
