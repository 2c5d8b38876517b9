use super::*;

fn parse(text: &str) -> Vec<Alternatives<'_>> {
    parse_relations(text).unwrap()
}

#[test]
fn a_list_is_read_and_written_the_same() {
    for (text, canonical) in [
        ("libc6 (>= 2.36), libssl3", "libc6 (>= 2.36), libssl3"),
        ("default-mta|mail-transport-agent", "default-mta | mail-transport-agent"),
        ("python3:any(>=3.11~),\n perl:native ,,", "python3:any (>= 3.11~), perl:native"),
        ("a ( = 1:2-3 ) | b:arm64", "a (= 1:2-3) | b:arm64"),
        ("old (< 2), older (> 1)", "old (<= 2), older (>= 1)"),
    ] {
        let written: Vec<String> = parse(text).iter().map(ToString::to_string).collect();
        assert_eq!(written.join(", "), canonical);
    }
    assert!(parse(" , ").is_empty());
}

#[test]
fn what_is_no_relation_is_refused_with_the_reason() {
    for (text, reason) in [
        ("a |", "no name"),
        ("| a", "no name"),
        ("(>= 1)", "no name"),
        ("a:", "behind the colon"),
        ("a (1)", "no operator"),
        ("a (>= )", "is none"),
        ("a (>= 1", "parentheses"),
        ("a >= 1", "parentheses"),
        ("a [amd64]", "parentheses"),
        ("a <!nocheck>", "parentheses"),
        ("a b", "parentheses"),
    ] {
        let error = parse_relations(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert!(parse_relations(&"a,".repeat(MAX_LENGTH)).is_err());
}

#[test]
fn operators_hold_as_they_are_read() {
    for (text, fits, fails) in [
        ("<< 2", "1", "2"),
        ("<= 2", "2", "3"),
        ("= 2", "2-0", "2-1"),
        (">= 2", "2", "2~"),
        (">> 2", "3", "2"),
        ("2", "2", "3"),
    ] {
        let constraint: VersionConstraint = text.parse().unwrap();
        assert!(constraint.accepts(fits) && !constraint.accepts(fails), "{text}");
    }
    assert_eq!(">=1:2.6".parse::<VersionConstraint>().unwrap().to_string(), ">= 1:2.6");
    for text in ["", ">=", "> 1", "< 1", "~> 1", ">= 1 2", "=> 1"] {
        assert!(text.parse::<VersionConstraint>().is_err(), "{text}");
    }
}
