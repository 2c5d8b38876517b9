//! Words by which a template may render another text each time.

/// Helm's functions that give something else each time.
const WORDS: [&str; 18] = [
    "now",
    "ago",
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
    "genSignedCert",
];

/// Whether a text has one of them as a word. One in a comment costs a rendering, and nothing else.
pub(in crate::discovery) fn mentions(text: &[u8]) -> bool {
    let in_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    WORDS.iter().any(|word| {
        memchr::memmem::find_iter(text, word).any(|at| {
            let before = at.checked_sub(1).and_then(|before| text.get(before));
            !in_word(before) && !in_word(text.get(at + word.len()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn words_count_and_parts_of_words_do_not() {
        for text in ["{{ now | date \"2006\" }}", "{{ randAlphaNum 5 }}", "x: {{uuidv4}}"] {
            assert!(mentions(text.as_bytes()), "{text}");
        }
        for text in ["{{ .Values.known }}", "snow", "randAlphaNumeric", "agony", ""] {
            assert!(!mentions(text.as_bytes()), "{text}");
        }
    }
}
