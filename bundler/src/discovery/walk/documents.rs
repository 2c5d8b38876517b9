//! From texts to objects: each document of what Helm rendered, of a file that is applied as it is, and of a file of a repository.

use super::holders::held;
use super::{Area, Context, Place, Walk};
use crate::discovery::yaml::{self, Chunk, Reader, Tree};
use crate::discovery::{Failure, Found, Object, Origin, Trouble};

/// The annotation by which Helm knows hooks.
const HOOK: &str = "helm.sh/hook";

impl Found {
    /// Goes through all documents of a stream.
    pub(in crate::discovery) fn stream(&mut self, stream: &str, place: &Place<'_>) {
        let chunks = yaml::chunks(stream);
        // A file that is applied as it is and has nothing in it is not the one that was meant.
        if chunks.is_empty() && matches!(place.origin, Origin::Manifest { .. }) {
            self.fail(place, Trouble::NoObject { line: 1 });
        }
        for chunk in chunks {
            let mut place = place.clone();
            match &mut place.origin {
                Origin::Chart { template, .. } => chunk.source.clone_into(template),
                // Helm names files by the chart's name, where people look for the folder.
                Origin::Repository { file, .. } => {
                    let below = chunk.source.split_once('/').map_or("", |(_, below)| below);
                    let slash = if file.is_empty() || below.is_empty() { "" } else { "/" };
                    *file = format!("{file}{slash}{below}");
                }
                _ => {}
            }
            match yaml::read(chunk.text) {
                Ok(trees) => trees.iter().for_each(|tree| {
                    self.no_object(tree, chunk.line, &place);
                    self.document(tree, &place);
                }),
                Err(why) => self.unreadable(&chunk, &place, why),
            }
        }
    }

    /// Goes through the objects in a file of a repository, at each of some places that differ in what is done to images. What is no
    /// object is there for something else.
    pub(in crate::discovery) fn file(&mut self, text: &str, places: &[Place<'_>]) {
        let mut reader = Reader::of(text);
        for chunk in yaml::chunks(text) {
            let places: Vec<Place<'_>> = places.iter().map(|place| at_line(place, chunk.line)).collect();
            let Some(first) = places.first() else { return };
            if reader.is_spent() {
                let why = "aliases repeat too much before it; the rest of the file is left out".to_owned();
                return self.fail(first, Trouble::Document { line: chunk.line, why });
            }
            match reader.read(chunk.text) {
                Ok(trees) => {
                    for tree in trees.iter().filter(|tree| is_object(tree)) {
                        places.iter().for_each(|place| self.document(tree, place));
                    }
                }
                Err(why) if may_be_object(chunk.text) => self.unreadable(&chunk, first, why),
                Err(_) => {}
            }
        }
    }

    /// A cluster refuses what has no kind. Of charts Helm told that already.
    fn no_object(&mut self, tree: &Tree, line: usize, place: &Place<'_>) {
        let is_nothing = matches!(tree, Tree::Scalar(_)) && tree.text().is_none();
        if matches!(place.origin, Origin::Manifest { .. }) && !is_nothing && !is_object(tree) {
            self.fail(place, Trouble::NoObject { line });
        }
    }

    /// A document that is no YAML: nothing of it may be lost, so its text is looked through.
    pub(super) fn unreadable(&mut self, chunk: &Chunk<'_>, place: &Place<'_>, why: String) {
        let object =
            Object { api_version: String::new(), kind: "document".to_owned(), namespace: None, name: String::new() };
        let mut walk = Walk::new(self, place, object);
        walk.lines(chunk.text, &Context::new(Area::Field));
        self.fail(place, Trouble::Document { line: chunk.line, why });
    }

    pub(in crate::discovery) fn fail(&mut self, place: &Place<'_>, trouble: Trouble) {
        let mut origin = place.origin.clone();
        // What is wrong says its line itself; people speak of the file, which stays where it is.
        if let Origin::Repository { line, .. } = &mut origin {
            *line = None;
        }
        self.failures.push(Failure {
            component: place.component.clone(),
            origin,
            variant: place.variant.map(str::to_owned),
            trouble,
        });
    }

    pub(super) fn document(&mut self, tree: &Tree, place: &Place<'_>) {
        let kind = tree.text_of("kind").unwrap_or_default();
        match tree.get("items") {
            // `List`, and lists of a kind; a custom resource may end like that too and hold something else.
            Some(Tree::List(items))
                if kind.ends_with("List") && items.iter().all(|item| item.get("kind").is_some()) =>
            {
                items.iter().for_each(|item| self.document(item, place));
            }
            _ => self.object(tree, place),
        }
    }

    fn object(&mut self, tree: &Tree, place: &Place<'_>) {
        let metadata = |key: &str| tree.at(&["metadata", key]).and_then(Tree::text).map(str::to_owned);
        let object = Object {
            api_version: tree.text_of("apiVersion").unwrap_or_default().to_owned(),
            kind: tree.text_of("kind").unwrap_or_default().to_owned(),
            namespace: metadata("namespace"),
            name: metadata("name").unwrap_or_default(),
        };
        let held = held(&object, tree);
        let mut walk = Walk::new(self, place, object);
        walk.is_test = is_by_helm(&place.origin) && is_test(tree);
        walk.object(tree);
        held.iter().for_each(|tree| self.document(tree, place));
    }
}

/// A place in a file of a repository, at a line.
fn at_line<'a>(place: &Place<'a>, number: usize) -> Place<'a> {
    let mut place = place.clone();
    if let Origin::Repository { line, .. } = &mut place.origin {
        *line = Some(number);
    }
    place
}

