//! The rules of `bundle.json` that its types don't hold.

mod mirror;
mod packages;
mod platform;

use std::collections::HashSet;

pub(crate) use platform::has_group;

use super::{DOCUMENT_MEDIA_TYPE, Document, Encoding, Item};
use crate::Digest;
use crate::bundle::limits;

/// A document that is not a valid `bundle.json`.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is larger than a reader accepts.
    #[error("bundle.json has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// It is not JSON, or a field is missing or of another type.
    #[error("bundle.json can't be read")]
    Json(#[source] serde_json::Error),
    /// It is another kind of document, or one of another version of the format.
    #[error("bundle.json is of type `{0}`, but this version reads `{DOCUMENT_MEDIA_TYPE}`")]
    MediaType(String),
    /// It needs a newer reader.
    #[error("the bundle requires what this version does not know: {}", .0.join(", "))]
    Requires(Vec<String>),
    /// It names too many items or blobs.
    #[error("bundle.json names {count} {what}; at most {limit} are read")]
    TooMany {
        /// `items`, `blobs` or `values`.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many are read.
        limit: usize,
    },
    /// The blobs are not in the order that the format sets, or one stands there twice.
    #[error("blob {0} stands at the wrong place of bundle.json, or twice")]
    BlobOrder(Digest),
    /// The sizes don't fit into 63 bits.
    #[error("the sizes in bundle.json add up to more than any file can hold")]
    SizeOverflow,
    /// Two items of one kind have the same name.
    #[error("{kind} `{name}` stands in bundle.json twice")]
    DuplicateItem {
        /// The kind.
        kind: String,
        /// The name.
        name: String,
    },
    /// An item names content that the bundle does not hold, and it is no delta.
    #[error("{kind} `{name}` needs {digest}, which is not among the blobs")]
    MissingBlob {
        /// The item's kind.
        kind: String,
        /// The item's name.
        name: String,
        /// What is missing.
        digest: Digest,
    },
    /// A set of files, or a repository, has two files at one place.
    #[error("the path `{0}` stands in a set of files twice, or within another file")]
    PathTaken(String),
    /// Packages that contradict each other.
    #[error("the packages for `{series}` can't be right: {problem}")]
    Packages {
        /// The series.
        series: String,
        /// What is wrong with them.
        problem: String,
    },
    /// A mirror that contradicts itself.
    #[error("the mirror `{name}` can't be right: {problem}")]
    Mirror {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A platform that contradicts itself or what the bundle holds.
    #[error("the platform can't be right: {0}")]
    Platform(String),
    /// A path that could lead out of its folder.
    #[error("`{0}` is not a path that a bundle may carry")]
    Path(String),
}

/// The features beyond version 1 that this reader knows: none yet.
const KNOWN_FEATURES: [&str; 0] = [];

pub(super) fn parse(bytes: &[u8]) -> Result<Document, DocumentError> {
    if bytes.len() > limits::DOCUMENT_SIZE {
        return Err(DocumentError::TooLarge { size: bytes.len(), limit: limits::DOCUMENT_SIZE });
    }
    if weight(bytes) > limits::DOCUMENT_VALUES {
        return Err(DocumentError::TooMany { what: "values", count: weight(bytes), limit: limits::DOCUMENT_VALUES });
    }
    // What the document is decides how the rest is read: look at that first.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        media_type: String,
        #[serde(default)]
        requires: Vec<String>,
    }
    let head: Head = serde_json::from_slice(bytes).map_err(DocumentError::Json)?;
    if head.media_type != DOCUMENT_MEDIA_TYPE {
        return Err(DocumentError::MediaType(head.media_type.chars().take(120).collect()));
    }
    let unknown: Vec<String> =
        head.requires.into_iter().filter(|feature| !KNOWN_FEATURES.contains(&feature.as_str())).collect();
    if !unknown.is_empty() {
        return Err(DocumentError::Requires(unknown));
    }
    let document: Document = serde_json::from_slice(bytes).map_err(DocumentError::Json)?;
    validate(&document)?;
    Ok(document)
}

/// How many values JSON holds, counted before memory is taken for any; an object counts as eight.
fn weight(json: &[u8]) -> usize {
    let (mut weight, mut in_string, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => weight += 8,
            b'[' | b',' if !in_string => weight += 1,
            _ => {}
        }
    }
    weight
}

fn validate(document: &Document) -> Result<(), DocumentError> {
    let count = |what, count, limit| {
        if count > limit { Err(DocumentError::TooMany { what, count, limit }) } else { Ok(()) }
    };
    count("items", document.items.len(), limits::ITEMS)?;
    count("blobs", document.blobs.len(), limits::BLOBS)?;
    check_blobs(document)?;
    check_items(document)?;
    document.platform.iter().try_for_each(|platform| platform::check(document, platform))
}

/// Raw blobs stand first, each group in the order of its digests: so every place follows from the list.
fn check_blobs(document: &Document) -> Result<(), DocumentError> {
    let key = |blob: &super::Blob| (blob.encoding != Encoding::Raw, blob.digest);
    for pair in document.blobs.windows(2) {
        if key(&pair[0]) >= key(&pair[1]) {
            return Err(DocumentError::BlobOrder(pair[1].digest));
        }
    }
    let mut digests = HashSet::with_capacity(document.blobs.len());
    let mut total = 0_u64;
    for blob in &document.blobs {
        if !digests.insert(blob.digest) {
            return Err(DocumentError::BlobOrder(blob.digest));
        }
        total = total
            .checked_add(blob.size)
            .filter(|total| *total <= limits::CONTENT_SIZE)
            .ok_or(DocumentError::SizeOverflow)?;
    }
    Ok(())
}

