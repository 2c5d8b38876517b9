//! Whoever made the bundle may mean harm: nothing of it is read as HTML or Markdown, nothing hides, nothing is endless.

use manifests::fake::FakeBundle;
use serde_json::json;

use crate::fixtures;
use crate::sample::{self, Sample};
use crate::site::Site;

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

fn hostile() -> FakeBundle {
    let labels = json!({
        "org.opencontainers.image.licenses": SCRIPT,
        "org.opencontainers.image.source": "javascript:alert(1)",
        "org.opencontainers.image.vendor": "\u{202e}live\u{0}\n| a | b |",
        "org.opencontainers.image.revision": "x".repeat(100_000),
    });
    let image = Sample {
        reference: "docker.io/library/evil:1",
        component: SCRIPT,
        layers: &[("e", 9_000)],
        labels,
        signed: true,
    };
    let bundle = sample::with_image(FakeBundle::new("evil", "1.0.0"), &image);
    sample::with_files(bundle, "files", &[("<b>|`x`](y)", 10, Some("https://example.org/<svg onload=alert(1)>"))])
}

#[test]
fn the_page_shows_what_it_is_given_and_never_obeys_it() {
    let site = Site::new();
    hostile().write(&site.path("evil.tar.zst"));
    let page = site.run("report evil.tar.zst").ok();
    for markup in ["<script", "<img", "<svg onload", "<b>", "href=\"javascript", "\u{202e}", "\u{0}"] {
        assert!(!page.contains(markup), "{markup:?} is in the page");
    }
    assert!(page.contains("&#60;script&#62;alert(1)"), "it is shown");
    assert!(page.contains("\\u{202e}live"), "what turns the text round is shown");
    assert!(page.len() < 100_000, "the page has {} bytes", page.len());
    assert!(page.contains("default-src 'none'"), "the page's policy allows nothing");
}

#[test]
fn indexes_that_name_each_other_are_read_once() {
    let site = Site::new();
    fixtures::nested("evil", 8, 300).write(&site.path("evil.tar.zst"));
    let report = site.run("report evil.tar.zst --look-inside -q -o json").ok();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["images"][0]["licences"], json!(["MIT"]));
    assert_eq!(report["inside"]["images"].as_array().unwrap().len(), 1);
    assert_eq!(report["inside"]["packages"], json!({"npm": 1}));
}

#[test]
fn what_people_wrote_is_whole_for_programs_and_cut_for_people() {
    let site = Site::new();
    let bundle = sample::platform("1.4.0");
    let mut evidence = sample::evidence(&bundle);
    let reason = format!("{}the end", "because ".repeat(200));
    evidence.waivers[0].reason.clone_from(&reason);
    evidence.findings[1].message = "\u{202e}".repeat(400);
    sample::with_evidence(bundle, &evidence.to_json()).write(&site.path("platform.tar.zst"));
    let report = site.run("report platform.tar.zst -q -o json").ok();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["evidence"]["waivers"][0]["reason"], reason);
    assert_eq!(report["evidence"]["findings"][1]["message"], "\\u{202e}".repeat(400));
    for format in ["html", "markdown"] {
        let told = site.run(&format!("report platform.tar.zst -q -o {format}")).ok();
        assert!(told.contains("because because") && !told.contains("the end"), "{told}");
        assert!(!told.contains('\u{202e}'));
    }
}

#[test]
fn markdown_shows_it_too() {
    let site = Site::new();
    hostile().write(&site.path("evil.tar.zst"));
    let text = site.run("report evil.tar.zst -o markdown").ok();
    let (tables, _) = text.split_once("```sh").unwrap();
    for markup in ["<script", "<img", "<b>", "](y)", "https://"] {
        assert!(!tables.contains(markup), "{markup:?} is in {tables}");
    }
    let rows = tables.lines().filter(|line| line.contains("evil:1"));
    assert!(rows.clone().count() > 0 && rows.clone().all(|row| cells(row) == 8), "{tables}");
}

/// The cells of a row; a bar behind a backslash divides none.
fn cells(row: &str) -> usize {
    row.replace("\\|", "").matches('|').count()
}
