//! Secrets that somebody wrote among values.

use crate::yaml::{Key, Location, Node as Tree, Problem, Sink, Value, names_secret};

/// Says what among values looks like a secret, and what to do with it.
pub(crate) fn refuse_secrets(tree: &Tree, help: &str, sink: &Sink) {
    match &tree.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let names_one = names_secret(&key.text) && !names_key_of_secret(&key.text, entries);
                if names_one && is_written_out(value) {
                    sink.add(misplaced(&key.location, help));
                } else {
                    refuse_secrets(value, help, sink);
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| refuse_secrets(item, help, sink)),
        Value::Scalar { text, .. } if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") => {
            sink.add(misplaced(&tree.location, help));
        }
        Value::Scalar { .. } => {}
    }
}

fn misplaced(place: &Location, help: &str) -> Problem {
    let problem =
        Problem::new(place, "this value looks like a secret, and a secret has no place in this file", "not here");
    problem.with_help(help)
}

/// Whether a name is that of a key in one of Kubernetes' secrets, which stands beside it.
fn names_key_of_secret(name: &str, entries: &[(Key, Tree)]) -> bool {
    name == "secretKey" && entries.iter().any(|(other, _)| other.text == "secretName")
}

/// Whether a text only names a variable that a program replaces when it starts: `$NAME`, `${NAME}`, `${env:NAME}`, `$(NAME)`.
fn is_variable(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else { return false };
    let inner = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inner = inner.or_else(|| rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')));
    let name = inner.map(|inner| inner.strip_prefix("env:").unwrap_or(inner)).unwrap_or(rest);
    // A password may begin with a dollar, too: names of variables are written large.
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a value is text or a number: switches and references to Kubernetes' secrets are none.
fn is_written_out(tree: &Tree) -> bool {
    match &tree.value {
        Value::Scalar { text, plain } => {
            let switch = *plain && matches!(text.to_ascii_lowercase().as_str(), "true" | "false");
            !(text.is_empty() || tree.is_nothing() || switch || is_variable(text))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_only_names_a_variable_is_no_secret() {
        for text in ["$POSTGRES_PASSWORD", "${POSTGRES_PASSWORD}", "${env:TOKEN}", "$(DB_1)"] {
            assert!(is_variable(text), "{text}");
        }
        for text in ["", "$", "$2a$10$abc", "${NAME}x", "x${NAME}", "${NAME", "$ecret", "${a b}", "$1A"] {
            assert!(!is_variable(text), "{text}");
        }
    }
}
