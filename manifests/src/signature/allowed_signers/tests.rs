#![allow(clippy::unwrap_used)]

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJhtgqfcptJUBvdzwqIVQRYE7ujQQ6ccPVlJbDVDITsv";

fn one(line: &str) -> AllowedSigner {
    parse(&line.replace("KEY", KEY), "trust").unwrap().remove(0)
}

fn problem(line: &str) -> (usize, String, String) {
    match parse(&line.replace("KEY", KEY), "trust").unwrap_err() {
        TrustError::Line(error) => {
            let text = line.replace("KEY", KEY);
            let place = error.place.offset()..error.place.offset() + error.place.len();
            (error.line, error.problem.clone(), text[place].to_owned())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn the_forms_of_the_manual_page() {
    let signer = one("# first\n\n  ci@example.com,*@ops KEY a comment\n");
    assert_eq!((signer.line, signer.principals.as_str(), signer.namespaces), (3, "ci@example.com,*@ops", None));
    assert_eq!(one("\"a name,b\" KEY").principals, "a name,b");
    let signer = one("ci NAMESPACES=\"file,airgap-*\",valid-after=\"20260101\",valid-before=\"20270101Z\"\tKEY");
    assert_eq!(signer.namespaces.as_deref(), Some("file,airgap-*"));
    assert_eq!(signer.valid_after.unwrap().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(signer.valid_before.unwrap().to_string(), "2027-01-01T00:00:00Z");
    assert_eq!(one("ci namespaces=\"a b\" KEY").namespaces.as_deref(), Some("a b"));
}

#[test]
fn a_wrong_line_is_named_with_the_text_that_is_wrong() {
    for (text, line, about, place) in [
        ("ci", 1, "no key behind", "ci"),
        ("# x\nci cert-authority KEY", 2, "`cert-authority` is not supported", "cert-authority"),
        ("ci namespaces=file KEY", 1, "double quotes", "namespaces=file"),
        ("ci namespaces=\"file KEY", 1, "never closed", &format!("namespaces=\"file {KEY}")),
        ("ci valid-after=\"tomorrow\" KEY", 1, "`tomorrow` is no timestamp", "valid-after=\"tomorrow\""),
        ("ci valid-after=\"2026\",valid-after=\"20260101\" KEY", 1, "no timestamp", "valid-after=\"2026\""),
        ("ci namespaces=\"a\",namespaces=\"b\" KEY", 1, "twice", "namespaces=\"b\""),
        ("ci no-touch-required KEY", 1, "`no-touch-required` is no option", "no-touch-required"),
        ("ci,,b KEY", 1, "empty principal", "ci,,b"),
        ("!ci KEY", 1, "matches nobody", "!ci"),
        ("ci ssh-ed25519 AAAA", 1, "no public key", "ssh-ed25519 AAAA"),
        ("ci ssh-ed25519", 1, "no public key", "ssh-ed25519"),
    ] {
        let (found_line, found, found_place) = problem(text);
        assert_eq!((found_line, found_place.as_str()), (line, place), "{text}");
        assert!(found.contains(about), "{text}: {found}");
    }
    let (_, found, _) = problem("ci valid-after=\"20270101\",valid-before=\"20260101\" KEY");
    assert!(found.contains("valid-before is not after"), "{found}");
}

#[test]
fn a_file_that_trusts_nobody_or_has_no_end_is_refused() {
    assert!(matches!(parse("# nobody\n", "trust"), Err(TrustError::Empty { .. })));
    assert!(matches!(parse(&"#".repeat(MAX_FILE + 1), "trust"), Err(TrustError::TooLarge { .. })));
    assert!(matches!(parse(&"\n".repeat(MAX_LINES + 1), "trust"), Err(TrustError::TooLarge { .. })));
}

proptest::proptest! {
    /// Any text is read or refused at a place within it, and nothing panics.
    #[test]
    fn any_text_has_an_answer(
        start in "(#|!|ci|\"ci x\"|\\*@é,b)?[ \t]{0,2}",
        options in "(namespaces=|valid-after=|valid-before=|cert-authority|,|\"|\\\\|[a-z0-9Zé ]){0,12}",
        key in "( ssh-ed25519| AAAA|\\PC){0,6}\n?",
    ) {
        let text = format!("{start}{options}{key}");
        if let Err(TrustError::Line(error)) = parse(&text, "trust") {
            let end = error.place.offset() + error.place.len();
            proptest::prop_assert!(text.get(error.place.offset()..end).is_some(), "{error}");
        }
    }

    #[test]
    fn any_signature_has_an_answer(body in "[A-Za-z0-9+/=\n ]{0,400}", bytes in proptest::collection::vec(0u8.., 0..300)) {
        use base64::Engine;
        let inside = base64::engine::general_purpose::STANDARD.encode([b"SSHSIG\0\0\0\x01".as_slice(), &bytes].concat());
        for body in [body, inside] {
            let text = format!("-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n");
            proptest::prop_assert!(crate::signature::check(&text, b"x").is_err());
        }
    }
}
