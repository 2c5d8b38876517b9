//! Shell patterns as Go's `filepath.Match` knows them: `*` and `?` stop at a `/`, `[a-z]` and `[^a-z]`, `\` escapes.

/// Whether a whole name matches; `None` when the pattern is malformed.
pub(crate) fn matches(pattern: &str, name: &str) -> Option<bool> {
    let tokens = parse(pattern)?;
    let name: Vec<char> = name.chars().collect();
    Some(run(&tokens, &name))
}

enum Token {
    Star,
    One(Set),
}

struct Set {
    ranges: Vec<(char, char)>,
    negated: bool,
}

impl Set {
    fn has(&self, c: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != self.negated
    }
}

fn parse(pattern: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let token = match c {
            '*' => Token::Star,
            '?' => Token::One(Set { ranges: vec![('/', '/')], negated: true }),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                    let low = set_member(&mut chars)?;
                    let high = if chars.next_if_eq(&'-').is_some() { set_member(&mut chars)? } else { low };
                    ranges.push((low, high));
                }
                Token::One(Set { ranges, negated })
            }
            '\\' => literal(chars.next()?),
            c => literal(c),
        };
        tokens.push(token);
    }
    Some(tokens)
}

fn literal(c: char) -> Token {
    Token::One(Set { ranges: vec![(c, c)], negated: false })
}

fn set_member(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    match chars.next()? {
        '\\' => chars.next(),
        '-' | ']' => None,
        c => Some(c),
    }
}

/// Goes back only to the last star, so that no pattern takes more than the product of both lengths.
fn run(tokens: &[Token], name: &[char]) -> bool {
    let (mut t, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match tokens.get(t) {
            Some(Token::One(set)) if set.has(name[n]) => {
                t += 1;
                n += 1;
                continue;
            }
            Some(Token::Star) => {
                star = Some((t, n));
                t += 1;
                continue;
            }
            _ => {}
        }
        match star {
            Some((at, taken)) if name[taken] != '/' => {
                star = Some((at, taken + 1));
                t = at + 1;
                n = taken + 1;
            }
            _ => return false,
        }
    }
    tokens[t..].iter().all(|token| matches!(token, Token::Star))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn it_matches_as_go_does() {
        for (pattern, name, expected) in [
            ("abc", "abc", Some(true)),
            ("*", "abc", Some(true)),
            ("*c", "abc", Some(true)),
            ("a*", "ab/c", Some(false)),
            ("a*/b", "abc/b", Some(true)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Some(true)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Some(true)),
            ("a*b?c*x", "abxbbxdbxebxczzy", Some(false)),
            ("ab[c]", "abc", Some(true)),
            ("ab[b-d]", "abc", Some(true)),
            ("ab[^b-d]", "abc", Some(false)),
            ("a\\*b", "a*b", Some(true)),
            ("a?b", "a/b", Some(false)),
            ("[\\]a]", "]", Some(true)),
            ("templates/.?*", "templates/.x", Some(true)),
            ("templates/.?*", "templates/.", Some(false)),
            ("[]a]", "]", None),
            ("[a", "a", None),
            ("[-]", "-", None),
            ("a\\", "a", None),
            ("", "", Some(true)),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
