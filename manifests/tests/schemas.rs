//! The schemas: what is checked in is what is generated, and they agree with the reader.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use manifests::yaml::SourceFile;
use manifests::{Component, Stack, schema};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    files
}

fn stack_validator() -> Validator {
    jsonschema::validator_for(&schema::stack()).unwrap()
}

fn component_validator() -> Validator {
    jsonschema::validator_for(&schema::component()).unwrap()
}

fn site_validator() -> Validator {
    jsonschema::validator_for(&schema::site()).unwrap()
}

fn errors(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// As other tools read the file: into plain JSON.
fn read_plainly(text: &str) -> Option<Value> {
    serde_yaml::from_str(text).ok()
}

/// `UPDATE_SCHEMAS=1 cargo test -p manifests --test schemas` writes them anew.
#[test]
fn the_schemas_in_docs_are_up_to_date() {
    for (name, schema) in [
        ("stack", schema::stack()),
        ("component", schema::component()),
        ("site", schema::site()),
        ("lock", schema::lock()),
    ] {
        let path = root().join(format!("../docs/schema/{name}.json"));
        let text = format!("{schema:#}\n");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(checked_in, text, "run UPDATE_SCHEMAS=1 cargo test -p manifests --test schemas");
    }
}

#[test]
fn every_component_of_the_repository_is_valid_for_reader_and_schema() {
    let files = yaml_files(&root().join("components"));
    assert!(files.len() >= 15);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let component = Component::parse(&SourceFile::new(path.display().to_string(), &text)).unwrap();
        assert_eq!(component.name.as_str(), path.file_stem().unwrap());
        assert!(component.description.is_some() && component.version.is_some(), "{}", path.display());
        assert_eq!(errors(&component_validator(), &read_plainly(&text).unwrap()), [""; 0], "{}", path.display());
    }
}

#[test]
fn every_stack_of_the_repository_is_valid_for_reader_and_schema() {
    let files = yaml_files(&root().join("stacks"));
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        Stack::parse(&SourceFile::new(path.display().to_string(), &text)).unwrap();
        assert_eq!(errors(&stack_validator(), &read_plainly(&text).unwrap()), [""; 0], "{}", path.display());
    }
}

/// What only the reader can know: text that no pattern tells apart, and what YAML itself is made of.
const BEYOND_A_SCHEMA: [&str; 18] = [
    "component-alias-loop",
    "component-bad-image",
    "component-checksums",
    "component-duplicates",
    "component-paths",
    "component-second-document",
    "component-tabs",
    "component-tags-and-merge-keys",
    "component-too-deep",
    "component-unknown-alias",
    "component-empty",
    "site-bastions",
    "site-duplicates",
    "site-networks",
    "site-secrets-in-values",
    "site-several-servers",
    "site-two-servers",
    "site-values",
];

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    for path in yaml_files(&root().join("../bundler/tests/bad-yaml")) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if BEYOND_A_SCHEMA.contains(&name) {
            continue;
        }
        let validator = match name.split('-').next() {
            Some("stack") => stack_validator(),
            Some("site") => site_validator(),
            _ => component_validator(),
        };
        let Some(document) = read_plainly(&std::fs::read_to_string(&path).unwrap()) else { continue };
        assert!(!validator.is_valid(&document), "the schema takes {name}");
    }
}
