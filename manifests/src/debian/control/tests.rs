use super::*;

fn stanzas(text: &str) -> Vec<Stanza<'_>> {
    Stanzas::new(text.as_bytes()).map(Result::unwrap).collect()
}

fn fields<'a>(stanza: &Stanza<'a>) -> Vec<(&'a str, &'a str)> {
    stanza.fields().map(|field| field.map(|field| (field.name, field.value)).unwrap()).collect()
}

#[test]
fn stanzas_are_slices_of_the_text() {
    let text = "\n# about\nPackage: a\nDepends: b,\n c\n\n\r\nPackage: d\r\nEmpty:\r\n\r\n# last\n";
    let found = stanzas(text);
    assert_eq!(fields(&found[0]), [("Package", "a"), ("Depends", "b,\n c")]);
    assert_eq!(fields(&found[1]), [("Package", "d"), ("Empty", "")]);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].line(), found[1].line()), (3, 8));
    assert_eq!(&text.as_bytes()[found[0].range()], found[0].text());
    assert_eq!(found[0].text(), b"Package: a\nDepends: b,\n c\n");
}

#[test]
fn a_line_of_blanks_goes_on_as_it_does_for_apt() {
    let found = stanzas("Description: x\n .\n \nPackage: a\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].get("package"), Ok(Some("a")));
}

#[test]
fn comments_may_stand_between_fields() {
    let found = stanzas("A: 1\n# not a field\nB: 2");
    assert_eq!(fields(&found[0]), [("A", "1"), ("B", "2")]);
    assert_eq!(found[0].fields().nth(1).unwrap().unwrap().line, 3);
}

#[test]
fn what_is_no_field_is_refused_at_its_line() {
    for (text, line) in [("A: 1\nnonsense\n", 2), (": x\n", 1), ("A B: x\n", 1), ("-A: x\n", 1), ("A: 1\n\n\nB\n", 4)] {
        let errors: Vec<_> =
            stanzas(text).iter().flat_map(Stanza::fields).filter_map(Result::err).map(|error| error.line).collect();
        assert_eq!(errors, [line], "{text:?}");
    }
    let latin1 = Stanzas::new(b"A: caf\xe9\n").next().unwrap().unwrap();
    assert_eq!(latin1.get("A").unwrap_err().problem, ControlProblem::NoText);
}

#[test]
fn a_stanza_has_a_largest_size() {
    let text = format!("A: {}\n\nB: 1\n", "x".repeat(MAX_STANZA));
    let found: Vec<_> = Stanzas::new(text.as_bytes()).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].clone().unwrap_err().problem, ControlProblem::TooLong);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        for stanza in Stanzas::new(&bytes) {
            let _ = stanza.unwrap().fields().count();
        }
    }

    #[test]
    fn lines_are_counted(parts in proptest::collection::vec("(A: b\n|\n| c\n|#d\n|\r\n)", 0..30)) {
        let text = parts.concat();
        for stanza in stanzas(&text) {
            let before = text.as_bytes()[..stanza.range().start].iter().filter(|byte| **byte == b'\n').count();
            proptest::prop_assert_eq!(stanza.line(), before + 1);
        }
    }
}
