use super::*;

const INDEX: &str = r#"
apiVersion: v1
generated: "2026-01-01T00:00:00Z"
entries:
  demo:
    - {apiVersion: v2, name: demo, version: 1.2.0, urls: [demo-1.2.0.tgz], digest: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, created: 2026-01-01T00:00:00Z}
    - {name: demo, version: v1.10.0, urls: ["https://cdn.example.org/demo.tgz"], description: "x", dependencies: [{name: a}]}
    - {name: demo, version: 2.0.0-rc.1, urls: [rc.tgz]}
    - {name: demo, version: 1.10.0+second, urls: [second.tgz]}
    - {name: demo, version: latest, urls: [bad.tgz]}
    - {version: 9.0.0, urls: [nameless.tgz]}
    - {name: demo, version: 9.0.0, type: plugin}
    - {name: demo, version: 3.1, urls: [float.tgz], digest: not-a-digest}
    - null
    - just text
  empty: []
  none: null
"#;

fn pick(range: Option<&str>) -> String {
    let (index, _) = RepositoryIndex::parse(INDEX.as_bytes()).unwrap();
    index.select("demo", range).unwrap().urls[0].clone()
}

#[test]
fn the_version_that_helm_takes_is_taken() {
    assert_eq!(pick(None), "float.tgz");
    assert_eq!(pick(Some("^1")), "https://cdn.example.org/demo.tgz", "the first of two that are equal");
    assert_eq!(pick(Some("1.10.0+second")), "second.tgz", "a literal version goes before all");
    assert_eq!(pick(Some("~1.2")), "demo-1.2.0.tgz");
    assert_eq!(pick(Some("^2.0.0-0")), "rc.tgz");
}

#[test]
fn bad_entries_are_skipped_with_their_reason() {
    let (index, skipped) = RepositoryIndex::parse(INDEX.as_bytes()).unwrap();
    let reasons: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    assert_eq!(reasons.len(), 5, "{reasons:?}");
    assert!(reasons[0].starts_with("skipped an entry of chart `demo` in index.yaml: `latest` is not a version"));
    assert!(index.select("demo", Some("1.2.0")).unwrap().digest.is_some());
    assert!(index.select("demo", Some("3.1")).unwrap().digest.is_none());
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let (index, _) = RepositoryIndex::parse(INDEX.as_bytes()).unwrap();
    let error = |chart, range| index.select(chart, range).unwrap_err().to_string();
    assert_eq!(error("dem", None), "the chart repository has no chart `dem` (similar: demo)");
    assert_eq!(
        error("demo", Some("^7")),
        "chart `demo` has no version that fits `^7`; the newest are 3.1, 2.0.0-rc.1, v1.10.0, 1.10.0+second, 1.2.0"
    );
    assert_eq!(error("empty", None), "chart `empty` has no version that fits `*`");
    assert!(error("demo", Some("nonsense")).contains("`nonsense` is not a version"));
}

#[test]
fn an_index_may_be_json_and_a_page_is_none() {
    let json = br#"{"apiVersion":"v1","entries":{"a":[{"name":"a","version":"1.0.0","urls":["a.tgz"]}]}}"#;
    assert!(RepositoryIndex::parse(json).unwrap().0.select("a", None).is_ok());
    for bytes in [&b"<html>\n<body>: sign in</body>"[..], b"", b"entries: {}", b"[1, 2]", b"\xff\xfe", b"a: &x [*x]"] {
        assert!(RepositoryIndex::parse(bytes).is_err(), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn an_index_of_many_megabytes_is_read() {
    let mut text = "apiVersion: v1\nentries:\n".to_owned();
    for chart in 0..50 {
        text.push_str(&format!("  chart-{chart}:\n"));
        for version in 0..150 {
            text.push_str(&format!(
                "  - apiVersion: v2\n    name: chart-{chart}\n    version: 1.{version}.0\n    description: {}\n    maintainers:\n    - name: a\n      email: a@example.org\n    keywords:\n    - x\n    - y\n    digest: {:064x}\n    urls:\n    - charts/chart-{chart}-1.{version}.0.tgz\n",
                "words and words ".repeat(12),
                version
            ));
        }
    }
    assert!(text.len() > 3 << 20, "{}", text.len());
    let (index, skipped) = RepositoryIndex::parse(text.as_bytes()).unwrap();
    assert!(skipped.is_empty());
    assert_eq!(index.select("chart-49", None).unwrap().version.original(), "1.149.0");
}
