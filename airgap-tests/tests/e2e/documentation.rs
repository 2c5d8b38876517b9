//! The sessions in the documentation are true: each is run, and prints what it says. `make demo` is the README's.

use airgap_tests::{repository, session};

#[test]
fn sessions_in_the_documentation_are_true() {
    let mut files = vec![repository().join("README.md")];
    let docs = std::fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    files.extend(docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    let mut played = 0;
    for file in files {
        let steps = session::parse(&std::fs::read_to_string(&file).unwrap());
        if !steps.is_empty() {
            played += 1;
            session::play(&file, true, &mut |_, _| {}).unwrap();
        }
    }
    assert!(played > 0, "the README has a session");
}
