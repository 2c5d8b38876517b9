//! A registry that answers differently twice: within one run a tag stands for one thing.

use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use manifests::oci::media_type;
use manifests::{Digest, Lock};
use serde_json::{Value, json};

use crate::server::{Received, Reply, Server};
use crate::upstream::Upstream;

const TAG: &str = "/v2/team/app/manifests/1";

/// What a registry holds, by path: the media type and the bytes.
type Content = HashMap<String, (String, Vec<u8>)>;

fn put(content: &mut Content, folder: &str, media_type: &str, bytes: Vec<u8>) -> Value {
    let digest = Digest::of(&bytes);
    let described = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
    content.insert(format!("/v2/team/app/{folder}/{digest}"), (media_type.to_owned(), bytes));
    described
}

/// An index with an image for one platform. Returns the path of the index.
fn image(content: &mut Content, text: &str) -> String {
    let config = json!({"os": "linux", "architecture": "amd64", "created_by": text}).to_string();
    let config = put(content, "blobs", "application/vnd.oci.image.config.v1+json", config.into_bytes());
    let layer = put(content, "blobs", "application/vnd.oci.image.layer.v1.tar+gzip", text.as_bytes().to_vec());
    let kind = media_type::OCI_MANIFEST;
    let manifest = json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]});
    let mut entry = put(content, "manifests", kind, manifest.to_string().into_bytes());
    entry["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [entry]});
    let index = put(content, "manifests", media_type::OCI_INDEX, index.to_string().into_bytes());
    format!("/v2/team/app/manifests/{}", index["digest"].as_str().unwrap())
}

/// A registry whose tag names the one image, then the other, then the one again. Returns the digests of both.
async fn fickle() -> (Server, [Digest; 2]) {
    let mut content = Content::new();
    let paths = ["the one", "the other"].map(|text| image(&mut content, text));
    let digests = paths.clone().map(|path| path.rsplit('/').next().unwrap().parse().unwrap());
    let asked = AtomicUsize::new(0);
    let answer = move |request: &Received, _: usize| {
        let path = match request.path() {
            TAG => &paths[asked.fetch_add(1, Ordering::Relaxed) % 2],
            other => other,
        };
        match content.get(path) {
            Some((media_type, bytes)) => Reply::ranged(request, bytes).with("content-type", media_type),
            None => Reply::new(404, r#"{"errors": [{"code": "MANIFEST_UNKNOWN"}]}"#),
        }
    };
    (Server::start(answer).await, digests)
}

fn lock_of(upstream: &Upstream) -> Lock {
    bundler::lock::read(&upstream.path("twice.lock.yaml")).unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_holds_one_of_two_answers_and_no_mixture() {
    let (registry, digests) = fickle().await;
    let upstream = Upstream::start().await;
    let address = &registry.address;
    // Two names of one tag: each is an image of the lock.
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: twice\nversion: 1.0.0\ncreated: 2026-11-21\nregistries: {{ \"{address}\": \
         {{ plainHTTP: true }} }}\nimages:\n  - {address}/team/app:1\n  - {{ image: 'copy.example.org/app:1', from: {{ image: \
         '{address}/team/app:1' }} }}\n"
    );
    fs::write(upstream.path("twice.yaml"), stack).unwrap();
    let mut locked = Vec::new();
    for command in ["lock twice.yaml", "lock twice.yaml --update"] {
        upstream.run(command).await.ok();
        let lock = lock_of(&upstream);
        let [one, other] = lock.images.as_slice() else { panic!("{:?}", lock.images) };
        assert_eq!((one.digest, &one.manifests, one.size), (other.digest, &other.manifests, other.size));
        assert_eq!(one.manifests.len(), 1);
        locked.push(one.digest);
    }
    // The second run is told something else, and says so as a whole.
    assert_eq!(locked, digests);
    let before = registry.received().iter().filter(|request| request.path() == TAG).count();
    assert_eq!(before, 2, "once in each run");

    // What is locked is what is built, and the tag is not asked for.
    upstream.run("build twice.yaml --unsigned --locked -o x.tar.zst").await.ok();
    let document = upstream.document("x.tar.zst");
    let built = document.items.iter().filter_map(|item| item.as_image()).map(|image| image.descriptor.digest);
    assert_eq!(built.collect::<Vec<_>>(), [digests[1]; 2]);
    assert_eq!(registry.received().iter().filter(|request| request.path() == TAG).count(), 2);
    // A build that looks everything up carries one answer, too.
    fs::remove_file(upstream.path("twice.lock.yaml")).unwrap();
    upstream.run("build twice.yaml --unsigned -o y.tar.zst").await.ok();
    let document = upstream.document("y.tar.zst");
    let built = document.items.iter().filter_map(|item| item.as_image()).map(|image| image.descriptor.digest);
    assert_eq!(built.collect::<Vec<_>>(), [digests[0]; 2]);
}
