//! Credentials have no place in stacks, components and sites, but where somebody put them, an error about their line must not
//! carry them into a build's log.

mod fields;

pub(crate) use fields::names_secret;

/// The names in a URL's query, in lower case, whose values let somebody in.
const SECRET_NAMES: [&str; 17] = [
    "token",
    "access_token",
    "private_token",
    "job_token",
    "auth",
    "apikey",
    "api_key",
    "password",
    "passwd",
    "secret",
    "client_secret",
    "sig",
    "signature",
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
    "x-goog-signature",
];

/// Whether the value of a name in a URL's query is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str())
}

/// The text with `*` over the credentials of its URLs and over what stands where a secret would. Its length stays the
/// same.
pub(super) fn mask(text: &str) -> String {
    fields::mask(&mask_queries(&mask_users(text)))
}

/// Puts `*` over the values of secret names.
fn mask_queries(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['?', '&']).map(|at| at + 1) {
        let (before, after) = rest.split_at(start);
        shown.push_str(before);
        rest = after;
        let longest = 32;
        let end = after.bytes().take(longest).position(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        let Some((name, value)) = end.map(|end| after.split_at(end)) else { continue };
        if value.starts_with('=') && is_secret(name) {
            let end = value.find(|c: char| c.is_whitespace() || "&#\"'".contains(c)).unwrap_or(value.len());
            shown.push_str(name);
            shown.push('=');
            shown.extend(std::iter::repeat_n('*', end - 1));
            rest = &value[end..];
        }
    }
    shown.push_str(rest);
    shown
}

/// How far beyond a slash the end of a password is looked for, in bytes.
const LONGEST_PASSWORD: usize = 256;

/// Puts `*` over what stands between `://` and `@`.
fn mask_users(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://").map(|at| at + 3) {
        let (before, after) = rest.split_at(start);
        shown.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c)).unwrap_or(after.len());
        let (authority, after) = after.split_at(end);
        // A `/` in a password cuts the authority short: then the rest of the word decides.
        let near = &after.as_bytes()[..after.len().min(LONGEST_PASSWORD)];
        let word = near.split(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'')).next().unwrap_or_default();
        let reach = match authority.rfind('@') {
            Some(at) => at,
            None if looks_like_password(authority) => word.iter().rposition(|b| *b == b'@').map_or(0, |at| end + at),
            None => 0,
        };
        let whole = &rest[start..];
        shown.extend(std::iter::repeat_n('*', reach));
        shown.push_str(&whole[reach..end.max(reach)]);
        rest = &whole[end.max(reach)..];
    }
    shown.push_str(rest);
    shown
}

/// Whether `a:b` before a slash is a name and a password rather than a host and a port.
fn looks_like_password(authority: &str) -> bool {
    authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err())
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn credentials_are_masked_and_nothing_moves() {
        for (text, shown) in [
            ("url: https://me:secret@example.org/x", "url: https://*********@example.org/x"),
            ("url: https://token@example.org", "url: https://*****@example.org"),
            ("a: https://me:p@ss@h/ b: http://u:v@w/", "a: https://*******@h/ b: http://***@w/"),
            ("url: https://me:se/cret@example.org/x", "url: https://**********@example.org/x"),
            ("image: oci://h:5000/a/b@sha256:00", "image: oci://h:5000/a/b@sha256:00"),
            ("plain text, mail@example.org", "plain text, mail@example.org"),
            ("é: https://ü:ö@h", "é: https://*****@h"),
            ("http://", "http://"),
            ("url: https://h/f?Token=abc&x=1&sig=ü#f", "url: https://h/f?Token=***&x=1&sig=**#f"),
            ("a?token, b & c?d=e", "a?token, b & c?d=e"),
        ] {
            assert_eq!(mask(text), shown);
            assert_eq!(mask(text).len(), text.len());
        }
    }
}
