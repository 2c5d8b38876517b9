//! Images, resolved to everything that belongs to them.

use std::collections::BTreeSet;

use bundler::content::{Fetcher, Origin, Resolved};
use bundler::credentials::Credentials;
use bundler::http::{MemorySink, Pump};
use manifests::oci::media_type;
use serde_json::{Value, json};

use crate::fake::{Fake, LAYER, at, registries, wanted};
use crate::fixtures::{plain, report};
use crate::server::{Reply, Server};

fn digests(resolved: &Resolved) -> BTreeSet<String> {
    resolved.blobs.iter().map(|blob| blob.digest.to_string()).collect()
}

fn digest(descriptor: &Value) -> String {
    descriptor["digest"].as_str().unwrap().to_owned()
}

fn entry(descriptor: &Value, platform: &str) -> Value {
    let (os, architecture) = platform.split_once('/').unwrap();
    let mut entry = descriptor.clone();
    entry["platform"] = json!({"os": os, "architecture": architecture});
    entry
}

fn index(fake: &mut Fake, entries: &[Value], tags: &[&str]) -> Value {
    let document = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": entries});
    fake.manifest(media_type::OCI_INDEX, &document, tags)
}

#[tokio::test]
async fn an_index_keeps_its_digest_and_brings_only_what_is_wanted() {
    let mut fake = Fake::default();
    let (amd, arm) = (fake.image("amd", "linux/amd64", &[]), fake.image("arm", "linux/arm64", &[]));
    let attestation = fake.referrer("attestation", &amd, &[]);
    let mut about = entry(&attestation, "unknown/unknown");
    about["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": digest(&amd)});
    let root = index(&mut fake, &[entry(&amd, "linux/amd64"), entry(&arm, "linux/arm64"), about], &["v1"]);
    let server = fake.serve().await;

    let resolved = at(&server).resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    let image = resolved.item.as_image().unwrap();
    assert_eq!(image.descriptor.digest.to_string(), digest(&root));
    assert_eq!(image.platforms, ["linux/amd64".parse().unwrap()]);
    let carried = digests(&resolved);
    assert!(carried.contains(&digest(&amd)) && carried.contains(&digest(&attestation)));
    assert!(!carried.contains(&digest(&arm)));
    // Index, two manifests, two configs and two layers.
    assert_eq!(carried.len(), 7);
}

#[tokio::test]
async fn every_blob_that_was_named_can_be_fetched() {
    let mut fake = Fake::default();
    let image = fake.image("app", "linux/amd64", &["v1"]);
    let server = fake.serve().await;
    let registries = at(&server);
    let resolved = registries.resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    let fetcher = Fetcher::new(registries, Credentials::none());
    for blob in &resolved.blobs {
        let mut pump = Pump::new(MemorySink::new(1 << 20, Some(blob.digest)));
        fetcher.fetch(blob, &mut pump).await.unwrap();
        assert_eq!(pump.into_sink().await.unwrap().into_bytes().len() as u64, blob.size);
    }
    let streamed = resolved.blobs.iter().filter(|blob| matches!(blob.origin, Origin::Registry { .. })).count();
    assert_eq!((resolved.blobs.len(), streamed), (3, 1), "the manifest and the config are read already");
    assert_eq!(resolved.item.descriptor().unwrap().digest.to_string(), digest(&image));
}

