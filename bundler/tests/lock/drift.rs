//! The stack moves: with `--locked` nothing is built, and each item that moved is named.

use std::fs;

use crate::upstream::{Upstream, versions};

const LOCKED: &str = "build stack.yaml --unsigned --locked -o demo.tar.zst";

#[tokio::test(flavor = "multi_thread")]
async fn each_item_that_the_stack_asks_for_otherwise_is_named() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    let address = upstream.registry.address.clone();
    let asked = upstream.server.received().len();
    upstream.change("components/shop.yaml", "version: ^1.0.0", "version: ^1.1.0");
    upstream.change("components/shop.yaml", "charts:", &format!("  - {address}/team/other:1\ncharts:"));
    upstream.change("stack.yaml", "packages:\n  - shop\n", "packages:\n  - package: shop\n    recommends: true\n");
    upstream.change("stack.yaml", "components: [main]", "components: [main, extra]");
    upstream.change("stack.yaml", "path: notes.txt", "path: news.txt");
    let told = upstream.run(LOCKED).await.fails();
    for moved in [
        "the stack has moved since stack.lock.yaml was written",
        "chart web: `version` is `^1.0.0` in the lock and `^1.1.0` in the stack",
        &format!("image {address}/team/other:1 is not in the lock"),
        "package shop of stable for amd64 (demo): `recommends` is `false` in the lock and `true` in the stack",
        "system stable: `repositories` is",
        "file demo/news.txt is not in the lock",
        "file demo/notes.txt is in the lock, and the stack does not ask for it any more",
        "components/shop.yaml:8",
        "airgap-bundle lock stack.yaml",
    ] {
        assert!(told.contains(moved), "{moved}\n{told}");
    }
    assert!(!upstream.path("demo.tar.zst").exists());
    assert_eq!(upstream.server.received().len(), asked, "nobody was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_of_the_content_may_change() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml").await.ok();
    upstream.change("stack.yaml", "version: 1.0.0\n", "# a release\nversion: 1.0.1\n");
    upstream.run(LOCKED).await.ok();
    assert_eq!(upstream.document("demo.tar.zst").version.to_string(), "1.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_insisting_what_moved_is_looked_up_and_the_rest_is_as_locked() {
    let upstream = Upstream::start().await;
    upstream.run("lock stack.yaml --cache cache").await.ok();
    let image = upstream.lock().images[0].digest;
    upstream.move_on();
    upstream.change("components/shop.yaml", "version: ^1.0.0", "version: ^1.1.0");
    let built = upstream.run("build stack.yaml --unsigned -o demo.tar.zst --cache cache").await;
    assert!(built.stderr.contains("chart web: `version` is `^1.0.0` in the lock"), "{}", built.stderr);
    built.ok();
    let found = versions(&upstream.document("demo.tar.zst"));
    assert_eq!((found.0, found.1.as_str()), (image, "1.1.0"));
    assert_eq!(found.2, ["libshop 1.0-1", "shop 1.0-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_on_disk_is_held_against_the_lock_as_well() {
    let upstream = Upstream::start().await;
    fs::create_dir_all(upstream.path("local")).unwrap();
    fs::write(upstream.path("local/Chart.yaml"), "apiVersion: v2\nname: local\nversion: 1.0.0\n").unwrap();
    fs::write(upstream.path("motd"), "welcome\n").unwrap();
    upstream.change(
        "stack.yaml",
        "files:\n",
        "charts:\n  - { name: local, path: local, install: false }\nfiles:\n  - { path: motd, file: motd }\n",
    );
    upstream.run("lock stack.yaml").await.ok();
    upstream.run(LOCKED).await.ok();
    fs::remove_file(upstream.path("demo.tar.zst")).unwrap();
    fs::write(upstream.path("motd"), "go away\n").unwrap();
    fs::write(upstream.path("local/values.yaml"), "a: b\n").unwrap();
    let told = upstream.run(LOCKED).await.fails();
    assert!(told.contains("file demo/motd was sha256:") && told.contains("chart local was 1.0.0 (sha256:"), "{told}");
    assert!(!upstream.path("demo.tar.zst").exists());
    upstream.run("lock stack.yaml").await.ok();
    upstream.run(LOCKED).await.ok();
}
