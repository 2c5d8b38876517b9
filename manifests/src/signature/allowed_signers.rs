//! The `allowed_signers` file, as ssh-keygen(1) has it under ALLOWED SIGNERS:
//! `principals [options] keytype base64-key [comment]`.

use jiff::Timestamp;
use miette::NamedSource;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::{LineError, TrustError, check_key, timestamp};

/// The largest file in bytes.
const MAX_FILE: usize = 1 << 20;
/// The most lines.
const MAX_LINES: usize = 10_000;

/// One line that trusts a key.
#[derive(Debug, Clone)]
pub(super) struct AllowedSigner {
    /// The line's number, from 1.
    pub(super) line: usize,
    /// The principals, as written: a pattern list.
    pub(super) principals: String,
    pub(super) namespaces: Option<String>,
    pub(super) valid_after: Option<Timestamp>,
    pub(super) valid_before: Option<Timestamp>,
    pub(super) key: KeyData,
}

pub(super) fn parse(text: &str, file: &str) -> Result<Vec<AllowedSigner>, TrustError> {
    let too_large = |what, limit| TrustError::TooLarge { file: file.to_owned(), limit, what };
    if text.len() > MAX_FILE {
        return Err(too_large("bytes", MAX_FILE));
    }
    let mut signers = Vec::new();
    for (number, whole) in text.lines().enumerate() {
        if number >= MAX_LINES {
            return Err(too_large("lines", MAX_LINES));
        }
        let content = whole.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let signer = parse_line(content, number + 1).map_err(|slip| {
            // Slices of one text: where the slip stands is the distance between them.
            let offset = (slip.at.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
            TrustError::Line(Box::new(LineError {
                file: file.to_owned(),
                line: number + 1,
                problem: slip.problem,
                help: slip.help.map(str::to_owned),
                text: NamedSource::new(file, text.to_owned()),
                place: (offset, slip.at.len()).into(),
            }))
        })?;
        signers.push(signer);
    }
    if signers.is_empty() {
        return Err(TrustError::Empty { file: file.to_owned() });
    }
    Ok(signers)
}

/// What is wrong with a line, and where.
struct Slip<'a> {
    at: &'a str,
    problem: String,
    help: Option<&'static str>,
}

fn slip<'a>(at: &'a str, problem: impl Into<String>, help: &'static str) -> Slip<'a> {
    Slip { at, problem: problem.into(), help: Some(help).filter(|help| !help.is_empty()) }
}

const FORM: &str = "a line is `principals [options] keytype key`, such as `ci@example.com namespaces=\"airgap-bundle\" ssh-ed25519 AAAA…`";

fn parse_line(line: &str, number: usize) -> Result<AllowedSigner, Slip<'_>> {
    let (principals, rest) = principals(line)?;
    let mut signer = Draft::default();
    let key = if is_key(rest) {
        rest
    } else {
        let (options, key) = split_options(rest)?;
        signer.options(options)?;
        key
    };
    let parsed = parse_key(key)?;
    if let (Some(after), Some(before)) = (signer.valid_after, signer.valid_before)
        && before <= after
    {
        return Err(slip(rest, "valid-before is not after valid-after", ""));
    }
    Ok(AllowedSigner {
        line: number,
        principals: principals.to_owned(),
        namespaces: signer.namespaces,
        valid_after: signer.valid_after,
        valid_before: signer.valid_before,
        key: parsed,
    })
}

/// The first field, which may stand in double quotes.
fn principals(line: &str) -> Result<(&str, &str), Slip<'_>> {
    let (field, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or_else(|| slip(line, "the quote is never closed", ""))?,
        None => {
            line.split_once([' ', '\t']).ok_or_else(|| slip(line, "there is no key behind the principals", FORM))?
        }
    };
    if field.split(',').any(|pattern| pattern.is_empty() || pattern == "!") {
        return Err(slip(field, format!("`{field}` has an empty principal"), FORM));
    }
    if field.split(',').all(|pattern| pattern.starts_with('!')) {
        return Err(slip(field, format!("`{field}` matches nobody"), "name at least one principal without `!`"));
    }
    Ok((field, rest.trim_start()))
}

fn is_key(text: &str) -> bool {
    let word = text.split([' ', '\t']).next().unwrap_or_default();
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

/// The options end at the first blank that is not in quotes.
fn split_options(text: &str) -> Result<(&str, &str), Slip<'_>> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Ok((&text[..at], text[at..].trim_start())),
            _ => {}
        }
    }
    if quoted {
        return Err(slip(text, "the quote is never closed", ""));
    }
    Err(slip(text, "there is no key on this line", FORM))
}

fn parse_key(text: &str) -> Result<KeyData, Slip<'_>> {
    let mut words = text.split_ascii_whitespace();
    let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let end = if key.is_empty() { text.len() } else { key.as_ptr() as usize - text.as_ptr() as usize + key.len() };
    let place = &text[..end];
    if kind.contains("-cert-v0") {
        return Err(slip(place, "certificates are not supported", "give the signer's own public key"));
    }
    let parsed = PublicKey::from_openssh(&format!("{kind} {key}"))
        .map_err(|error| slip(place, format!("this is no public key: {error}"), FORM))?;
    check_key(parsed.key_data()).map_err(|refused| slip(place, refused.to_string(), ""))?;
    Ok(parsed.key_data().clone())
}

/// The options of a line while they are read.
#[derive(Default)]
struct Draft {
    namespaces: Option<String>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

impl Draft {
    fn options<'a>(&mut self, text: &'a str) -> Result<(), Slip<'a>> {
        for option in split_commas(text) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            match name.to_ascii_lowercase().as_str() {
                "cert-authority" => {
                    return Err(slip(option, "`cert-authority` is not supported", "list each signer's own public key"));
                }
                "namespaces" => set(&mut self.namespaces, unquote(option, value)?, option)?,
                "valid-after" => set(&mut self.valid_after, time(option, value)?, option)?,
                "valid-before" => set(&mut self.valid_before, time(option, value)?, option)?,
                _ => {
                    return Err(slip(
                        option,
                        format!("`{name}` is no option of this file"),
                        "the options are namespaces=\"…\", valid-after=\"…\" and valid-before=\"…\"",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Splits at commas that are not in quotes.
fn split_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn set<'a, T>(field: &mut Option<T>, value: T, option: &'a str) -> Result<(), Slip<'a>> {
    if field.replace(value).is_some() {
        return Err(slip(option, "the option stands here twice", ""));
    }
    Ok(())
}

fn unquote<'a>(option: &'a str, value: &str) -> Result<String, Slip<'a>> {
    let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).filter(|inner| !inner.is_empty());
    match inner {
        Some(inner) => Ok(inner.replace("\\\"", "\"")),
        None => Err(slip(option, "the value must stand in double quotes", "")),
    }
}

fn time<'a>(option: &'a str, value: &str) -> Result<Timestamp, Slip<'a>> {
    let text = unquote(option, value)?;
    timestamp::parse(&text).ok_or_else(|| {
        slip(option, format!("`{text}` is no timestamp"), "write YYYYMMDD or YYYYMMDDHHMM[SS]; it is read as UTC")
    })
}

#[cfg(test)]
mod tests;
