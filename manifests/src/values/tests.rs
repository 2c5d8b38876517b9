use serde_json::json;

use super::*;

fn values(value: Value) -> Values {
    let Value::Object(values) = value else { panic!("{value} is no mapping") };
    values
}

fn merged(base: Value, over: Value) -> Value {
    Value::Object(merge(values(base), &values(over)))
}

#[test]
fn mappings_are_merged_and_all_else_is_replaced() {
    let base = json!({"a": {"b": 1, "c": [1, 2], "d": {"e": true}}, "f": "x"});
    let over = json!({"a": {"c": [3], "d": {"g": 2}}, "h": null});
    let expected = json!({"a": {"b": 1, "c": [3], "d": {"e": true, "g": 2}}, "f": "x", "h": null});
    assert_eq!(merged(base, over), expected);
}

#[test]
fn a_mapping_replaces_what_is_none_and_the_other_way_round() {
    assert_eq!(merged(json!({"a": 1}), json!({"a": {"b": 2}})), json!({"a": {"b": 2}}));
    assert_eq!(merged(json!({"a": {"b": 2}}), json!({"a": 1})), json!({"a": 1}));
    assert_eq!(merged(json!({"a": [{"b": 1}]}), json!({"a": [{"c": 2}]})), json!({"a": [{"c": 2}]}));
}

#[test]
fn null_takes_the_place_of_values_and_reaches_helm() {
    assert_eq!(merged(json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": null}})), json!({"a": {"b": null, "c": 2}}));
    assert_eq!(merged(json!({"a": {"b": 1}}), json!({"a": null})), json!({"a": null}));
    // What a later one says counts again.
    assert_eq!(merged(json!({"a": null}), json!({"a": {"b": 1}})), json!({"a": {"b": 1}}));
}

#[test]
fn merging_nothing_changes_nothing() {
    let some = json!({"a": {"b": [null, 1.5, "x"]}});
    assert_eq!(merged(some.clone(), json!({})), some);
    assert_eq!(merged(json!({}), some.clone()), some);
    assert_eq!(merged(some.clone(), json!({"a": {}})), some);
}

#[test]
fn values_have_a_depth_and_a_size() {
    let deep = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    assert_eq!(check(&values(deep(DEPTH))), Ok(()));
    assert_eq!(check(&values(deep(DEPTH + 1))), Err(ValuesError::TooDeep));
    assert_eq!(check(&values(json!({"a": "x".repeat(SIZE - 8)}))), Ok(()));
    assert_eq!(check(&values(json!({"a": "x".repeat(SIZE - 7)}))), Err(ValuesError::TooLarge(SIZE + 1)));
}

#[test]
fn a_file_of_values_keeps_their_types() {
    let text = "a: 1\nb: \"1\"\nc: true\nd: ~\ne: [1.5, x]\nf: {g: 'no'}\n";
    let read = parse(&SourceFile::new("values.yaml", text)).unwrap();
    let expected = json!({"a": 1, "b": "1", "c": true, "d": null, "e": [1.5, "x"], "f": {"g": "no"}});
    assert_eq!(Value::Object(read), expected);
}

#[test]
fn a_file_of_values_holds_no_secrets_and_nothing_that_is_read_in_two_ways() {
    let text = "a: no\nb: 1.10\nadminPassword: hunter2\ntls: |\n  -----BEGIN RSA PRIVATE KEY-----\n";
    let problems = parse(&SourceFile::new("values.yaml", text)).unwrap_err();
    let lines: Vec<usize> = problems.list().iter().map(|problem| problem.location().line()).collect();
    assert_eq!(lines, [1, 2, 3, 5]);
    let problems = parse(&SourceFile::new("values.yaml", "- a\n")).unwrap_err();
    assert_eq!(problems.list()[0].to_string(), "expected the values (a mapping), found a list");
}