fn check_items(document: &Document) -> Result<(), DocumentError> {
    let mut names = HashSet::new();
    let (mut sets, mut mirrors) = (HashSet::new(), HashSet::new());
    for item in &document.items {
        let kind = item.kind().to_owned();
        let Some(name) = item.reference() else { continue };
        // The layout's index and the site's registry have one name space for all kinds.
        if !names.insert(name.clone()) {
            return Err(DocumentError::DuplicateItem { kind, name });
        }
        for digest in named_digests(item) {
            if document.base.is_none() && document.blob(&digest).is_none() {
                return Err(DocumentError::MissingBlob { kind, name, digest });
            }
        }
        if let Some(files) = item.as_files() {
            if !sets.insert(&files.name) {
                return Err(DocumentError::DuplicateItem { kind, name: files.name.clone() });
            }
            check_paths(files.files.iter().map(|file| file.path.as_str()))?;
        }
        if let Some(set) = item.as_packages() {
            packages::check(set)?;
        }
        if let Some(mirror) = item.as_mirror() {
            if !mirrors.insert(&mirror.name) {
                return Err(DocumentError::DuplicateItem { kind, name: mirror.name.to_string() });
            }
            mirror::check(mirror)?;
        }
    }
    Ok(())
}

/// Every path may be used, each once, and no file stands where another needs a folder.
fn check_paths<'a>(carried: impl Iterator<Item = &'a str>) -> Result<(), DocumentError> {
    let mut paths = HashSet::new();
    for path in carried {
        check_path(path)?;
        if !paths.insert(path) {
            return Err(DocumentError::PathTaken(path.to_owned()));
        }
    }
    let folders = |path: &'_ str| path.match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
    let in_a_file = |path: &&str| folders(path).into_iter().any(|at| paths.contains(&path[..at]));
    match paths.iter().find(|path| in_a_file(path)) {
        Some(path) => Err(DocumentError::PathTaken((*path).to_owned())),
        None => Ok(()),
    }
}

fn named_digests(item: &Item) -> Vec<Digest> {
    let mut digests: Vec<Digest> = item.descriptor().map(|descriptor| descriptor.digest).into_iter().collect();
    digests.extend(item.attached().iter().map(|attached| attached.digest));
    match item {
        Item::Known(super::item::Known::Chart(chart)) => {
            digests.push(chart.archive);
            digests.extend(chart.provenance);
        }
        Item::Known(super::item::Known::Files(files)) => digests.extend(files.files.iter().map(|file| file.digest)),
        Item::Known(super::item::Known::Packages(set)) => {
            digests.extend(set.packages.iter().map(|package| package.digest));
            digests.extend(set.indexes.iter().map(|index| index.digest));
        }
        Item::Known(super::item::Known::Mirror(mirror)) => digests.push(mirror.key.digest),
        Item::Known(super::item::Known::Image(_)) | Item::Unknown(_) => {}
    }
    digests
}

/// Whether a path stays within its folder on every system: relative, `/` between its parts, none of them empty, `.`
/// or `..`, no control characters and no `\`, and nothing invisible that makes it look like another path.
///
/// # Errors
/// [`DocumentError::Path`] for any other.
pub fn check_path(path: &str) -> Result<(), DocumentError> {
    let part = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 255 && !part.chars().any(is_refused);
    if path.len() <= limits::PATH_LENGTH && path.split('/').all(part) {
        return Ok(());
    }
    Err(DocumentError::Path(path.chars().take(120).collect()))
}

/// Whether a path must not hold a character: one that controls terminals, turns the direction of the text around it, or
/// has no width, so that two paths look the same; and `\`, which some systems take for `/`.
fn is_refused(c: char) -> bool {
    let direction =
        matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let no_width = matches!(c, '\u{00ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    let line_end = matches!(c, '\u{2028}' | '\u{2029}');
    c.is_control() || direction || no_width || line_end || c == '\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_look_like_others_are_refused() {
        for path in ["a/grün.txt", "日本/ファイル", "قائمة.txt", "a b/c-d_e.f"] {
            assert!(check_path(path).is_ok(), "{path}");
        }
        for c in "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}\
                  \u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{2028}\u{85}\u{1b}\u{7f}\\"
            .chars()
        {
            assert!(check_path(&format!("a/x{c}gpj.exe")).is_err(), "{}", c.escape_unicode());
        }
    }

    #[test]
    fn files_of_a_set_must_not_be_in_each_others_way() {
        let check = |paths: &[&str]| check_paths(paths.iter().copied()).map_err(|error| error.to_string());
        assert_eq!(check(&["a", "a.b", "ab/c", "d/e", "d/f"]), Ok(()));
        let taken = |path| Err(format!("the path `{path}` stands in a set of files twice, or within another file"));
        assert_eq!(check(&["a", "b", "a"]), taken("a"));
        assert_eq!(check(&["a/b/c", "a"]), taken("a/b/c"));
    }
}
