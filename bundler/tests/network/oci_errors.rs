//! Registries that answer with something else than an image.

use bundler::oci::MANIFEST_LIMIT;
use manifests::Digest;
use manifests::oci::media_type;

use crate::fake::{Fake, at, wanted};
use crate::fixtures::report;
use crate::server::{Reply, Server};

async fn resolve(reply: Reply, rest: &str) -> (String, String) {
    let server = Server::start(move |_, _| reply.clone()).await;
    let error = at(&server).resolve(&wanted(&server, rest, &["linux/amd64"])).await.unwrap_err();
    (report(&error), format!("{}/team/app{rest}", server.address))
}

#[tokio::test]
async fn a_web_page_is_no_image() {
    let page = Reply::ok("<!DOCTYPE html><title>Sign in</title>").with("content-type", "text/html; charset=utf-8");
    let (text, image) = resolve(page, ":v1").await;
    assert!(text.starts_with(&format!("{image} is not an image: the registry sent a web page")), "{text}");
    assert!(text.contains("login page"), "{text}");
}

#[tokio::test]
async fn schema_1_is_refused_by_its_name() {
    let reply = Reply::ok(r#"{"schemaVersion": 1, "name": "app", "fsLayers": []}"#)
        .with("content-type", media_type::DOCKER_SCHEMA_1_SIGNED);
    let (text, image) = resolve(reply, ":v1").await;
    assert!(text.starts_with(&format!("{image} is a Docker image of schema 1")), "{text}");
}

#[tokio::test]
async fn a_huge_manifest_is_not_read() {
    let (text, image) = resolve(Reply::ok(vec![b' '; MANIFEST_LIMIT + 1]), ":v1").await;
    assert!(text.starts_with(&format!("can't fetch {image}")) && text.contains("larger than the 4194304"), "{text}");
}

#[tokio::test]
async fn a_manifest_with_another_digest_is_refused() {
    let wrong = r#"{"schemaVersion": 2, "manifests": []}"#;
    let asked = Digest::of(b"something else");
    let reply = Reply::ok(wrong)
        .with("content-type", media_type::OCI_INDEX)
        // Only a hint, and a lie here.
        .with("docker-content-digest", &asked.to_string());
    let (text, image) = resolve(reply, &format!("@{asked}")).await;
    assert!(text.starts_with(&format!("{image} has the digest {}", Digest::of(wrong.as_bytes()))), "{text}");
}

#[tokio::test]
async fn refusals_say_what_the_registry_said_and_what_to_do() {
    let reply = Fake::default();
    let server = reply.serve().await;
    let error = at(&server).resolve(&wanted(&server, ":gone", &["linux/amd64"])).await.unwrap_err();
    let text = report(&error);
    let address = &server.address;
    assert_eq!(
        text,
        format!(
            "can't fetch {address}/team/app:gone: GET http://{address}/v2/team/app/manifests/gone answered 404 Not Found: \
             MANIFEST_UNKNOWN: manifest unknown [check the name, the tag and the version: it may have been moved or \
             removed upstream]"
        )
    );
    for (status, advice) in [(403, "docker login"), (429, "log in there, use a mirror")] {
        let (text, _) = resolve(Reply::new(status, "no"), ":v1").await;
        assert!(text.contains(advice), "{text}");
    }
}
