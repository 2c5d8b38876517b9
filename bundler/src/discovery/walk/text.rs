//! Texts: what is in them, as structure where they have one, else as words.

use std::io::Read as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use manifests::ImageReference;

use super::{Context, Walk, custom};
use crate::discovery::scan::{Form, Hit, Naming, naming, scan};
use crate::discovery::yaml::{self, Reader, Tree};
use crate::discovery::{Confidence, Origin, PulledChart, Reason};

/// How deep texts within texts are looked into.
const DEPTH: u8 = 3;

/// Bytes from which on a word may be a text in Base64: shorter ones hold no image that says all.
const SHORTEST_ENCODED: usize = 24;

/// Bytes of a compressed text that are looked through.
const LARGEST: u64 = 4 << 20;

/// Whether something is filled in later: by Argo, Tekton or another template.
pub(super) fn is_expression(text: &str) -> bool {
    text.contains("{{") || text.contains("$(") || text.contains("${")
}

/// Whether a word in a text may name an image: `--image=…`, `SIDECAR_IMAGE=…`, `--img=…`.
fn names_images(text: &str) -> bool {
    let has = |word: &[u8]| text.as_bytes().windows(word.len()).any(|bytes| bytes.eq_ignore_ascii_case(word));
    has(b"image") || has(b"img")
}

impl Walk<'_> {
    /// A text at its place.
    pub(super) fn text(&mut self, text: &str, context: &Context) {
        if context.is_typed && custom::is_known_field(&self.object, self.path.shape()) {
            return self.pulled(text, Reason::KnownField);
        }
        if context.depth < DEPTH
            && let Some(inner) = in_base64(text)
        {
            let mark = self.path.within();
            self.text(&inner, &Context { is_typed: false, depth: context.depth + 1, ..context.named(Naming::Not) });
            self.path.back(mark);
            return;
        }
        // Nothing shorter is worth looking at, and nothing without a slash is found unless its place names it.
        let naming = context.naming;
        if text.len() < 3 || !(text.contains(['/', '\n']) || naming > Naming::Not || names_images(text)) {
            return;
        }
        if naming > Naming::Not && !text.contains(char::is_whitespace) && self.is_substituted(text) {
            self.filled_in(text);
        }
        self.script(text);
        let first = text.trim_start().chars().next().unwrap_or_default();
        let structured = text.contains('\n') || matches!(first, '{' | '[');
        if !(structured && context.depth < DEPTH && self.structure(text, context)) {
            self.lines(text, context);
        }
    }

    /// Whether Flux may put something into a text of a file in a repository before it is applied (`postBuild`).
    pub(super) fn is_substituted(&self, text: &str) -> bool {
        text.contains("${") && matches!(self.place.origin, Origin::Repository { line: Some(_), .. })
    }

    /// A key may be an image too, as in a table of versions.
    pub(super) fn key_itself(&mut self, key: &str, context: &Context) {
        if matches!(Form::of(key), Some(Form::Digest(_) | Form::Full(_))) {
            self.lines(key, &context.named(Naming::Not));
        }
    }

    /// YAML or JSON in a text. Whether it was any.
    fn structure(&mut self, text: &str, context: &Context) -> bool {
        let (chunks, mut reader) = (yaml::chunks(text), Reader::of(text));
        let read: Vec<_> = chunks.iter().map(|chunk| (chunk, reader.read(chunk.text))).collect();
        let is_structure = |tree: &Tree| !matches!(tree, Tree::Scalar(_));
        let some = read.iter().any(|(_, trees)| trees.as_ref().is_ok_and(|trees| trees.iter().any(is_structure)));
        if !some {
            return false;
        }
        let below = Context { is_typed: false, depth: context.depth + 1, ..context.clone() };
        let mark = self.path.within();
        for (chunk, trees) in read {
            match trees {
                Ok(trees) => trees.iter().for_each(|tree| match tree {
                    Tree::Scalar(_) => self.lines(chunk.text, &below),
                    tree => self.value(tree, &below),
                }),
                Err(_) => self.lines(chunk.text, &below),
            }
        }
        self.path.back(mark);
        true
    }

    /// References among the words of a text.
    pub(super) fn lines(&mut self, text: &str, context: &Context) {
        let hits = scan(text, context.naming);
        for hit in hits {
            match hit {
                Hit::Image { reference, written, confidence } => {
                    self.hit(reference, written, confidence, context);
                }
                Hit::Artifact(reference) => {
                    let (name, version) =
                        reference.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((reference, ""));
                    let from = format!("oci://{name}");
                    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                    // What the object's own fields say of it says more.
                    if self.pulled_from.insert(from.clone()) {
                        let pulled = self.at(PulledChart { name, from, version: version.to_owned() });
                        self.found.pulled.push(pulled);
                    }
                }
            }
        }
    }

    fn hit(&mut self, reference: ImageReference, written: &str, confidence: Confidence, context: &Context) {
        if let Some((hub, tag)) = &context.hub
            && context.naming == Naming::Exactly
            && matches!(Form::of(written), Some(Form::Bare(_)))
            && let Ok(reference) = format!("{hub}/{written}:{tag}").parse()
        {
            return self.see(reference, written, Confidence::Likely, Reason::SplitFields);
        }
        self.see(reference, written, confidence, context.area.reason(context.naming));
    }

    /// Values in Base64, compressed or not. Other bytes hold no text.
    pub(super) fn encoded(&mut self, tree: &Tree, context: &Context) {
        for entry in tree.entries() {
            let Some(text) = entry.value.text() else { continue };
            let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            let bytes = BASE64_STANDARD.decode(compact).map_or_else(|_| text.as_bytes().to_vec(), decompressed);
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let mark = self.path.key(&entry.key);
            self.text(&text, &context.named(naming(&entry.key)));
            self.path.back(mark);
        }
    }
}

/// The text that a long word holds in Base64, if it reads like one: user data of machines.
fn in_base64(text: &str) -> Option<String> {
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\n' | b'\r');
    if text.len() < SHORTEST_ENCODED || !text.bytes().all(belongs) {
        return None;
    }
    let compact: String = text.split_whitespace().collect();
    let inner = String::from_utf8(decompressed(BASE64_STANDARD.decode(compact).ok()?)).ok()?;
    inner.chars().all(|c| !c.is_control() || c.is_whitespace()).then_some(inner)
}

/// What a text was before gzip, if it was made smaller by it.
fn decompressed(bytes: Vec<u8>) -> Vec<u8> {
    let mut text = Vec::new();
    match GzDecoder::new(&*bytes).take(LARGEST).read_to_end(&mut text) {
        Ok(_) => text,
        Err(_) => bytes,
    }
}
