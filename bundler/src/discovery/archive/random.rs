//! Words by which a template may render another text each time.

use memchr::memmem;

/// Helm's functions, those of Sprig with them, that give something else each second. A word, since a template may hand its name on.
const CLOCK: [&str; 13] = [
    "now",
    "date",
    "dateInZone",
    "date_in_zone",
    "dateModify",
    "date_modify",
    "mustDateModify",
    "must_date_modify",
    "htmlDate",
    "htmlDateInZone",
    "ago",
    "durationRound",
    "unixEpoch",
];
/// Those that give something else each time: by chance, by keys or salts that they make, or by the network.
const WORDS: [&str; 19] = [
    "uuidv4",
    "randAlphaNum",
    "randAlpha",
    "randAscii",
    "randNumeric",
    "randBytes",
    "randInt",
    "shuffle",
    "bcrypt",
    "htpasswd",
    "encryptAES",
    "genPrivateKey",
    "genCA",
    "genCAWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
];
/// Those that give what they have in another order each time, unless it is sorted in the same breath.
const UNORDERED: [&str; 2] = ["keys", "values"];
const SORTS: &str = "sortAlpha";

/// Whether a template has one of them in what it does; its texts and comments say nothing.
pub(in crate::discovery) fn mentions(template: &[u8]) -> bool {
    let varies = |action: &[u8]| {
        let has = |word: &&'static str| has_word(action, word);
        CLOCK.iter().chain(&WORDS).any(has) || (UNORDERED.iter().any(has) && !has(&SORTS))
    };
    actions(template).any(|action| !is_comment(action) && varies(action))
}

/// Whether a template has one of those that ask the clock.
pub(in crate::discovery) fn mentions_clock(template: &[u8]) -> bool {
    let asks = |action: &[u8]| CLOCK.iter().any(|word| has_word(action, word));
    actions(template).any(|action| !is_comment(action) && asks(action))
}

/// What stands between `{{` and `}}`.
fn actions(template: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let begin = memmem::find(rest, b"{{")? + 2;
        let length = memmem::find(&rest[begin..], b"}}").unwrap_or(rest.len() - begin);
        let action = &rest[begin..begin + length];
        rest = &rest[begin + length..];
        Some(action)
    })
}

fn is_comment(action: &[u8]) -> bool {
    let bare = action.strip_prefix(b"-").unwrap_or(action);
    bare.trim_ascii_start().starts_with(b"/*")
}

fn has_word(text: &[u8], word: &str) -> bool {
    let in_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    memmem::find_iter(text, word).any(|at| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        !in_word(before) && !in_word(text.get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn all_of_helm_s_functions_that_are_not_repeatable_are_known() {
        for function in [
            "ago",
            "bcrypt",
            "date",
            "dateInZone",
            "dateModify",
            "date_in_zone",
            "date_modify",
            "durationRound",
            "encryptAES",
            "genCA",
            "genCAWithKey",
            "genPrivateKey",
            "genSelfSignedCert",
            "genSelfSignedCertWithKey",
            "genSignedCert",
            "genSignedCertWithKey",
            "getHostByName",
            "htmlDate",
            "htmlDateInZone",
            "htpasswd",
            "keys",
            "mustDateModify",
            "must_date_modify",
            "now",
            "randAlpha",
            "randAlphaNum",
            "randAscii",
            "randBytes",
            "randInt",
            "randNumeric",
            "shuffle",
            "unixEpoch",
            "uuidv4",
            "values",
        ] {
            assert!(mentions(format!("{{{{ $x := {function} .y }}}}").as_bytes()), "{function}");
        }
        // These give the same for the same.
        for function in [
            "adler32sum",
            "buildCustomCert",
            "decryptAES",
            "derivePassword",
            "duration",
            "lookup",
            "sha256sum",
            "toDate",
            "toYaml",
        ] {
            assert!(!mentions(format!("{{{{ $x := {function} .y }}}}").as_bytes()), "{function}");
        }
    }

    #[test]
    fn words_count_and_parts_of_words_do_not() {
        for text in [
            "{{ keys .Values.m | first }}",
            "{{ date \"150405\" \"\" }}",
            "{{ now | date \"2006\" }}",
            "a: {{ .b }}{{- randAlphaNum 5 }}",
            "x: {{uuidv4}}",
            "{{ now",
        ] {
            assert!(mentions(text.as_bytes()), "{text}");
        }
        for text in [
            "{{ .Values.known }}",
            "{{ keys .Values.m | sortAlpha | first }}",
            "{{ randAlphaNumeric }}",
            "it is now: {{ .Values.a }}, now",
            "{{- /* not now */}}",
            "{{",
            "",
        ] {
            assert!(!mentions(text.as_bytes()), "{text}");
        }
    }
}
