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

/// Whether two lists may speak of the same name: some name is matched by a pattern of one and by a pattern of the other.
/// What is negated is not taken out: a list then counts for more names than it has, and never for fewer.
pub(super) fn overlap(left: &str, right: &str) -> bool {
    let positive = |list| str::split(list, ',').filter(|pattern| !pattern.starts_with('!'));
    positive(left).any(|l| positive(right).any(|r| intersect(l.as_bytes(), r.as_bytes())))
}

/// Whether some text is matched by both patterns. `row[j]` tells it of the rest of `left` and `right[j..]`; rests grow
/// from the empty ones, so time is the product of the lengths and space is one row.
fn intersect(left: &[u8], right: &[u8]) -> bool {
    let mut row = vec![true; right.len() + 1];
    for j in (0..right.len()).rev() {
        row[j] = right[j] == b'*' && row[j + 1];
    }
    for l in left.iter().rev() {
        let below = row.clone();
        row[right.len()] = *l == b'*' && below[right.len()];
        for j in (0..right.len()).rev() {
            row[j] = match (*l, right[j]) {
                // A star stands for nothing, or for what the other pattern has next.
                (b'*', _) | (_, b'*') => below[j] || row[j + 1],
                (l, r) => (l == r || l == b'?' || r == b'?') && below[j + 1],
            };
        }
    }
    row[0]
}

/// Glob matching in linear space and, going back to the last `*` only, in at most quadratic time.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
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
        for (left, right, expected) in [
            ("*@a", "ci@*", true),
            ("ci-?@a", "ci-*", true),
            ("a*b*c", "*x*", true),
            ("a?", "?b", true),
            ("*", "**", true),
            ("!ci@a,*@a", "ci@a", true),
            ("x,*@a", "y,ci@*", true),
            ("*@a", "*@b", false),
            ("ci-*", "qa-*", false),
            ("a?", "a", false),
            ("a*b", "*c", false),
        ] {
            assert_eq!((overlap(left, right), overlap(right, left)), (expected, expected), "{left} and {right}");
        }
    }
}
