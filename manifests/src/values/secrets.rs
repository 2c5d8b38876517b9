//! Secrets that somebody wrote among values.

use crate::yaml::{Location, Node as Tree, Problem, Sink, Value, names_secret};

/// Says what among values looks like a secret, and what to do with it.
pub(crate) fn refuse_secrets(tree: &Tree, help: &str, sink: &Sink) {
    match &tree.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                if names_secret(&key.text) && is_written_out(value) {
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

/// Whether a value is text or a number: switches and references to Kubernetes' secrets are none.
fn is_written_out(tree: &Tree) -> bool {
    match &tree.value {
        Value::Scalar { text, plain } => {
            let switch = *plain && matches!(text.to_ascii_lowercase().as_str(), "true" | "false");
            !(text.is_empty() || tree.is_nothing() || switch)
        }
        _ => false,
    }
}
