use super::*;

fn evidence() -> Evidence {
    let seen = Sighting {
        component: "shop".parse().unwrap(),
        chart: Some("shop".into()),
        text: "nginx:1.27".into(),
        object: Some(SeenObject { kind: "Deployment".into(), namespace: Some("shop".into()), name: "web".into() }),
        file: Some("shop/templates/web.yaml".into()),
        path: "spec.template.spec.containers[0].image".into(),
        variant: None,
        purpose: Purpose::Test,
        confidence: Confidence::Certain,
        reason: "the image of a container".into(),
    };
    let image: ImageReference = "nginx:1.27".parse().unwrap();
    let reference = Reference {
        image,
        fate: Fate::LeftOut,
        pulled_from: None,
        reason: Some("the site has it".into()),
        confidence: Some(Confidence::Certain),
        sightings: vec![seen],
    };
    let waived =
        AppliedWaiver { reason: "by hand".into(), until: "2027-01-31".parse().ok(), asked: Place::new("s.yaml", 9) };
    let finding = Finding {
        id: "crd-missing".into(),
        severity: Severity::Error,
        object: "x.example.org".into(),
        message: "nothing installs it".into(),
        asked: Some(Place::new("s.yaml", 3)),
        seen: vec!["X a in shop/templates/x.yaml".into()],
        why: "the object is refused".into(),
        help: "add a component".into(),
        waived: Some(waived),
    };
    Evidence { references: vec![reference], findings: vec![finding], ..Evidence::new() }
}

#[test]
fn it_is_read_as_it_was_written() {
    let evidence = evidence();
    let bytes = evidence.to_json();
    assert_eq!(Evidence::parse(&bytes).unwrap(), evidence);
    let text = String::from_utf8(bytes).unwrap();
    for word in [
        "\"image\": \"docker.io/library/nginx:1.27\"",
        "\"fate\": \"left-out\"",
        "\"until\": \"2027-01-31\"",
        "\"asked\": \"s.yaml:9\"",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn another_version_and_other_texts_are_refused() {
    let later = Evidence { version: 2, ..evidence() };
    assert!(matches!(Evidence::parse(&later.to_json()), Err(EvidenceError::Version(2))));
    for text in ["", "{}", "[]", r#"{"version":1}"#] {
        assert!(matches!(Evidence::parse(text.as_bytes()), Err(EvidenceError::Format(_))), "{text}");
    }
}

#[test]
fn what_is_waived_refuses_nothing() {
    let mut finding = evidence().findings.remove(0);
    assert!(!finding.is_refusal());
    finding.waived = None;
    assert!(finding.is_refusal());
    finding.severity = Severity::Warning;
    assert!(!finding.is_refusal());
}
