use super::*;

const CHART: &str = r#"
apiVersion: v2
name: demo
version: 1.2.3+build.4
appVersion: 1.10
description: "tabs	and\nlines & <tags>"
kubeVersion: ">=1.25.0-0"
home: https://example.org
sources: [https://example.org/src]
maintainers:
  - {name: Ada, email: ada@example.org}
  - name: Bob
annotations: {org.opencontainers.image.version: other, count: 3}
dependencies:
  - {name: sub, version: 1.x, repository: "", enabled: true, import-values: [a, {child: b, parent: c}]}
unknown: {field: true}
"#;

#[test]
fn the_config_is_what_helm_pushes() {
    let metadata = Metadata::parse(CHART.as_bytes(), None).unwrap();
    let expected = concat!(
        r#"{"name":"demo","home":"https://example.org","sources":["https://example.org/src"],"#,
        r#""version":"1.2.3+build.4","description":"tabs and lines \u0026 \u003ctags\u003e","#,
        r#""maintainers":[{"name":"Ada","email":"ada@example.org"},{"name":"Bob"}],"#,
        r#""apiVersion":"v2","appVersion":"1.1","annotations":{"count":"3","org.opencontainers.image.version":"other"},"#,
        r#""kubeVersion":"\u003e=1.25.0-0","dependencies":[{"name":"sub","version":"1.x","repository":"","#,
        r#""enabled":true,"import-values":["a",{"child":"b","parent":"c"}]}]}"#
    );
    assert_eq!(String::from_utf8(metadata.to_config()).unwrap(), expected);
    assert_eq!(Metadata::parse_config(expected.as_bytes()).unwrap(), metadata);
    assert_eq!(metadata.tag(), "1.2.3_build.4");
}

#[test]
fn the_manifest_is_annotated_as_helm_does_it() {
    let annotations = Metadata::parse(CHART.as_bytes(), None).unwrap().oci_annotations();
    let get = |name: &str| annotations.get(&format!("org.opencontainers.image.{name}")).map(String::as_str);
    assert_eq!(get("title"), Some("demo"));
    assert_eq!(get("version"), Some("1.2.3+build.4"), "not the chart's own annotation");
    assert_eq!(get("authors"), Some("Ada (ada@example.org), Bob"));
    assert_eq!(get("source"), Some("https://example.org/src"));
    assert_eq!(get("created"), None, "the same chart gives the same artifact at any time");
    assert_eq!(annotations.get("count").map(String::as_str), Some("3"));
}

#[test]
fn old_charts_have_their_dependencies_in_a_file_of_its_own() {
    let requirements = b"dependencies: [{name: redis, version: 1.0.0, repository: https://example.org}]";
    let metadata = Metadata::parse(b"name: old\nversion: 0.1.0\n", Some(requirements)).unwrap();
    assert_eq!((metadata.api_version.as_str(), metadata.dependencies[0].name.as_str()), ("v1", "redis"));
}

#[test]
fn what_helm_refuses_is_refused() {
    for (chart, word) in [
        ("version: 1.0.0", "name"),
        ("name: a/b\nversion: 1.0.0", "name"),
        ("name: ..\nversion: 1.0.0", "name"),
        ("name: a", "version"),
        ("name: a\nversion: latest", "version"),
        ("name: a\nversion: 1.0.0\ntype: other", "type"),
        ("name: a\nversion: 1.0.0\ndependencies: [{name: x}, {name: x}]", "`x`"),
        ("name: a\nversion: 1.0.0\ndependencies: [{name: x, alias: 'a b'}]", "alias"),
        ("name: [a]\nversion: 1.0.0", "Chart.yaml"),
        ("{", "Chart.yaml"),
        ("", "name"),
    ] {
        let error = Metadata::parse(chart.as_bytes(), None).expect_err(chart);
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(Metadata::parse(&vec![b'#'; MAX_SIZE + 1], None).is_err());
}

#[test]
fn marks_stay_and_invisible_characters_go() {
    assert_eq!(loose::printable("e\u{301} ü\u{a0}日\u{feff}\u{200b}\u{7}\"'\\"), "e\u{301} ü 日\"'\\");
}
