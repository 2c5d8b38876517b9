//! Versions of packages and their order, as dpkg has them (`deb-version(7)`).

use std::cmp::Ordering;
use std::str::FromStr;

use crate::word::{excerpt, word};

/// The longest version that is read, in bytes.
const MAX_LENGTH: usize = 255;

/// A package's version: `[epoch:]upstream[-revision]`.
///
/// It is compared as dpkg compares it, so two that are written differently may be equal: `1.0`, `0:1.0` and `1.00-0`.
/// [`Version::as_str`] gives what was written, which is what names the version.
#[derive(Debug, Clone)]
pub struct Version(Box<str>);

word!(
    Version,
    "^([0-9]+:)?[A-Za-z0-9][A-Za-z0-9.+:~_-]{0,254}$",
    "A version of a Debian package, such as `1:2.6.2-4+deb12u1`."
);

impl Version {
    /// The epoch; 0 when there is none.
    pub fn epoch(&self) -> u32 {
        split(&self.0).epoch
    }

    /// The version of upstream.
    pub fn upstream(&self) -> &str {
        split(&self.0).upstream
    }

    /// The revision of the package; empty when there is none.
    pub fn revision(&self) -> &str {
        split(&self.0).revision
    }

    /// The version without its epoch, as it stands in file names.
    pub fn without_epoch(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(_, rest)| rest)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_version(text) { Ok(Self(text.into())) } else { Err(VersionError(excerpt(text))) }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

/// Whether a text is a version. Some in the wild begin with a letter: dpkg warns of them and goes on.
pub fn is_version(text: &str) -> bool {
    let (epoch, rest) = text.split_once(':').map_or((None, text), |(epoch, rest)| (Some(epoch), rest));
    let epoch_fits = epoch.is_none_or(|epoch| {
        epoch.bytes().all(|byte| byte.is_ascii_digit())
            && epoch.parse::<u32>().is_ok_and(|epoch| epoch <= i32::MAX as u32)
    });
    epoch_fits
        && text.len() <= MAX_LENGTH
        && rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'~' | b':' | b'_'))
        && !rest.ends_with('-')
}

/// Compares two texts that are versions. It allocates nothing: indexes are compared without being taken apart.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    a.epoch
        .cmp(&b.epoch)
        .then_with(|| compare_part(a.upstream.as_bytes(), b.upstream.as_bytes()))
        .then_with(|| compare_part(a.revision.as_bytes(), b.revision.as_bytes()))
}

struct Parts<'a> {
    epoch: u32,
    upstream: &'a str,
    revision: &'a str,
}

fn split(text: &str) -> Parts<'_> {
    let (epoch, rest) = match text.split_once(':') {
        // Checked when it was parsed; of an unchecked text, the largest.
        Some((epoch, rest)) => (epoch.parse().unwrap_or(u32::MAX), rest),
        None => (0, text),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    Parts { epoch, upstream, revision }
}

/// Text and numbers in turn: text by [`weight`], numbers by value.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        while starts_with_text(a) || starts_with_text(b) {
            let order = weight(a.first()).cmp(&weight(b.first()));
            if order.is_ne() {
                return order;
            }
            // Equal weights below a number or the end can only be two equal letters.
            (a, b) = (&a[1..], &b[1..]);
        }
        let (number_a, rest_a) = take_number(a);
        let (number_b, rest_b) = take_number(b);
        let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn starts_with_text(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| !byte.is_ascii_digit())
}

/// `~` sorts before the end, letters before everything else. A digit counts as the end of the text before it.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

/// The digits in front, without leading zeros, and the rest.
fn take_number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    (&digits[zeros..], rest)
}

/// A text that is no version of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of a Debian package: expected one such as `1:2.6.2-4+deb12u1`")]
pub struct VersionError(String);

#[cfg(test)]
mod tests;
