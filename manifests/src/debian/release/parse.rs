//! Reads a `Release`.

use std::collections::BTreeMap;

use super::{IndexFile, MAX_SIZE, Release, date};
use crate::Digest;
use crate::debian::architecture::Architecture;
use crate::debian::control::{ControlError, Field, Stanzas};
use crate::document::check_path;
use crate::word::excerpt;

pub(super) fn parse(text: &[u8]) -> Result<Release, ReleaseError> {
    if text.len() > MAX_SIZE {
        return Err(ReleaseError::TooLarge(text.len()));
    }
    let mut stanzas = Stanzas::new(text);
    let stanza = stanzas.next().ok_or(ReleaseError::Stanzas)??;
    if stanzas.next().is_some() {
        return Err(ReleaseError::Stanzas);
    }
    let mut release = Release::new(jiff::Timestamp::UNIX_EPOCH);
    let mut seen = Vec::new();
    for field in stanza.fields() {
        let field = field?;
        let name = field.name.to_ascii_lowercase();
        set(&mut release, &name, &field)?;
        if seen.contains(&name) {
            return Err(ReleaseError::Twice { line: field.line, field: excerpt(field.name) });
        }
        seen.push(name);
    }
    if seen.iter().any(|name| name == "date") { Ok(release) } else { Err(ReleaseError::NoDate) }
}

fn set(release: &mut Release, name: &str, field: &Field<'_>) -> Result<(), ReleaseError> {
    let bad = || ReleaseError::Value { line: field.line, field: excerpt(field.name), value: excerpt(field.value) };
    let date = || date::parse(field.value).ok_or_else(bad);
    let line = || if field.value.contains('\n') { Err(bad()) } else { Ok(Some(field.value.to_owned())) };
    let yes = || match field.value.to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(bad()),
    };
    match name {
        "origin" => release.origin = line()?,
        "label" => release.label = line()?,
        "suite" => release.suite = line()?,
        "codename" => release.codename = line()?,
        "version" => release.version = line()?,
        "date" => release.date = date()?,
        "valid-until" => release.valid_until = Some(date()?),
        "architectures" => {
            let words = field.value.split_ascii_whitespace().filter(|word| *word != "source");
            release.architectures =
                words.map(str::parse::<Architecture>).collect::<Result<_, _>>().map_err(|_| bad())?;
        }
        "components" => release.components = field.value.split_ascii_whitespace().map(str::to_owned).collect(),
        "acquire-by-hash" => release.acquire_by_hash = yes()?,
        "notautomatic" => release.not_automatic = yes()?,
        "butautomaticupgrades" => release.but_automatic_upgrades = yes()?,
        "sha256" => release.files = files(field)?,
        _ => {}
    }
    Ok(())
}

fn files(field: &Field<'_>) -> Result<BTreeMap<String, IndexFile>, ReleaseError> {
    let mut files = BTreeMap::new();
    for line in field.value.lines().filter(|line| !line.trim().is_empty()) {
        let (path, file) = file(line).ok_or_else(|| ReleaseError::File(excerpt(line.trim())))?;
        if files.insert(path.to_owned(), file).is_some_and(|other| other != file) {
            return Err(ReleaseError::TwoDigests(excerpt(path)));
        }
    }
    Ok(files)
}

fn file(line: &str) -> Option<(&str, IndexFile)> {
    let mut words = line.split_ascii_whitespace();
    let (digest, size, path) = (words.next()?, words.next()?, words.next()?);
    let digest = Digest::from_hex(&digest.to_ascii_lowercase()).ok()?;
    let size = size.parse().ok()?;
    check_path(path).ok()?;
    words.next().is_none().then_some((path, IndexFile { digest, size }))
}

/// A `Release` that can't be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// It is larger than [`MAX_SIZE`].
    #[error("the Release file has {0} bytes, more than the {MAX_SIZE} that are read")]
    TooLarge(usize),
    /// It can't be read.
    #[error("the Release file can't be read")]
    Control(#[from] ControlError),
    /// There is no stanza, or more than one.
    #[error("the Release file must have exactly one stanza")]
    Stanzas,
    /// Nothing says how old it is.
    #[error("the Release file has no `Date`")]
    NoDate,
    /// A field is there twice.
    #[error("line {line} of the Release file: the field `{field}` is there twice")]
    Twice {
        /// The second one's line, from 1.
        line: usize,
        /// The field.
        field: String,
    },
    /// A field has a value that it can't have.
    #[error("line {line} of the Release file: `{value}` can't be the value of the field `{field}`")]
    Value {
        /// The field's line, from 1.
        line: usize,
        /// The field.
        field: String,
        /// The start of its value.
        value: String,
    },
    /// A line of its digests is none, or its path leads out of the suite.
    #[error("the Release file lists `{0}`: expected a SHA-256 digest, a size and a path below the suite")]
    File(String),
    /// A path is listed with two digests.
    #[error("the Release file lists `{0}` with two digests")]
    TwoDigests(String),
}
