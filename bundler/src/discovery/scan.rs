//! Looks through texts for image references.
//!
//! A reference is a run of the characters that it may hold, whatever stands around it: quotes, commas, `--flag=`, `1.2=`. What
//! is a part of something larger is none: a path, a URL, an expression that is filled in later.

mod form;
mod key;

use manifests::ImageReference;

pub(super) use form::{Form, is_known_registry, is_plausible};
pub(super) use key::{Naming, naming, words};

use super::Confidence;

/// What texts stand in; a backslash where these stand in quotes themselves.
const QUOTES: [char; 4] = ['"', '\'', '`', '\\'];
/// Schemes before a reference that do not change what it is.
const IMAGE_SCHEMES: [&str; 5] = ["docker", "docker-image", "image", "registry", "containers-storage"];
/// The scheme of charts and other artifacts in a registry.
const ARTIFACT_SCHEME: &str = "oci";

/// Something found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hit<'t> {
    /// An image reference.
    Image { reference: ImageReference, written: &'t str, confidence: Confidence },
    /// An artifact behind `oci://`, without the scheme.
    Artifact(&'t str),
}

/// Finds references in a text. `naming` is how the place of the text is named.
pub(super) fn scan(text: &str, naming: Naming) -> Vec<Hit<'_>> {
    let whole = text.trim();
    text.lines().flat_map(runs).filter_map(|run| hit(&run, naming, run.text.len() == whole.len())).collect()
}

/// A run of characters that a reference may hold.
struct Run<'t> {
    text: &'t str,
    /// What stands before it in its line.
    before: &'t str,
    /// And after it.
    after: &'t str,
}

fn runs(line: &str) -> impl Iterator<Item = Run<'_>> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/' | '@');
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + line.get(rest..)?.find(belongs)?;
        let length = line[start..].find(|c| !belongs(c)).unwrap_or(line.len() - start);
        rest = start + length;
        Some(Run { text: &line[start..rest], before: &line[..start], after: &line[rest..] })
    })
}

/// `is_whole` says that the run is all of its text.
fn hit<'t>(run: &Run<'t>, around: Naming, is_whole: bool) -> Option<Hit<'t>> {
    let text = run.complete()?;
    let (scheme, text) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    match scheme {
        Some(ARTIFACT_SCHEME) => return Form::of(text).map(|_| Hit::Artifact(text)),
        Some(scheme) if !IMAGE_SCHEMES.contains(&scheme) => return None,
        _ => {}
    }
    // `docker://alpine:3.20` says it as clearly as `image:` would.
    let by_scheme = if scheme.is_some() { Naming::Exactly } else { Naming::Not };
    let (text, own) = match text.split_once(':') {
        // `image:quay.io/a/b:1`, without a blank.
        Some((name, rest)) if rest.contains('/') && !name.contains('/') && naming(name) > Naming::Not => {
            (rest, naming(name))
        }
        _ => (text, run.key().map_or(Naming::Not, naming).max(by_scheme)),
    };
    // Without a slash only the name of its place makes a word an image: most words end here.
    if own.max(around) == Naming::Not && !text.contains(['/', '@']) {
        return None;
    }
    let form = Form::of(text)?;
    // The name of a place is that of all references in it that say all; a word counts where it is all that is said.
    let named = if is_whole || form.is_full() { own.max(around) } else { own };
    let confidence = judge(&form, text, named, is_whole || run.is_assigned() || scheme.is_some())?;
    Some(Hit::Image { reference: form.into_reference(), written: text, confidence })
}

/// How sure it is that a text of a form is an image, where its place is named so.
fn judge(form: &Form, text: &str, naming: Naming, stands_alone: bool) -> Option<Confidence> {
    let named = naming > Naming::Not;
    match form {
        // A digest is unmistakable.
        Form::Digest(_) => Some(Confidence::Likely),
        Form::Full(_) if named => Some(Confidence::Likely),
        Form::Full(reference) => is_plausible(reference, text).then_some(Confidence::Possible),
        Form::Hosted(_) if naming == Naming::Exactly && stands_alone => Some(Confidence::Likely),
        Form::Hosted(reference) => {
            let known = is_known_registry(reference.repository().registry());
            (known && reference.repository().path().contains('/') && text.matches('/').count() >= 2)
                .then_some(Confidence::Possible)
        }
        Form::Path(_) if naming == Naming::Exactly && stands_alone => Some(Confidence::Likely),
        // One of a table of images: `images: {proxy: team/proxy}`.
        Form::Path(_) => (named && stands_alone).then_some(Confidence::Possible),
        Form::Tagged(_) => (named && stands_alone).then_some(Confidence::Likely),
        Form::Bare(_) => {
            (naming == Naming::Exactly && stands_alone && form::is_name(text)).then_some(Confidence::Possible)
        }
    }
}

impl<'t> Run<'t> {
    /// The run without the punctuation of a sentence, unless it is a part of something larger.
    fn complete(&self) -> Option<&'t str> {
        // `<image>a/b:1</image>`, and texts within quotes that stand in quotes themselves.
        let is_element = self.before.ends_with('>') && self.after.starts_with("</");
        let is_escaped = ["\\n", "\\t", "\\\""].iter().any(|end| self.after.starts_with(end));
        let part_of_more =
            !is_element && self.before.ends_with(['$', '}', '>', '*', '~', '\\', ')', ']', '+', '%', '?']);
        let goes_on = !(is_element || is_escaped)
            && self.after.starts_with(['{', '$', '<', '*', '%', '[', '(', '+', '?', '\\', '^', '~']);
        if part_of_more || goes_on {
            return None;
        }
        let text = self.text.trim_end_matches(['.', ':', ',', '-', '/']);
        (!text.is_empty() && !text.starts_with(['/', '.', ':', '@', '-', '_'])).then_some(text)
    }

    /// The word that names it in its line: `--image=…`, `--image …`, `image: …`, `"image": "…"`, `IMAGE=…`.
    fn key(&self) -> Option<&'t str> {
        if let Some(tag) = self.before.strip_suffix('>').filter(|_| self.after.starts_with("</")) {
            return tag.rsplit('<').next();
        }
        let trimmed = self.before.trim_end_matches(QUOTES);
        let without_blanks = trimmed.trim_end();
        let before = without_blanks.trim_end_matches(['=', ':']);
        let is_assigned = before.len() < without_blanks.len();
        let before = before.trim_end_matches([' ', '"', '\'', '`', '\\', '?']);
        let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let word = &before[before.trim_end_matches(in_word).len()..];
        (is_assigned || word.starts_with('-')).then_some(word).filter(|word| !word.is_empty())
    }

    /// Whether it is all that its key is given: nothing but quotes and ends follows.
    fn is_assigned(&self) -> bool {
        // Within quotes it is all only if they end there.
        let opened = self.before.ends_with(QUOTES);
        if opened && !self.after.starts_with(QUOTES) {
            return false;
        }
        let rest = self.after.trim_start_matches(QUOTES);
        let ends = rest.is_empty() || rest.starts_with([' ', '\t', ',', ';', '}', ']', '|', '&', ')']);
        self.key().is_some() && (ends || self.after.starts_with("</"))
    }
}

#[cfg(test)]
mod tests;
