//! Images from a real registry with a login.

use std::fs;

use bundler::content::Fetcher;
use bundler::credentials::Credentials;
use bundler::http::{MemorySink, Pump};
use bundler::oci::{ImageRequest, Registries};
use manifests::Digest;
use manifests::oci::media_type;

use crate::docker_registry::{Registry, layout, run};
use crate::fake::registries;
use crate::fixtures::{plain, report, settings};

fn registries_with(registry: &Registry, entry: &str) -> Registries {
    let path = registry.folder.path().join("auth.json");
    fs::write(&path, format!(r#"{{"auths": {{"{}": {entry}}}}}"#, registry.address)).unwrap();
    let variable = |name: &str| (name == "REGISTRY_AUTH_FILE").then(|| path.clone().into());
    registries(plain(&[&registry.address]), Credentials::from_environment(variable).unwrap(), &[])
}

fn wanted(registry: &Registry, name: &str) -> ImageRequest {
    ImageRequest {
        reference: format!("{}/{name}", registry.address).parse().unwrap(),
        source: None,
        platforms: vec!["linux/amd64".parse().unwrap()],
        attachments: true,
        component: None,
    }
}

#[tokio::test]
async fn images_come_from_a_real_registry_as_they_are() {
    let registry = Registry::start(Some("user:hunter2"));
    let folder = tempfile::tempdir().unwrap();
    let digest = layout(folder.path(), "hello\n");
    registry.push(folder.path(), "team/oci:v1", &["--preserve-digests"]);
    registry.push(folder.path(), "team/docker:v1", &["--format", "v2s2"]);
    let login = registries_with(&registry, r#"{"username": "user", "password": "hunter2"}"#);

    let oci = login.resolve(&wanted(&registry, "team/oci:v1")).await.unwrap();
    assert_eq!(oci.item.descriptor().unwrap().digest, digest);
    let docker = login.resolve(&wanted(&registry, "team/docker:v1")).await.unwrap();
    let descriptor = docker.item.descriptor().unwrap();
    assert_eq!(descriptor.media_type, media_type::DOCKER_MANIFEST);
    let name = format!("docker://{}/team/docker:v1", registry.address);
    let raw = run("skopeo", &["inspect", "--raw", "--tls-verify=false", "--creds", "user:hunter2", &name]).stdout;
    assert_eq!(descriptor.digest, Digest::of(&raw));

    let fetcher = Fetcher::new(login.clone(), Credentials::none());
    for blob in oci.blobs.iter().chain(&docker.blobs) {
        let mut pump = Pump::new(MemorySink::new(1 << 20, Some(blob.digest)));
        fetcher.fetch(blob, &mut pump).await.unwrap();
    }
    let repository = wanted(&registry, "team/oci:v1").reference.repository().clone();
    assert_eq!(login.tags(&repository).await.unwrap(), ["v1"]);

    let wrong = registries_with(&registry, r#"{"username": "user", "password": "wrong"}"#);
    let error = wrong.resolve(&wanted(&registry, "team/oci:v1")).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("401 Unauthorized: UNAUTHORIZED: authentication required"), "{text}");
    let error = login.resolve(&wanted(&registry, "team/oci:v2")).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("404 Not Found: MANIFEST_UNKNOWN: manifest unknown"), "{text}");
}

#[tokio::test]
async fn a_registry_without_tls_is_told_with_the_setting_for_it() {
    let registry = Registry::start(Some("user:hunter2"));
    let strict = registries(settings(), Credentials::none(), &[]);
    let error = strict.resolve(&wanted(&registry, "team/app:v1")).await.unwrap_err();
    let (text, address) = (report(&error), &registry.address);
    assert!(text.contains(&format!("https://{address}/v2/")) && text.contains("does not speak TLS"), "{text}");
    let setting = format!("`registries: {{ \"{address}\": {{ plainHTTP: true }} }}`");
    assert!(text.contains(&setting) && !text.contains("clientCert"), "{text}");
}
