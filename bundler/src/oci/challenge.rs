//! `WWW-Authenticate`: how a registry wants to be asked (RFC 9110, section 11.6.1; the distribution project's token
//! authentication).

use std::collections::HashMap;

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A user name and a password.
    Basic,
    /// A token from `realm`.
    Bearer {
        /// The URL of the token service.
        realm: String,
        /// The name that the token is for.
        service: Option<String>,
        /// What the token must allow.
        scope: Option<String>,
        /// Why a token was refused.
        error: Option<String>,
    },
}

/// Reads all challenges of all headers; those of unknown schemes are left out.
pub(super) fn parse(headers: &[String]) -> Vec<Challenge> {
    headers.iter().flat_map(|header| parse_one(header)).collect()
}

fn parse_one(header: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, HashMap<String, String>)> = Vec::new();
    let mut rest = header.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            // A comma, or something that has no business here.
            rest = after.trim_start_matches(|c: char| !is_token(c) || c.is_whitespace());
            continue;
        }
        match after.trim_start().strip_prefix('=') {
            Some(value) => {
                let (value, after) = read_value(value.trim_start());
                if let Some((_, parameters)) = found.last_mut() {
                    parameters.insert(word.to_ascii_lowercase(), value);
                }
                rest = after.trim_start();
            }
            None => {
                found.push((word.to_ascii_lowercase(), HashMap::new()));
                rest = after.trim_start();
            }
        }
    }
    found.into_iter().filter_map(|(scheme, parameters)| challenge(&scheme, parameters)).collect()
}

fn challenge(scheme: &str, mut parameters: HashMap<String, String>) -> Option<Challenge> {
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope"),
            error: parameters.remove("error"),
        }),
        _ => None,
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// A quoted string or a token.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        // Some servers forget the quotes around a URL.
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Vec<Challenge> {
        parse(&[header.to_owned()])
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>, error: Option<&str>) -> Challenge {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Challenge::Bearer { realm: realm.to_owned(), service: own(service), scope: own(scope), error: own(error) }
    }

    #[test]
    fn the_challenge_of_docker_hub_is_read() {
        let header = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="invalid_token""#;
        let expected = bearer(
            "https://auth.docker.io/token",
            Some("registry.docker.io"),
            Some("repository:a/b:pull,push"),
            Some("invalid_token"),
        );
        assert_eq!(read(header), [expected]);
    }

    #[test]
    fn several_challenges_in_one_header_are_told_apart() {
        let header = r#"Negotiate, Basic realm="a, \"b\"" , bearer realm=https://t.example/x service = "s""#;
        assert_eq!(read(header), [Challenge::Basic, bearer("https://t.example/x", Some("s"), None, None)]);
    }

    #[test]
    fn rubbish_gives_nothing_and_ends() {
        for header in ["", ",,,", "=", "\"", "Bearer", "Bearer service=\"s\"", "Bearer realm=\"open", "ä=ö, ü"] {
            let found = read(header);
            assert!(found.is_empty() || found == [bearer("open", None, None, None)], "{header}: {found:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_to_its_end(header in "[a-zA-Z=\",\\\\ ä]{0,40}|\\PC{0,40}") {
            read(&header);
        }
    }
}
