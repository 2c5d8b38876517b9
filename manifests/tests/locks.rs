//! Locks: what is written is read again, and what is no lock is refused at its place.
#![allow(clippy::unwrap_used)]

use manifests::Lock;
use manifests::lock::LockedFile;
use manifests::yaml::SourceFile;

/// One of each kind, as version 1 has it: it is read by every later version.
const VERSION_1: &str = include_str!("locks/version-1.lock.yaml");

fn parse(text: &str) -> Result<Lock, String> {
    Lock::parse(&SourceFile::new("stack.lock.yaml", text)).map_err(|problems| {
        let problem = &problems.list()[0];
        format!("{}: {problem}", problem.location())
    })
}

#[test]
fn a_lock_is_written_as_it_was_read() {
    assert_eq!(parse(VERSION_1).unwrap().to_yaml(), VERSION_1);
}

#[test]
fn a_lock_fits_its_schema() {
    let validator = jsonschema::validator_for(&manifests::schema::lock()).unwrap();
    let document: serde_json::Value = serde_yaml::from_str(VERSION_1).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let unknown: serde_json::Value = serde_yaml::from_str(&VERSION_1.replace("size: 6", "bytes: 6")).unwrap();
    assert!(!validator.is_valid(&unknown));
}

#[test]
fn what_is_no_lock_is_refused_at_its_place() {
    let digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001";
    for (from, to, place, told) in [
        ("kind: Lock\nversion: 1\n", "kind: Stack\nversion: 1.0.0\n", "1:1", "this is no lock"),
        ("version: 1\n", "version: 7\n", "1:1", "this lock is of version 7, and only version 1 is known"),
        ("size: 6\n", "size: -6\n", "", ""),
        ("size: 6\n", "size: many\n", "", ""),
        ("size: 6\n", "size: 6\n  surprise: 1\n", "", "surprise"),
        ("asked: stack.yaml:8", "asked: stack.yaml", "", "is not a place"),
        (digest, "sha256:1", "", "digest"),
        ("stack: demo\n", "stack: demo\nstack: demo\n", "", "stack"),
        ("stack: demo\n", "stack: &a demo\n", "", ""),
        ("files:\n", "files: 7\nothers:\n", "", ""),
        ("apiVersion: airgap/v1\n", "apiVersion: [[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]\n", "", ""),
        (VERSION_1, "", "1:1", ""),
        (VERSION_1, "a lock\n", "1:1", ""),
    ] {
        assert!(VERSION_1.contains(from), "{from}");
        let error = parse(&VERSION_1.replacen(from, to, 1)).expect_err(to);
        assert!(error.starts_with(&format!("stack.lock.yaml:{place}")) && error.contains(told), "{to}: {error}");
    }
}

#[test]
fn an_item_that_stands_twice_is_refused() {
    let lock = parse(VERSION_1).unwrap();
    let mut twice = lock.clone();
    twice.files.extend(lock.files.iter().cloned());
    assert!(parse(&twice.to_yaml()).unwrap_err().contains("file notes.txt of demo is in this lock twice"));
    let mut twice = lock.clone();
    twice.systems[0].packages.extend(lock.systems[0].packages.iter().take(1).cloned());
    assert!(parse(&twice.to_yaml()).unwrap_err().contains("package libshop 1.0-1 amd64 of stable"));
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    let long = "word ".repeat(100);
    let texts = [
        "",
        " ",
        "null",
        "~",
        "true",
        "y",
        "no",
        "0x1f",
        "1e3",
        ".inf",
        "1_000",
        "12:30:45",
        "2026-11-21",
        "- a",
        "a: b",
        "a #b",
        "#",
        "&a",
        "*a",
        "!!str a",
        "{a",
        "[a]",
        "%x",
        "@x",
        "`x",
        "|",
        ">",
        "---",
        "...",
        " a ",
        "a\nb",
        "a\r\nb\n",
        "\t",
        "\u{0}\u{7}",
        "\u{85}\u{2028}\u{feff}",
        "é 木",
        "'",
        "\"",
        "\\",
        "a: 'b\" #",
        &long,
    ];
    let mut lock = parse(VERSION_1).unwrap();
    let (lines, sample) = (lock.to_yaml().lines().count(), lock.files[0].clone());
    lock.files.clear();
    for text in texts {
        lock.files.push(LockedFile { file: text.to_owned(), from: text.to_owned(), ..sample.clone() });
        lock.images[0].attached[0].annotations.insert(text.to_owned(), text.to_owned());
    }
    let text = lock.to_yaml();
    assert_eq!(parse(&text).unwrap(), lock);
    assert_eq!(text.lines().count(), lines + 7 * texts.len() - 6, "each stays on its line\n{text}");
}

#[test]
fn a_lock_cut_anywhere_is_an_error_or_a_lock_of_less() {
    for end in (0..VERSION_1.len()).step_by(5) {
        if let Ok(lock) = parse(&VERSION_1[..end]) {
            assert_eq!(parse(&lock.to_yaml()), Ok(lock), "cut at {end}");
        }
    }
}
