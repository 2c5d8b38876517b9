//! Errors for programs: one JSON object on one line. The fields are described in docs/json-output.md.

use miette::Diagnostic;
use serde_json::{Value, json};

use super::snippet::snippets;
use super::{Cause, causes, help};

pub(super) fn render(diagnostic: &dyn Diagnostic) -> String {
    let mut value = describe(diagnostic);
    value["type"] = "error".into();
    value["schemaVersion"] = 1.into();
    format!("{value}\n")
}

fn describe(diagnostic: &dyn Diagnostic) -> Value {
    let chain = causes(diagnostic);
    let mut places = snippets(diagnostic);
    let mut related: Vec<Value> = diagnostic.related().into_iter().flatten().map(describe).collect();
    for cause in &chain {
        if let Cause::Rich(rich) = cause {
            places.extend(snippets(*rich));
            related.extend(rich.related().into_iter().flatten().map(describe));
        }
    }
    let places: Vec<Value> = places
        .iter()
        .map(|place| {
            json!({ "file": place.file, "line": place.line, "column": place.column, "text": place.text(), "label": place.label })
        })
        .collect();
    json!({
        "message": diagnostic.to_string(),
        "code": diagnostic.code().map(|code| code.to_string()),
        "causes": chain.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "help": help(diagnostic),
        "places": places,
        "related": related,
    })
}
