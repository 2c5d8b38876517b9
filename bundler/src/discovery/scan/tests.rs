use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn found(text: &str, naming: Naming) -> Vec<(String, Confidence)> {
    let image = |hit| match hit {
        Hit::Image { reference, confidence, .. } => (reference.to_string(), confidence),
        Hit::Artifact(reference) => (format!("oci://{reference}"), Confidence::Possible),
    };
    scan(text, naming).into_iter().map(image).collect()
}

fn one(text: &str, naming: Naming) -> Option<(String, Confidence)> {
    let mut found = found(text, naming);
    assert!(found.len() <= 1, "{text}: {found:?}");
    found.pop()
}

#[test]
fn schemes_elements_and_quotes_within_quotes_are_seen_through() {
    use Confidence::{Likely, Possible};
    for (text, whole, confidence) in [
        ("docker://alpine:3.20", "docker.io/library/alpine:3.20", Likely),
        ("<pod><image>team/agent:3107-jdk17</image></pod>", "docker.io/team/agent:3107-jdk17", Likely),
        (r#"x "{\"sidecarImage\":\"quay.io/x/escaped:1\"}""#, "quay.io/x/escaped:1", Likely),
        (r#"echo -e "image: quay.io/x/escaped:1\n""#, "quay.io/x/escaped:1", Likely),
        ("team/agent:bookworm", "docker.io/team/agent:bookworm", Possible),
    ] {
        let found = one(text, Naming::Not);
        assert_eq!(found.as_ref().map(|(image, _)| image.as_str()), Some(whole), "{text}");
        assert_eq!(found.map(|(_, sure)| sure), Some(confidence), "{text}");
    }
    for text in [r#"image: "not an image""#, "<b>team</b>", "<a>x/y</a>", r"a/b:1\d+"] {
        assert_eq!(found(text, Naming::Not), [], "{text}");
    }
}

#[test]
fn the_form_and_the_name_of_the_place_decide() {
    use Confidence::{Likely, Possible};
    let digest = format!("a/b@{DIGEST}");
    for (text, naming, whole, confidence) in [
        (digest.as_str(), Naming::Not, format!("docker.io/a/b@{DIGEST}"), Likely),
        ("quay.io/a/b:v1", Naming::Exactly, "quay.io/a/b:v1".to_owned(), Likely),
        ("quay.io/a/b:v1", Naming::Not, "quay.io/a/b:v1".to_owned(), Possible),
        ("a/b:v1", Naming::Not, "docker.io/a/b:v1".to_owned(), Possible),
        (
            "registry.example.org/a/b:production",
            Naming::Not,
            "registry.example.org/a/b:production".to_owned(),
            Possible,
        ),
        ("registry.example.org/db:5432", Naming::Not, "registry.example.org/db:5432".to_owned(), Possible),
        ("library/postgres:16", Naming::Not, "docker.io/library/postgres:16".to_owned(), Possible),
        ("nats:2.10", Naming::Exactly, "docker.io/library/nats:2.10".to_owned(), Likely),
        ("postgres:16", Naming::Exactly, "docker.io/library/postgres:16".to_owned(), Likely),
        ("grafana/grafana", Naming::Exactly, "docker.io/grafana/grafana:latest".to_owned(), Likely),
        ("quay.io/a/b", Naming::Exactly, "quay.io/a/b:latest".to_owned(), Likely),
        ("ghcr.io/a/b", Naming::Not, "ghcr.io/a/b:latest".to_owned(), Possible),
        ("nginx", Naming::Exactly, "docker.io/library/nginx:latest".to_owned(), Possible),
        ("docker://a/b:v1", Naming::Exactly, "docker.io/a/b:v1".to_owned(), Likely),
        (
            "oci://registry.example.org/charts/a:1",
            Naming::Not,
            "oci://registry.example.org/charts/a:1".to_owned(),
            Possible,
        ),
    ] {
        assert_eq!(one(text, naming), Some((whole, confidence)), "{text} {naming:?}");
    }
}

#[test]
fn words_around_a_reference_are_no_part_of_it() {
    for text in [
        "--image=quay.io/a/b:v1",
        "--image quay.io/a/b:v1 --other",
        "image: \"quay.io/a/b:v1\"",
        "{\"image\":\"quay.io/a/b:v1\",\"x\":1}",
        "IMAGE='quay.io/a/b:v1'",
        "image:quay.io/a/b:v1",
        "the image `quay.io/a/b:v1`.",
    ] {
        let found = one(text, Naming::Not);
        assert_eq!(found.as_ref().map(|(image, _)| image.as_str()), Some("quay.io/a/b:v1"), "{text}");
        let is_named = !text.starts_with("the");
        assert_eq!(found.unwrap().1 == Confidence::Likely, is_named, "{text}");
    }
    assert_eq!(found("1.0=a/b:v1, 2.0=a/b:v2;a/c:v3", Naming::Not).len(), 3);
}

#[test]
fn what_is_something_else_is_no_image() {
    for text in [
        "",
        "/",
        "a",
        "a/b",
        "host:8080",
        "web/app:8080",
        "node-role.kubernetes.io/control-plane:NoSchedule",
        "nvidia.com/gpu:NoSchedule",
        "app.kubernetes.io/name:v1",
        "prometheus.io/scrape:true",
        "https://quay.io/a/b:v1",
        "/etc/a/b:v1",
        "./a/b:v1",
        "12:30",
        "2024/01/02:10",
        "10.0.0.0/8:1",
        "key:value",
        "a/b:rw",
        "src/main.rs:L42",
        "Deployment/web:v1",
        "apps/v1:Deployment",
        "${REGISTRY}/a/b:v1",
        "quay.io/a/b:${TAG}",
        "quay.io/a/b:{{ .Tag }}",
        "quay.io/a/*:v1",
        "web.shop.svc:80/a:v1",
        "arn:aws:iam::1:role/a",
        "text/plain:utf8",
        "registry.example.org",
        "quay.io/a",
        "quay.io/A/B:v1",
        "user@host:a/b.git",
        "github.com/a/b@v1.2",
    ] {
        assert_eq!(one(text, Naming::Not), None, "{text}");
    }
    for text in ["true", "Always", "auto", "none", "7", "v", "", "{{ .Image }}", "$(IMAGE)"] {
        assert_eq!(one(text, Naming::Exactly), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_reference_is_found_whatever_surrounds_it(
        host in "[a-z]{1,6}\\.(io|org|com)(:[1-9][0-9]{1,3})?",
        path in "[a-z][a-z0-9]{0,5}(/[a-z][a-z0-9-]{0,4}[a-z0-9]){0,2}",
        tag in "v[0-9]{1,2}\\.[0-9]{1,2}(-[a-z]{1,4})?",
        before in "[ \"'=,;|(\n]{1,3}",
        after in "[ \"',;|)\n]{1,3}",
    ) {
        let reference = format!("{host}/{path}:{tag}");
        let found = found(&format!("word{before}{reference}{after}word"), Naming::Not);
        prop_assert_eq!(found.into_iter().map(|(image, _)| image).collect::<Vec<_>>(), vec![reference]);
    }

    #[test]
    fn no_text_is_too_strange(text in "(\\PC|[–ä=: /.a-z1@\"-]){0,80}", named in any::<bool>()) {
        let naming = if named { Naming::Exactly } else { Naming::Not };
        for hit in scan(&text, naming) {
            if let Hit::Image { written, .. } = hit {
                prop_assert!(text.contains(written));
                prop_assert!(written.parse::<ImageReference>().is_ok());
            }
        }
    }
}
