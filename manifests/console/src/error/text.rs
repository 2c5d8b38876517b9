//! Errors for people. Readable without colour; colour only repeats what the words say.

use std::fmt::Write;

use miette::{Diagnostic, Severity};

use super::snippet::{Snippet, snippets};
use super::{Cause, causes, help};
use crate::terminal::printable;

pub(super) fn render(diagnostic: &dyn Diagnostic, colours: bool) -> String {
    let mut out = String::new();
    write_one(&mut out, diagnostic, "", colours);
    out
}

fn write_one(out: &mut String, diagnostic: &dyn Diagnostic, indent: &str, colours: bool) {
    let head = match diagnostic.severity().unwrap_or(Severity::Error) {
        Severity::Error => paint("error", "1;31", colours),
        Severity::Warning => paint("warning", "1;33", colours),
        Severity::Advice => paint("note", "1;36", colours),
    };
    paragraph(out, indent, &format!("{head}: "), &diagnostic.to_string());
    snippets(diagnostic).iter().for_each(|snippet| write_snippet(out, indent, snippet));
    for cause in causes(diagnostic) {
        paragraph(out, indent, "  caused by: ", &cause.to_string());
        if let Cause::Rich(rich) = cause {
            snippets(rich).iter().for_each(|snippet| write_snippet(out, indent, snippet));
            related(out, rich, indent, colours);
        }
    }
    related(out, diagnostic, indent, colours);
    if let Some(help) = help(diagnostic) {
        paragraph(out, indent, &format!("  {}: ", paint("help", "1;36", colours)), &help);
    }
}

fn related(out: &mut String, diagnostic: &dyn Diagnostic, indent: &str, colours: bool) {
    let deeper = format!("{indent}  ");
    diagnostic.related().into_iter().flatten().for_each(|one| write_one(out, one, &deeper, colours));
}

/// A text behind a heading; its further lines are indented by four.
fn paragraph(out: &mut String, indent: &str, heading: &str, text: &str) {
    for (number, line) in printable(text.trim_end()).lines().enumerate() {
        let heading = if number == 0 { heading } else { "    " };
        let _ = writeln!(out, "{indent}{heading}{line}");
    }
}

fn write_snippet(out: &mut String, indent: &str, snippet: &Snippet) {
    let number = snippet.line.to_string();
    let margin = " ".repeat(number.len());
    let file = snippet.file.as_deref().map(|file| format!("{file}:")).unwrap_or_default();
    let (lead, width) = snippet.mark();
    let marks = "^".repeat(width);
    let label = snippet.label.as_deref().map(|label| format!(" {label}")).unwrap_or_default();
    let _ = writeln!(out, "{indent}  {margin}--> {}{}:{}", printable(&file), snippet.line, snippet.column);
    let _ = writeln!(out, "{indent}  {number} | {}", snippet.text());
    let _ = writeln!(out, "{indent}  {margin} | {}{marks}{}", " ".repeat(lead), printable(&label));
}

fn paint(text: &str, code: &str, colours: bool) -> String {
    if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}
