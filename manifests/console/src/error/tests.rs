use miette::{NamedSource, SourceSpan};

use super::*;

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("can't read stack `platform`")]
#[diagnostic(help("call it `images`"))]
struct Outer {
    #[source]
    #[diagnostic_source]
    cause: Inner,
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("unknown field `imagez`")]
struct Inner {
    #[source_code]
    text: NamedSource<String>,
    #[label("not a field of a component")]
    place: SourceSpan,
    #[source]
    cause: std::io::Error,
}

fn sample() -> Report {
    let text = "name: x\n\timagez:\n  - nginx\n".to_owned();
    let place = (text.find("imagez").unwrap(), 6).into();
    let cause = std::io::Error::other("unknown field `imagez`");
    Outer { cause: Inner { text: NamedSource::new("stack.yaml", text), place, cause } }.into()
}

#[test]
fn the_chain_is_told_once_with_its_place_and_advice() {
    insta::assert_snapshot!(text::render(sample().as_ref(), false), @r"
    error: can't read stack `platform`
      caused by: unknown field `imagez`
       --> stack.yaml:2:2
      2 |     imagez:
        |     ^^^^^^ not a field of a component
      help: call it `images`
    ");
}

#[test]
fn programs_get_one_line() {
    let line = json::render(sample().as_ref());
    assert_eq!(line.matches('\n').count(), 1);
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["type"], "error");
    assert_eq!(value["causes"], serde_json::json!(["unknown field `imagez`"]));
    assert_eq!((&value["places"][0]["file"], &value["places"][0]["line"]), (&"stack.yaml".into(), &2.into()));
    assert_eq!(value["help"], "call it `images`");
}

#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("2 items failed")]
struct Several {
    #[related]
    all: Vec<UsageError>,
}

#[test]
fn all_related_errors_are_shown_and_terminals_are_safe() {
    let all = vec![UsageError::new("first\nline"), UsageError::new("sec\x1b[1mond").with_help("do this")];
    insta::assert_snapshot!(text::render(Report::from(Several { all }).as_ref(), false), @r"
    error: 2 items failed
      error: first
          line
      error: sec\u{1b}[1mond
        help: do this
    ");
}

#[test]
fn exit_codes_tell_usage_and_interruption_from_failure() {
    assert_eq!(exit_code(&sample()), 1);
    assert_eq!(exit_code(&UsageError::new("no such item").into()), 2);
    assert_eq!(exit_code(&Interrupted::new(Some("run it again".to_owned())).into()), 130);
    let wrapped = Report::from(Interrupted::new(None)).wrap_err("can't build");
    assert_eq!(exit_code(&wrapped), 130);
}

fn shown(text: &str, marked: &str) -> String {
    let place = (text.find(marked).unwrap(), marked.len()).into();
    let cause = std::io::Error::other("no");
    text::render(&Inner { text: NamedSource::new("a.yaml", text.to_owned()), place, cause }, false)
}

#[test]
fn of_a_huge_line_what_is_around_the_mark_is_shown() {
    let text = format!("a: 1\n{}imagez{}\nb: 2\n", "x ".repeat(50_000), " y".repeat(50_000));
    let shown = shown(&text, "imagez");
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[1].ends_with("--> a.yaml:2:100001"), "{shown}");
    let (source, marks) = (lines[2], lines[3]);
    assert!(source.contains("…x x ") && source.contains(" imagez y y") && source.ends_with('…'), "{shown}");
    assert!(source.chars().count() < 220, "{shown}");
    let column = |line: &str, what: &str| line[..line.find(what).unwrap()].chars().count();
    assert_eq!(column(source, "imagez"), column(marks, "^^^^^^ not a field"), "{shown}");
    // The mark itself may be that long, and the last thing in its file.
    let all = shown_whole(&"z".repeat(100_000));
    assert!(all.lines().all(|line| line.chars().count() < 220) && all.contains("zzz…\n"), "{all}");
}

fn shown_whole(text: &str) -> String {
    shown(text, text)
}

#[test]
fn marks_stand_below_wide_narrow_and_invisible_characters() {
    insta::assert_snapshot!(shown("日本: 語e\u{301}x\n", "e\u{301}x"), @r"
    error: unknown field `imagez`
       --> a.yaml:1:6
      1 | 日本: 語éx
        |         ^^ not a field of a component
    ");
    insta::assert_snapshot!(shown("\u{202e}a: b\n", "b"), @r"
    error: unknown field `imagez`
       --> a.yaml:1:5
      1 | \u{202e}a: b
        |            ^ not a field of a component
    ");
}
