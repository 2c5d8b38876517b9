//! Generations come and go while the server runs.

use manifests::fake::FakeBundle;
use registry::store::Store;

use crate::site::{TestSite, digest_of, import, locked, wait_until};

fn version(number: u32) -> FakeBundle {
    FakeBundle::new("platform", &format!("{number}.0.0"))
        .image("quay.io/a/b:latest", &[format!("content {number}").as_bytes()])
        .image(&format!("quay.io/a/b:v{number}"), &[format!("content {number}").as_bytes()])
}

#[test]
fn the_latest_generation_has_the_tags_and_all_have_their_digests() {
    let site = TestSite::plain(&[version(1)]);
    let mut connection = site.connect();
    let path = "/v2/quay.io/a/b/manifests/latest";
    let first = digest_of(&connection.get(path, ""));
    import(site.folder.path(), &version(2));
    wait_until(&site, || digest_of(&site.get(path)) != first);
    // The connection that was open goes on, and the old content is still there.
    assert_eq!(connection.get(&format!("/v2/quay.io/a/b/manifests/{first}"), "").status, 200);
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/v1").status, 200);
    let store = Store::at(site.folder.path());
    store.remove(&locked(&store), 1).unwrap();
    wait_until(&site, || site.get("/v2/quay.io/a/b/manifests/v1").status == 404);
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/v2").status, 200);
}

#[test]
fn a_server_without_a_bundle_waits_for_the_first() {
    let site = TestSite::plain(&[]);
    assert_eq!(site.get("/healthz").text(), "ok\n");
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/latest").code(), "NAME_UNKNOWN");
    import(site.folder.path(), &version(1));
    wait_until(&site, || site.get("/v2/quay.io/a/b/manifests/latest").status == 200);
}

#[test]
fn what_is_half_imported_is_not_served() {
    let site = TestSite::plain(&[]);
    let store = Store::create(site.folder.path()).unwrap();
    let lock = locked(&store);
    let incoming = store.incoming(&lock, &version(1).plan().document_digest()).unwrap();
    version(1).write(&incoming.path().join("bundle.tar.zst"));
    import_ends(&site);
    assert_eq!(site.get("/v2/_catalog").json()["repositories"], serde_json::json!([]));
}

/// Lets the server look once, for certain: a generation that comes after is noticed.
fn import_ends(site: &TestSite) {
    let other = tempfile::tempdir().unwrap();
    import(other.path(), &FakeBundle::new("other", "1.0.0"));
    let to = site.folder.path().join("generations/9");
    std::fs::rename(other.path().join("generations/1"), to).unwrap();
    wait_until(site, || site.get("/metrics").text().contains("airgap_generations 1"));
}

#[test]
fn a_generation_that_can_not_be_opened_is_named_and_the_others_served() {
    let site = TestSite::plain(&[version(1)]);
    let number = import(site.folder.path(), &version(2));
    std::fs::remove_file(site.folder.path().join(format!("generations/{number}/bundle.tar.zst"))).unwrap();
    wait_until(&site, || site.get("/healthz").text().contains("1 problems"));
    assert!(site.get("/").text().contains("can&#39;t open the bundle of generation 2"));
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/v1").status, 200);
}

#[test]
fn a_damaged_receipt_takes_only_its_own_generation_down() {
    let site = TestSite::plain(&[version(1)]);
    let number = import(site.folder.path(), &version(2));
    let receipt = site.folder.path().join(format!("generations/{number}/receipt.json"));
    std::fs::write(&receipt, "").unwrap();
    wait_until(&site, || site.get("/healthz").text().contains("1 problems"));
    assert!(site.get("/").text().contains("the receipt of generation 2 can&#39;t be used"));
    assert_eq!(site.get("/v2/quay.io/a/b/manifests/v1").status, 200);
}
