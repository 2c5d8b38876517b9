//! What the reader of stacks and components takes, and what it refuses as too much.
#![allow(clippy::unwrap_used)]

use manifests::Component;
use manifests::yaml::{Problems, SourceFile, limits};

fn problems(text: &str) -> Problems {
    Component::parse(&SourceFile::new("component.yaml", text)).unwrap_err()
}

#[test]
fn limits_hold() {
    let head = "apiVersion: airgap/v1\nkind: Component\nname: app\n";
    let large = format!("{head}# {}\n", "x".repeat(limits::FILE_SIZE));
    assert!(problems(&large).list()[0].to_string().contains("at most 1048576 are read"));
    let many = format!("{head}images:\n{}", "- a\n".repeat(limits::NODES));
    assert!(problems(&many).list()[0].to_string().contains("more than 100000 values"));
    let wrong = format!("{head}images:\n{}", "- A\n".repeat(5000));
    assert_eq!(problems(&wrong).list().len(), limits::PROBLEMS);
    // Wide mappings, with names known to nobody, and without an end to a word: none of it may take more than a moment.
    let wide: String = (0..40_000).map(|number| format!("name{number}: {{}}\n")).collect();
    assert_eq!(problems(&format!("{head}{wide}")).list().len(), limits::PROBLEMS);
    let urls = format!("{head}description:\n  {}\nimage: x\n", "://a:b/".repeat(20_000));
    assert_eq!(problems(&urls).list().len(), 1);
}

#[test]
fn a_byte_order_mark_and_line_ends_of_windows_do_no_harm() {
    let text = "\u{feff}apiVersion: airgap/v1\r\nkind: Component\r\nname: app\r\nimages:\r\n  - nginx:1.27\r\n";
    let component = Component::parse(&SourceFile::new("c.yaml", text)).unwrap();
    assert_eq!(component.images[0].reference.to_string(), "docker.io/library/nginx:1.27");
    assert_eq!(component.images[0].location.to_string(), "c.yaml:5:5");
}
