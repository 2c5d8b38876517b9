//! A chart as it renders where versions of Kubernetes' own API are gone.
//!
//! Helm can be told what else the API has and not what it lacks. So the words by which templates ask for what is gone are
//! made others in a copy of the chart, which nothing has.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{ASKS, DEPTH, chain, in_charts};
use crate::charts::archive::{ArchiveError, MAX_UNPACKED, for_each_file_within};
use crate::discovery::removed;

/// What is put behind the name of what is gone.
const GONE: &[u8] = b".gone";

/// The archive of a chart in which no template finds what Kubernetes 1.`minor` lacks; none where none asks for it.
///
/// # Errors
/// Why it can't be read, for people.
pub(in crate::discovery) fn without_gone(archive: &Path, minor: u64) -> Result<Option<Vec<u8>>, String> {
    let file = std::fs::File::open(archive).map_err(|error| error.to_string())?;
    let left = Cell::new(MAX_UNPACKED);
    let (copy, is_other) = copy(io::BufReader::new(file), minor, 0, &left).map_err(|error| chain(&error))?;
    Ok(is_other.then_some(copy))
}

/// A copy of an archive, and whether it is another one. Those within each other share what is `left` to be unpacked.
fn copy(archive: impl Read, minor: u64, depth: usize, left: &Cell<u64>) -> Result<(Vec<u8>, bool), ArchiveError> {
    let mut copied = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut is_other = false;
    for_each_file_within(archive, left, |name, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        if name.ends_with(".tgz") && in_charts(name) && depth < DEPTH {
            let (inner, differs) = copy(&*bytes, minor, depth + 1, left).map_err(io::Error::other)?;
            is_other |= differs;
            bytes = if differs { inner } else { bytes };
        } else if let Some(other) = other_words(&bytes, minor) {
            is_other = true;
            bytes = other;
        }
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        copied.append_data(&mut header, format!("chart/{name}"), &*bytes)
    })?;
    let bytes = copied.into_inner().and_then(|mut gzip| gzip.flush().and_then(|()| gzip.finish()));
    Ok((bytes.map_err(ArchiveError::Unreadable)?, is_other))
}

/// A template whose questions for what is gone are others; none where it has no such question.
fn other_words(template: &[u8], minor: u64) -> Option<Vec<u8>> {
    let mut other = Vec::new();
    let mut rest = template;
    let mut is_other = false;
    while let Some(begin) = memchr::memmem::find(rest, b"{{") {
        let (before, from) = rest.split_at(begin);
        let (action, after) = from.split_at(memchr::memmem::find(from, b"}}").unwrap_or(from.len()));
        other.extend_from_slice(before);
        if memchr::memmem::find(action, ASKS).is_some() {
            is_other |= put_others(action, minor, &mut other);
        } else {
            other.extend_from_slice(action);
        }
        rest = after;
    }
    other.extend_from_slice(rest);
    is_other.then_some(other)
}

/// Writes an action, with other words for what is gone. Whether there were any.
fn put_others(action: &[u8], minor: u64, to: &mut Vec<u8>) -> bool {
    let mut is_other = false;
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'`');
    // What stands between quotes is every other part.
    for (at, part) in action.split_inclusive(is_quote).enumerate() {
        let text = part.strip_suffix(b"\"").or_else(|| part.strip_suffix(b"`"));
        match text.filter(|text| at % 2 == 1 && is_gone(text, minor)) {
            Some(text) => {
                is_other = true;
                to.extend_from_slice(text);
                to.extend_from_slice(GONE);
                to.extend_from_slice(&part[text.len()..]);
            }
            None => to.extend_from_slice(part),
        }
    }
    is_other
}

/// Whether a text is a version that is gone, or a kind of it.
fn is_gone(text: &[u8], minor: u64) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut parts = text.splitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(group), Some(version)) => removed::is_gone(&format!("{group}/{version}"), minor),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(template: &str) -> String {
        other_words(template.as_bytes(), 30).map(|bytes| String::from_utf8(bytes).unwrap()).unwrap_or_default()
    }

    #[test]
    fn questions_for_what_is_gone_become_others() {
        for (template, expected) in [
            (
                "a {{ if .Capabilities.APIVersions.Has \"batch/v1beta1\" }}batch/v1beta1{{ end }}",
                "a {{ if .Capabilities.APIVersions.Has \"batch/v1beta1.gone\" }}batch/v1beta1{{ end }}",
            ),
            (
                "{{ if has `policy/v1beta1/PodSecurityPolicy` .Capabilities.APIVersions }}",
                "{{ if has `policy/v1beta1/PodSecurityPolicy.gone` .Capabilities.APIVersions }}",
            ),
            (
                "{{ or (.APIVersions.Has \"batch/v1\") (.APIVersions.Has \"apps/v2\") }}",
                "{{ or (.APIVersions.Has \"batch/v1\") (.APIVersions.Has \"apps/v2.gone\") }}",
            ),
        ] {
            assert_eq!(other(template), expected);
        }
    }

    #[test]
    fn all_else_stays() {
        for template in [
            "{{ if .Capabilities.APIVersions.Has \"batch/v1\" }}",
            "{{ $api := \"batch/v1beta1\" }}",
            "apiVersion: batch/v1beta1 # APIVersions",
            "{{ if .Capabilities.APIVersions.Has \"example.org/v1beta1\" }}",
            "{{",
        ] {
            assert_eq!(other(template), "", "{template}");
        }
    }
}
