//! Lists of images that upstreams publish: one reference in a line.

use super::{Confidence, Failure, Found, ListRequest, Origin, Reason, Sighting, Trouble};

/// Bytes of a list that are read.
const LARGEST: u64 = 4 << 20;

/// Reads a list into what was found.
pub(super) fn read(request: &ListRequest, found: &mut Found) {
    let origin = Origin::List { list: request.list.clone() };
    let mut fail = |trouble| {
        found.failures.push(Failure {
            component: request.component.clone(),
            origin: origin.clone(),
            variant: None,
            trouble,
        });
    };
    let text = match super::read_text(&request.path, LARGEST) {
        Ok(text) => text,
        Err(why) => return fail(Trouble::Unreadable { why }),
    };
    let mut sightings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // What follows a blank is a remark: a size, a digest of its own, a comment.
        let Some(written) = line.split_whitespace().next().filter(|word| !word.starts_with('#')) else { continue };
        let whole = filled(written, &request.placeholders);
        let bare = whole.strip_prefix("docker://").unwrap_or(&whole);
        match bare.parse() {
            Ok(reference) => sightings.push(Sighting {
                reference,
                confidence: Confidence::Likely,
                reason: Reason::PublishedList,
                written: written.to_owned(),
                component: request.component.clone(),
                origin: origin.clone(),
                object: None,
                path: format!("line {}", number + 1),
                variant: None,
            }),
            Err(_) => fail(Trouble::Line { line: number + 1, text: written.chars().take(300).collect() }),
        }
    }
    found.sightings.extend(sightings);
}

/// Puts what they stand for in the place of placeholders in braces.
fn filled(text: &str, placeholders: &[(String, String)]) -> String {
    placeholders.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
