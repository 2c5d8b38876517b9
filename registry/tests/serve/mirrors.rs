//! Repositories that upstream signed. What apt itself makes of them is in the end-to-end tests.

use manifests::document::{Content, Item, Mirror};
use manifests::fake::FakeBundle;
use manifests::oci::{Descriptor, media_type};
use registry::server::{Access, Transport};
use serde_json::json;

use crate::site::TestSite;

const RELEASE: &str = "dists/bookworm/InRelease";
const HASHED: &str = "dists/bookworm/main/binary-amd64/by-hash/SHA256/";

/// A bundle with a mirror of these files, each in a manifest of its own.
fn bundle(version: &str, files: &[(&str, &[u8])]) -> FakeBundle {
    let mut bundle = FakeBundle::new("platform", version);
    let config = bundle.blob(media_type::OCI_EMPTY, b"{}");
    let key = bundle.blob("application/pgp-keys", b"the key");
    let mut parts: Vec<Descriptor> = Vec::new();
    for (title, content) in files {
        let mut layer = bundle.blob("application/octet-stream", content);
        layer.annotations.insert("org.opencontainers.image.title".to_owned(), (*title).to_owned());
        let part = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": media_type::MIRROR,
            "config": config, "layers": [layer, key],
        });
        parts.push(bundle.blob(media_type::OCI_MANIFEST, part.to_string().as_bytes()));
    }
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": parts});
    let descriptor = bundle.blob(media_type::OCI_INDEX, index.to_string().as_bytes());
    let mirror = json!({
        "name": "example", "reference": format!("bundle.local/mirrors/example:{version}"), "descriptor": descriptor,
        "source": "https://archive.example.org/debian", "architectures": ["amd64"], "components": ["main"],
        "suites": [{"suite": "bookworm", "date": "2026-01-01T00:00:00Z"}], "translations": false,
        "key": Content { digest: key.digest, size: key.size }, "packages": 1, "size": 3,
    });
    bundle.item(Item::from(serde_json::from_value::<Mirror>(mirror).unwrap()))
}

fn place(bundle: &FakeBundle) -> String {
    format!("/mirrors/{}/example", registry::apt::generation_id(&bundle.plan().document_digest()))
}

#[test]
fn each_bundle_has_its_own_and_the_latest_still_gives_what_an_index_of_an_earlier_one_lists() {
    let (old, new) = (format!("{HASHED}old"), format!("{HASHED}new"));
    let first = bundle("1.0.0", &[(RELEASE, b"one"), (&old, b"index one"), ("pool/a.deb", b"deb one")]);
    let second = bundle("2.0.0", &[(RELEASE, b"two"), (&new, b"index two"), ("pool/b.deb", b"deb two")]);
    let site = TestSite::plain(&[first.clone(), second.clone()]);
    assert_eq!(site.get(&format!("{}/{RELEASE}", place(&first))).text(), "one");
    assert_eq!(site.get(&format!("{}/{RELEASE}", place(&second))).text(), "two");
    assert_eq!(site.get(&format!("{}/pool/a.deb", place(&second))).status, 404, "one bundle's is that bundle's alone");
    let latest = "/mirrors/latest/example";
    let release = site.get(&format!("{latest}/{RELEASE}"));
    assert_eq!((release.text().as_str(), release.header("Cache-Control")), ("two", Some("no-cache")));
    assert_eq!(release.header("Last-Modified"), None);
    for (path, content) in
        [(&*old, "index one"), (&new, "index two"), ("pool/a.deb", "deb one"), ("./pool/b.deb", "deb two")]
    {
        let file = site.get(&format!("{latest}/{path}"));
        assert_eq!((file.status, file.text().as_str()), (200, content), "{path}");
    }
    for absent in ["", "key.asc", "dists/bookworm/Release", "../example/pool/b.deb", "%2e%2e/pool/b.deb"] {
        assert_eq!(site.get(&format!("{latest}/{absent}")).status, 404, "{absent}");
    }
    assert_eq!(site.get("/v2/mirrors/example/manifests/2.0.0?ns=bundle.local").status, 200);
    assert!(site.get("/mirrors/").text().contains("example"));
}

#[test]
fn a_title_that_leads_outside_or_stands_there_twice_is_not_served() {
    for (title, other) in [("../pool/a.deb", "pool/b.deb"), ("/etc/a.deb", "pool/b.deb"), ("pool/a.deb", "pool/a.deb")]
    {
        let bundle = bundle("1.0.0", &[(RELEASE, b"one"), (title, b"a"), (other, b"b")]).files("tools", &[("a", b"b")]);
        let site = TestSite::plain(std::slice::from_ref(&bundle));
        assert_eq!(site.get(&format!("{}/{RELEASE}", place(&bundle))).status, 404, "{title}");
        assert!(site.get("/").text().contains("mirror"), "it is among the problems");
        assert_eq!(site.get("/files/tools/a").status, 200, "the rest is served all the same");
    }
}

#[test]
fn plain_http_has_mirrors_too() {
    let bundle = bundle("1.0.0", &[(RELEASE, b"one")]);
    let site = TestSite::with(std::slice::from_ref(&bundle), |config| {
        config.transport = Transport::Plain;
        config.plain_packages = vec!["127.0.0.1:0".parse().unwrap()];
        config.access = Access::Credentials;
    });
    let path = format!("{}/{RELEASE}", place(&bundle));
    assert_eq!(site.get(&path).status, 401, "the listener for all asks who it is");
    assert_eq!(site.connect_packages().get(&path, "").status, 200);
}