#[tokio::test]
async fn referrers_and_cosign_tags_come_along() {
    let mut fake = Fake::default();
    let image = fake.image("app", "linux/amd64", &["v1"]);
    let hex = digest(&image).replace("sha256:", "");
    let sbom = fake.referrer("sbom", &image, &[]);
    let second = fake.referrer("second page", &image, &[]);
    let of_sbom = fake.referrer("signature of the sbom", &sbom, &[]);
    let cosign = fake.referrer("signature", &image, &[&format!("sha256-{hex}.sig")]);
    // The referrers of the SBOM are listed under the tag that the specification has for registries without the list.
    index(&mut fake, std::slice::from_ref(&of_sbom), &[&digest(&sbom).replace(':', "-")]);
    let list = |entry: &Value| json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [entry]});
    let path = format!("/v2/team/app/referrers/{}", digest(&image));
    fake.put(&path, media_type::OCI_INDEX, list(&sbom).to_string().as_bytes());
    let second_page = list(&second).to_string();
    let server = Server::start(move |request, _| {
        let is_second = request.target.ends_with("?page=2");
        match request.path() == path {
            true if is_second => Reply::ok(second_page.clone()).with("content-type", media_type::OCI_INDEX),
            true => fake.answer(request).with("link", &format!("<{path}?page=2>; rel=\"next\"")),
            false => fake.answer(request),
        }
    })
    .await;

    let resolved = at(&server).resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    let attached = &resolved.item.as_image().unwrap().attached;
    let names: BTreeSet<_> = attached.iter().map(|found| found.digest.to_string()).collect();
    assert_eq!(names, BTreeSet::from([digest(&sbom), digest(&second), digest(&of_sbom), digest(&cosign)]));
    assert!(names.is_subset(&digests(&resolved)));
    let tag = |name: &str| {
        let found = attached.iter().find(|found| found.digest.to_string() == name).unwrap();
        found.annotations.get("org.opencontainers.image.ref.name").cloned()
    };
    assert_eq!(tag(&digest(&cosign)), Some(format!("sha256-{hex}.sig")));
    assert_eq!(tag(&digest(&sbom)), None);

    let mut plain = wanted(&server, ":v1", &["linux/amd64"]);
    plain.attachments = false;
    let resolved = at(&server).resolve(&plain).await.unwrap();
    assert!(resolved.item.as_image().unwrap().attached.is_empty());
}

#[tokio::test]
async fn docker_manifests_stay_as_they_are() {
    let mut fake = Fake::default();
    let config =
        fake.blob("application/vnd.docker.container.image.v1+json", br#"{"os":"linux","architecture":"amd64"}"#);
    let layer = fake.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", b"layer");
    let document =
        json!({"schemaVersion": 2, "mediaType": media_type::DOCKER_MANIFEST, "config": config, "layers": [layer]});
    let image = fake.manifest(media_type::DOCKER_MANIFEST, &document, &["v1"]);
    let server = fake.serve().await;
    let resolved = at(&server).resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    let descriptor = resolved.item.descriptor().unwrap();
    assert_eq!(descriptor.digest.to_string(), digest(&image));
    assert_eq!(descriptor.media_type, media_type::DOCKER_MANIFEST);
}

#[tokio::test]
async fn what_is_there_of_the_wanted_platforms_is_taken_and_where_none_is_those_there_are_are_named() {
    let mut fake = Fake::default();
    let amd = fake.image("amd", "linux/amd64", &["single"]);
    let arm = fake.image("arm", "linux/arm64", &[]);
    index(&mut fake, &[entry(&amd, "linux/amd64"), entry(&arm, "linux/arm64")], &["multi"]);
    let server = fake.serve().await;
    for (tag, offered) in [("single", "linux/amd64"), ("multi", "linux/amd64, linux/arm64")] {
        // Whether a part will do is judged by those who know what the platforms are wanted for.
        let request = wanted(&server, &format!(":{tag}"), &["linux/amd64", "linux/s390x"]);
        let resolved = at(&server).resolve(&request).await.unwrap();
        assert_eq!(resolved.item.as_image().unwrap().platforms, ["linux/amd64".parse().unwrap()]);
        let request = wanted(&server, &format!(":{tag}"), &["linux/s390x"]);
        let error = at(&server).resolve(&request).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} is not made for linux/s390x; it is made for {offered}", request.reference)
        );
    }
}

#[tokio::test]
async fn an_artifact_without_a_platform_is_for_all() {
    let mut fake = Fake::default();
    let subject = fake.image("app", "linux/amd64", &[]);
    fake.referrer("artifact", &subject, &["artifact"]);
    let server = fake.serve().await;
    let resolved = at(&server).resolve(&wanted(&server, ":artifact", &["linux/amd64"])).await.unwrap();
    assert!(resolved.item.as_image().unwrap().platforms.is_empty());
}

