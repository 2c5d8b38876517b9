//! What people see for each mistake: one file in `bad-yaml/` each, and the message as a terminal shows it.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use airgap_console::error::render;
use manifests::yaml::{Problems, SourceFile};
use manifests::{Component, Site, Stack};

fn problems(name: &str, text: &str) -> Problems {
    let source = SourceFile::new(name, text);
    match name.split('-').next() {
        Some("stack") => Stack::parse(&source).unwrap_err(),
        Some("site") => Site::parse(&source).unwrap_err(),
        _ => Component::parse(&source).unwrap_err(),
    }
}

#[test]
fn every_mistake_is_shown_at_its_line_with_advice() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-yaml");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30, "the corpus is there");
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let rendered = render(&problems(name, &text));
        for secret in ["s3cret", "token@", "me:pw", "0ddba11"] {
            assert!(!rendered.contains(secret), "{name} shows a credential");
        }
        insta::with_settings!({snapshot_path => "bad-yaml-shown", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(name.trim_end_matches(".yaml"), rendered);
        });
    }
}
