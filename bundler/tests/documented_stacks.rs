//! The examples and the fields in `docs/` are what the reader reads.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use airgap_console::error::render;
use manifests::yaml::SourceFile;
use manifests::{Component, Site, Stack, schema};

fn doc(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

fn block(text: &str, language: &str) -> String {
    let start = text.find(&format!("```{language}\n")).unwrap() + language.len() + 4;
    text[start..start + text[start..].find("```").unwrap()].to_owned()
}

fn blocks(text: &str, language: &str) -> Vec<String> {
    text.split(&format!("```{language}\n")).skip(1).map(|rest| rest[..rest.find("```").unwrap()].to_owned()).collect()
}

#[test]
fn the_examples_are_valid() {
    for example in blocks(&doc("packages.md"), "yaml") {
        let source = SourceFile::new("packages.md", &example);
        if example.contains("kind: Stack") {
            Stack::parse(&source).unwrap();
        } else {
            Component::parse(&source).unwrap();
        }
    }
    Component::parse(&SourceFile::new("component.md", &block(&doc("component.md"), "yaml"))).unwrap();
    Stack::parse(&SourceFile::new("stack.md", &block(&doc("stack.md"), "yaml"))).unwrap();
    Site::parse(&SourceFile::new("site.md", &block(&doc("site.md"), "yaml"))).unwrap();
}

#[test]
fn the_examples_on_the_pages_of_stacks_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/stacks");
    let mut sites = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for example in blocks(&std::fs::read_to_string(&path).unwrap(), "yaml") {
            let source = SourceFile::new(path.display().to_string(), &example);
            if example.contains("kind: Stack") {
                Stack::parse(&source).unwrap();
            } else if example.contains("kind: Site") {
                Site::parse(&source).unwrap();
                sites += 1;
            }
        }
    }
    assert!(sites > 0);
}

#[test]
fn the_shown_errors_are_the_real_ones() {
    let text = "apiVersion: airgap/v1\nkind: Component\nname: shop\nfiles:\n  - path: bin/shopctl\n    \
                url: https://downloads.example.org/shopctl\n    sha256: 12ab\nchart:\n  - name: shop\n";
    let problems = Component::parse(&SourceFile::new("shop.yaml", text)).unwrap_err();
    assert_eq!(render(&problems), block(&doc("component.md"), "text"));
    let text = "apiVersion: airgap/v1\nkind: Site\nname: plant-7\nbundle: {name: platform, versions: \"^1\"}\n\
                jumpHost: {address: 10.0.7.2}\nssh: {user: ops}\nnodes:\n\
                - {name: server-1, address: 10.0.7.11, role: server}\n\
                - {name: server-2, address: 10.0.7.11, role: agent}\nbecome:\n  password: {file: ./sudo}\n\
                cluster: {endpoint: {vip: 10.0.7.11}}\n";
    let problems = Site::parse(&SourceFile::new("site.yaml", text)).unwrap_err();
    assert_eq!(render(&problems), block(&doc("site.md"), "text"));
}

#[test]
fn every_field_is_documented() {
    for (page, schema) in
        [("component.md", schema::component()), ("stack.md", schema::stack()), ("site.md", schema::site())]
    {
        let shared = if page == "site.md" {
            String::new()
        } else {
            doc("component.md") + &doc("git.md") + &doc("packages.md") + &doc("closed-world.md")
        };
        let text = doc(page) + &shared;
        let mut missing = Vec::new();
        let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        for properties in definitions.filter_map(|definition| definition["properties"].as_object()) {
            for name in properties.keys() {
                let shown = [format!("`{name}`"), format!(".{name}`")];
                if !shown.iter().any(|shown| text.contains(shown)) {
                    missing.push(name.clone());
                }
            }
        }
        assert_eq!(missing, [""; 0], "{page} does not name these fields");
    }
}
