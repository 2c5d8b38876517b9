//! Secrets that somebody wrote behind a field's name. This works on the text, because a file that can't be read as YAML
//! is shown too. It would rather hide too much: what stays visible of a secret's field is its name, and where a secret
//! is kept.

/// What the names of fields with secrets end with, in lower case and without `-`, `_` and `.`.
const ENDINGS: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "secrets",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "encryptionkey",
    "credentials",
    "rootpw",
];
/// Ways to say where a secret is.
const SOURCES: [&str; 3] = ["file", "env", "prompt"];

/// Whether a field of this name would hold a secret.
pub(crate) fn names_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    let plain = plain.to_ascii_lowercase();
    // Names of Kubernetes' objects that hold one: `existingSecret`, `imagePullSecrets`.
    let object = ["existingsecret", "pullsecret", "pullsecrets", "tlssecret"].iter().any(|end| plain.ends_with(end));
    !object && ENDINGS.iter().any(|end| plain.ends_with(end))
}

/// The text with `*` over the values of fields that would hold secrets.
pub(super) fn mask(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // The indentation of the secret's field in whose value we are.
    let mut within: Option<usize> = None;
    let mut pem = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let indent = body.len() - body.trim_start_matches([' ', '-']).len();
        pem |= body.contains("PRIVATE KEY-----") && body.contains("-----BEGIN");
        if !body.trim().is_empty() && within.is_some_and(|outer| indent <= outer) {
            within = None;
        }
        let from = if pem {
            Some(indent)
        } else if within.is_some() {
            inner(body, indent)
        } else {
            let found = secret_field(body);
            within = found.filter(|_| !body.trim_start().starts_with('#')).map(|_| indent);
            found.and_then(|value| value_to_hide(body, value))
        };
        let from = from.unwrap_or(body.len());
        shown.push_str(&body[..from]);
        shown.extend(body[from..].bytes().map(|_| '*'));
        shown.push_str(&line[body.len()..]);
        pem &= !body.contains("-----END");
    }
    shown
}

/// From where a line within a secret's value is hidden: all of it, or what stands behind a name.
fn inner(body: &str, indent: usize) -> Option<usize> {
    match body[indent..].find(": ").map(|at| indent + at) {
        Some(colon) if SOURCES.contains(&body[indent..colon].trim_matches(['"', '\''])) => None,
        Some(colon) => value_to_hide(body, colon + 1),
        None if body.ends_with(':') => None,
        None => Some(indent).filter(|at| *at < body.len()),
    }
}

/// Where the value of the first field of a line begins that would hold a secret: behind its colon.
fn secret_field(body: &str) -> Option<usize> {
    let colons = body.match_indices(':').map(|(at, _)| at);
    colons
        .filter(|colon| body[colon + 1..].is_empty() || body[colon + 1..].starts_with([' ', '\t', '"', '\'']))
        .find(|colon| {
            let name = body[..*colon].trim_end_matches(['"', '\'']);
            let start = name.rfind(|c: char| c.is_whitespace() || "{[,\"'".contains(c)).map_or(0, |at| at + 1);
            name.get(start..).is_some_and(names_secret)
        })
        .map(|colon| colon + 1)
}

/// From where a value is hidden: nothing of it where it is none, the beginning of a block, or says where a secret is.
fn value_to_hide(body: &str, start: usize) -> Option<usize> {
    let value = body[start..].trim_start();
    let from = body.len() - value.len();
    let source = value.strip_prefix('{').is_some_and(|inside| {
        let name = inside.split(':').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        SOURCES.contains(&name)
    });
    let none = value.is_empty() || value.starts_with('#') || matches!(value, "|" | ">" | "|-" | ">-" | "null" | "~");
    let empty = matches!(value, "\"\"" | "''" | "{}" | "[]");
    if source || none || empty { None } else { Some(from) }
}

#[cfg(test)]
mod tests {
    use super::{mask, names_secret};

    #[test]
    fn secrets_are_hidden_with_whatever_follows_and_their_sources_stay() {
        for (text, shown) in [
            ("password: hunter2", "password: *******"),
            ("  adminPassword: 'a, b'\n  other: x", "  adminPassword: ******\n  other: x"),
            ("{user: a, token: abc}", "{user: a, token: ****"),
            ("password: {file: ./a}\nx: y", "password: {file: ./a}\nx: y"),
            ("password: {value: abc}", "password: ************"),
            ("password:\n  file: ./a\nx: y", "password:\n  file: ./a\nx: y"),
            ("password:\n  value: abc\nx: y", "password:\n  value: ***\nx: y"),
            ("a:\n  token: |\n    abc\n\n    def\n  b: c", "a:\n  token: |\n    ***\n\n    ***\n  b: c"),
            ("secrets:\n  a.b: {env: C}\n  d: e\nf: g", "secrets:\n  a.b: {env: C}\n  d: *\nf: g"),
            (
                "x: -----BEGIN RSA PRIVATE KEY-----\n  ab\n  -----END RSA PRIVATE KEY-----\nb: c",
                "**********************************\n  **\n  -----************************\nb: c",
            ),
            ("existingSecret: name", "existingSecret: name"),
            ("url: https://x/token:y", "url: https://x/token:y"),
            ("passwörd: ü\npassword: ü", "passwörd: ü\npassword: **"),
        ] {
            assert_eq!(mask(text), shown, "{text}");
            assert_eq!(mask(text).len(), text.len());
        }
    }

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for name in ["password", "adminPassword", "root_password", "auth.token", "secretKey", "clientSecret", "API_KEY"]
        {
            assert!(names_secret(name), "{name}");
        }
        for name in ["existingSecret", "imagePullSecrets", "passwordKey", "tokenTTL", "secretName", "username", "key"] {
            assert!(!names_secret(name), "{name}");
        }
    }
}
