//! Pattern lists as in ssh_config(5), PATTERNS: `*` and `?`, commas, and `!` in front of what must not match.

/// Whether `text` matches the list: at least one pattern matches and no negated one does.
pub(super) fn matches_list(list: &str, text: &str) -> bool {
    let mut found = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

/// Whether two lists may speak of the same name: a pattern of one is matched by a pattern of the other.
pub(super) fn overlap(left: &str, right: &str) -> bool {
    let positive = |list: &str| list.split(',').filter(|p| !p.starts_with('!')).map(str::to_owned).collect::<Vec<_>>();
    let (left, right) = (positive(left), positive(right));
    left.iter().any(|l| right.iter().any(|r| matches(l, r) || matches(r, l)))
}

/// Glob matching in linear space and, going back to the last `*` only, in at most quadratic time.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => (p, t) = (p + 1, t + 1),
            Some(c) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_negation() {
        for (list, text, expected) in [
            ("airgap-bundle", "airgap-bundle", true),
            ("airgap-*", "airgap-bundle", true),
            ("*", "", true),
            ("?irgap*le", "airgap-bundle", true),
            ("file,git", "airgap-bundle", false),
            ("*,!airgap-*", "airgap-bundle", false),
            ("!file", "airgap-bundle", false),
            ("*a*b*c", "xaxbxc", true),
            ("*a*b*c", "xaxbxcx", false),
            ("", "x", false),
        ] {
            assert_eq!(matches_list(list, text), expected, "{list} on {text}");
        }
    }

    #[test]
    fn lists_overlap_when_a_name_could_be_in_both() {
        assert!(overlap("ci@a", "x,ci@a"));
        assert!(overlap("*@a", "ci@a"));
        assert!(!overlap("ci@a", "officer@a"));
    }
}