/// Whether Helm makes the objects: without it, a test is applied as all else is.
fn is_by_helm(origin: &Origin) -> bool {
    matches!(origin, Origin::Chart { .. } | Origin::Repository { line: None, .. })
}

/// Whether a document says what object it is.
pub(super) fn is_object(tree: &Tree) -> bool {
    tree.text_of("apiVersion").is_some() && tree.text_of("kind").is_some()
}

/// Whether a text may be an object, in whatever form: as text it has the words for it, which may be written with escapes.
pub(in crate::discovery) fn may_be_object(text: &str) -> bool {
    let has_words = |text: &str| text.contains("apiVersion") && text.contains("kind");
    let may_escape = || ["\\u", "\\x", "\\U"].iter().any(|escape| text.contains(escape));
    has_words(text) || may_escape() && has_words(&unescaped(text))
}

/// A text with its letters for what JSON and YAML may have in their place.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut parts = text.split('\\');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = match part.bytes().next() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let letter = part.get(1..=digits).and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        plain.extend(letter);
        plain.push_str(if letter.is_some() { &part[1 + digits..] } else { part });
    }
    plain
}

/// Whether an object is made for `helm test` and for nothing else.
fn is_test(tree: &Tree) -> bool {
    let hooks = tree.at(&["metadata", "annotations", HOOK]).and_then(Tree::text).unwrap_or_default();
    let mut hooks = hooks.split(',').map(str::trim).filter(|hook| !hook.is_empty()).peekable();
    hooks.peek().is_some() && hooks.all(|hook| matches!(hook, "test" | "test-success" | "test-failure"))
}

#[cfg(test)]
mod tests {
    use super::may_be_object;

    #[test]
    fn words_may_be_written_with_escapes() {
        for (text, may_be) in [
            (r#"{"apiVersion": "v1", "\u006bind": "Pod"}"#, true),
            (r#""api\x56ersion": v1, "k\U00000069nd": Pod"#, true),
            (r#"{"a": "\u0061", "b": "\n\ué"}"#, false),
        ] {
            assert_eq!(may_be_object(text), may_be, "{text}");
        }
    }
}
