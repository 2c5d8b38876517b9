//! Where secrets are. What somebody wrote in a secret's place is never repeated.

use super::words;
use crate::site::SecretSource;
use crate::yaml::{Fields, Location, Node as Tree, Problem, Sink, Value};

/// What to write instead of a secret.
pub(super) const HELP: &str = "say where it is: `{file: ./secret}`, `{env: NAME}` or `{prompt: \"the question to ask\"}`; and change it, if this file was shared";

/// A secret's source.
pub(super) fn secret(tree: &Tree, sink: &Sink) -> Option<SecretSource> {
    let Value::Map(entries) = &tree.value else {
        sink.add(inline(&tree.location));
        return None;
    };
    let sources = ["file", "env", "prompt"];
    if let Some((key, _)) = entries.iter().find(|(key, _)| !sources.contains(&key.text.as_str())) {
        sink.add(inline(&key.location));
        return None;
    }
    let mut fields = Fields::of(tree, "a secret's source", sink)?;
    let found: Vec<(&str, &Tree)> = sources.into_iter().filter_map(|name| Some((name, fields.get(name)?))).collect();
    fields.finish();
    match found.as_slice() {
        [("file", tree)] => words::file(tree, sink).map(SecretSource::File),
        [("env", tree)] => variable(tree, sink),
        [("prompt", tree)] => question(tree, sink),
        [(_, first), (_, second), ..] => {
            let problem = Problem::new(&second.location, "a secret comes from one place", "a second one");
            sink.add(problem.with_other(&first.location, "the first").with_help("keep one of them"));
            None
        }
        _ => None,
    }
}

/// A secret in the file itself.
pub(super) fn inline(place: &Location) -> Problem {
    Problem::new(place, "a secret has no place in this file", "not here").with_help(HELP)
}

fn variable(tree: &Tree, sink: &Sink) -> Option<SecretSource> {
    if let Ok(name) = tree.text(sink)?.parse() {
        return Some(SecretSource::Environment(name));
    }
    let problem = Problem::new(&tree.location, "this is not the name of a variable of the environment", "this name");
    sink.add(problem.with_help("write its name alone, without `$`: `{env: SUDO_PASSWORD}`"));
    None
}

fn question(tree: &Tree, sink: &Sink) -> Option<SecretSource> {
    let text = tree.text(sink)?;
    if (1..=200).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Some(SecretSource::Prompt(text.to_owned()));
    }
    let problem = Problem::new(&tree.location, "this can't be asked", "this question");
    sink.add(problem.with_help("write one line of at most 200 characters, such as `sudo password of the nodes`"));
    None
}
