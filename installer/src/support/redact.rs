//! Takes secrets out of texts: those that are known, wherever they stand, and what looks like one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";
/// Shorter ones would be found in every other word.
const SHORTEST: usize = 6;
/// The words behind which a secret stands, in lower case.
const WORDS: [&str; 8] = ["password", "passwd", "token", "secret", "authorization", "bearer", "private-key", "api-key"];

/// Takes secrets out of texts.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("secrets", &self.secrets.len()).finish()
    }
}

impl Redactor {
    /// Knows a secret, each line of it, and how it stands in an object of Kubernetes (as base64) and within JSON.
    pub fn know(&mut self, secret: &str) {
        let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST && !line.starts_with("-----"));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        if !lines.is_empty() {
            self.secrets.push(STANDARD.encode(secret));
        }
        let quoted = lines.iter().map(|line| serde_json::Value::from(line.as_str()).to_string());
        self.secrets.extend(quoted.map(|line| line[1..line.len() - 1].to_owned()));
        self.secrets.extend(lines);
        // The longest first: one may be a part of another.
        self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.secrets.dedup();
    }

    /// The text without them.
    pub fn redact(&self, text: &str) -> String {
        let known = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, REDACTED));
        let mut kept = String::with_capacity(known.len());
        let mut in_key = false;
        for line in known.split_inclusive('\n') {
            if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
                in_key = true;
                kept.push_str(REDACTED);
                kept.push('\n');
            }
            let ends = in_key && line.contains("-----END ");
            if !in_key {
                kept.push_str(&self::line(line));
            }
            in_key &= !ends;
        }
        kept
    }
}

/// A line without what stands behind a word such as `password`.
fn line(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let places = WORDS.iter().flat_map(|word| lower.match_indices(word));
    let found = places.filter_map(|(start, word)| {
        let end = start + word.len();
        let rest = &line[end..];
        // `password: x`, `"token": "x"`, `--token=x`, `Bearer x`; not `tokens are`.
        let gap = rest.find(|sign: char| !matches!(sign, '"' | '\'' | ':' | '=' | ' ')).unwrap_or(rest.len());
        let separated = rest[..gap].contains([':', '=']) || (word == "bearer" && gap > 0);
        (separated && !rest[gap..].trim().is_empty()).then_some((end + gap, word))
    });
    match found.min() {
        Some((from, word)) => {
            let rest = &line[from..];
            // `Authorization: Basic x`: more than a word.
            let ends: &[char] = if word == "authorization" { &['"', '\n'] } else { &['"', '\'', ' ', ',', '\n', '&'] };
            let to = rest.find(ends).unwrap_or(rest.len());
            format!("{}{REDACTED}{}", &line[..from], self::line(&rest[to..]))
        }
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_and_what_looks_like_one_go_and_the_rest_stays() {
        let mut redactor = Redactor::default();
        redactor.know("correct horse\n");
        redactor.know("short");
        for (text, clean) in [
            ("said correct horse twice", "said [redacted] twice"),
            ("a short text", "a short text"),
            ("password: hunter2, user: ops", "password: [redacted], user: ops"),
            (r#"{"token":"abc","port":1,"secret": "d"}"#, r#"{"token":"[redacted]","port":1,"secret": "[redacted]"}"#),
            ("Authorization: Bearer abc.def\nnext", "Authorization: [redacted]\nnext"),
            (r#"msg="token rotation" token=K10abc"#, r#"msg="token rotation" token=[redacted]"#),
            ("tokens are never shown", "tokens are never shown"),
            ("--token=K10abc::server:def --port=1", "--token=[redacted] --port=1"),
            ("a\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\nb\n", "a\n[redacted]\nb\n"),
        ] {
            assert_eq!(redactor.redact(text), clean);
        }
    }
}