#[tokio::test]
async fn foreign_layers_are_refused_by_name() {
    for media in [
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ] {
        let mut fake = Fake::default();
        let config = fake.blob(crate::fake::IMAGE_CONFIG, br#"{"os":"windows","architecture":"amd64"}"#);
        let layer = fake.blob(media, b"windows");
        let layers = json!([fake.blob(LAYER, b"free"), layer]);
        let document = json!({"schemaVersion": 2, "config": config, "layers": layers});
        fake.manifest(media_type::OCI_MANIFEST, &document, &["v1"]);
        let server = fake.serve().await;
        let error = at(&server).resolve(&wanted(&server, ":v1", &["windows/amd64"])).await.unwrap_err();
        let text = report(&error);
        assert!(text.contains("must not be distributed") && text.contains(&digest(&layer)), "{text}");
    }
}

#[tokio::test]
async fn mirrors_are_asked_first_and_the_registry_last() {
    let mut fake = Fake::default();
    let image = fake.image("app", "linux/amd64", &["v1"]);
    let copy = fake.clone();
    let empty = Server::start(|_, _| Reply::new(404, "")).await;
    // The second mirror has manifests, but its blobs are damaged.
    let damaged = Server::start(move |request, _| {
        let mut request = request.clone();
        request.target = request.target.replace("/v2/cache/", "/v2/");
        if request.path().contains("/blobs/") { Reply::ok(vec![0; 40_003]) } else { copy.answer(&request) }
    })
    .await;
    let upstream = fake.serve().await;
    let addresses = [&*empty.address, &*damaged.address, &*upstream.address];
    let mirrors = [
        (&*upstream.address, &*format!("http://{}", empty.address)),
        (&*upstream.address, &*format!("http://{}/cache", damaged.address)),
    ];
    let registries = registries(plain(&addresses), Credentials::none(), &mirrors);
    let mut request = wanted(&upstream, ":v1", &["linux/amd64"]);
    request.attachments = false;
    let resolved = registries.resolve(&request).await.unwrap();
    assert_eq!(resolved.item.descriptor().unwrap().digest.to_string(), digest(&image));
    let namespace = format!("?ns={}", upstream.address.replace(':', "%3A"));
    assert_eq!(empty.targets()[0], format!("GET /v2/team/app/manifests/v1{namespace}"));
    assert_eq!(damaged.targets()[0], format!("GET /v2/cache/team/app/manifests/v1{namespace}"));
    assert!(upstream.targets().iter().all(|target| target.contains("/blobs/")), "{:?}", upstream.targets());

    let fetcher = Fetcher::new(registries, Credentials::none());
    for blob in &resolved.blobs {
        let mut pump = Pump::new(MemorySink::new(1 << 20, Some(blob.digest)));
        fetcher.fetch(blob, &mut pump).await.unwrap();
    }
}

#[tokio::test]
async fn all_tags_are_listed_over_pages() {
    let server = Server::start(|request, _| {
        let page = if request.target.contains("last=b") { r#"{"tags":["c"]}"# } else { r#"{"tags":["a","b"]}"# };
        let reply = Reply::ok(page);
        if request.target.contains("last=") {
            reply
        } else {
            reply.with("link", "</v2/team/app/tags/list?last=b>; rel=\"next\"")
        }
    })
    .await;
    let repository = wanted(&server, ":v1", &[]).reference.repository().clone();
    assert_eq!(at(&server).tags(&repository).await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn one_list_of_tags_answers_for_all_signatures() {
    let mut fake = Fake::default();
    let image = fake.image("app", "linux/amd64", &["v1"]);
    let tag = format!("{}.sig", digest(&image).replace(':', "-"));
    let signature = fake.referrer("signature", &image, &[&tag]);
    fake.put("/v2/team/app/tags/list", "application/json", json!({"tags": ["v1", tag]}).to_string().as_bytes());
    let server = fake.serve().await;
    let resolved = at(&server).resolve(&wanted(&server, ":v1", &["linux/amd64"])).await.unwrap();
    assert_eq!(resolved.item.as_image().unwrap().attached[0].digest.to_string(), digest(&signature));
    assert!(server.targets().iter().all(|target| !target.starts_with("HEAD")), "{:?}", server.targets());
}

#[tokio::test]
async fn a_mirror_is_enough_where_the_registry_is_out_of_reach() {
    let mut fake = Fake::default();
    let image = fake.image("app", "linux/amd64", &["v1"]);
    let signature = fake.referrer("signature", &image, &[&format!("{}.sig", digest(&image).replace(':', "-"))]);
    let mirror = fake.serve().await;
    let closed = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string() };
    let mirrors = [(&*closed, &*format!("http://{}", mirror.address))];
    let registries = registries(plain(&[&closed, &mirror.address]), Credentials::none(), &mirrors);
    let mut request = wanted(&mirror, ":v1", &["linux/amd64"]);
    request.reference = format!("{closed}/team/app:v1").parse().unwrap();
    let resolved = registries.resolve(&request).await.unwrap();
    assert_eq!(resolved.item.as_image().unwrap().attached[0].digest.to_string(), digest(&signature));
}
