//! What upstream no longer has is told as that, with what to do.

use std::fs;

use crate::upstream::Upstream;

const LOCKED: &str = "build stack.yaml --unsigned --locked -o demo.tar.zst";

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_its_registry_dropped() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    let locked = upstream.lock().images[0].clone();
    upstream.push_image("app:1", "second\n");
    // What garbage collection does once no tag names it any more.
    let repository = upstream.registry.folder.path().join("storage/docker/registry/v2/repositories/team/app");
    let revision = repository.join("_manifests/revisions/sha256").join(locked.digest.hex());
    fs::remove_dir_all(revision).unwrap();
    let told = upstream.run(LOCKED).await.fails();
    let (image, digest) = (&locked.image, locked.digest);
    assert!(
        told.contains(&format!("upstream does not have {digest} any more, which is {image} in the lock")),
        "{told}"
    );
    assert!(told.contains(&format!("airgap-bundle lock STACK --update {image}")), "{told}");
    upstream.run(&format!("lock stack.yaml --update {image}")).await.ok();
    upstream.run(LOCKED).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_that_was_replaced_or_removed() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    let archive = upstream.archive.path("charts/web-1.0.0.tgz");
    upstream.publish_chart("1.1.0");
    fs::copy(upstream.archive.path("charts/web-1.1.0.tgz"), &archive).unwrap();
    let told = upstream.run(LOCKED).await.fails();
    assert!(told.contains("upstream does not have version 1.0.0 any more as the lock has it"), "{told}");
    assert!(told.contains("web-1.0.0.tgz was replaced"), "{told}");
    fs::remove_file(&archive).unwrap();
    let told = upstream.run(LOCKED).await.fails();
    assert!(told.contains("upstream does not have version 1.0.0 any more") && told.contains("404"), "{told}");
    assert!(told.contains("airgap-bundle lock STACK --update web"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_the_archive_dropped() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml --cache cache").await.ok();
    upstream.move_on();
    fs::remove_file(upstream.archive.path("pool/main/l/libshop/libshop_1.0-1_amd64.deb")).unwrap();
    let told = upstream.run(&format!("{LOCKED} --cache cache")).await.fails();
    assert!(told.contains("libshop_1.0-1_amd64.deb answered 404"), "{told}");
    assert!(told.contains("What upstream has dropped since it was locked"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_was_changed_by_hand() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    let libshop = upstream.lock().systems[0].packages[0].clone();
    upstream.change("stack.lock.yaml", &libshop.digest.to_string(), &manifests::Digest::of(b"other").to_string());
    let told = upstream.run(LOCKED).await.fails();
    assert!(told.contains("the lock names packages that the indexes it was made from don't list"), "{told}");
    assert!(told.contains("airgap-bundle lock STACK --update stable"), "{told}");
    upstream.change("stack.lock.yaml", "version: 1\n", "version: 2\n");
    let told = upstream.run(LOCKED).await.fails();
    assert!(told.contains("this lock is of version 2, and only version 1 is known"), "{told}");
}
