//! What else a stack can ask for: charts of registries, images on disk, repositories that are carried whole, snapshots.

use std::fs;
use std::process::Command;

use manifests::Digest;
use manifests::lock::FoundChart;

use crate::archive::{Deb, run};
use crate::docker_registry::layout;
use crate::upstream::Upstream;

const LOCKED: &str = "build stack.yaml --unsigned --locked --cache cache";

/// A stack of a chart of the registry, an image on disk and a mirror.
async fn upstream() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.push_chart("0.3.0");
    layout(&upstream.path("images"), "on disk\n");
    let (address, debian) = (upstream.registry.address.clone(), upstream.server.url("/debian"));
    fs::write(
        upstream.path("stack.yaml"),
        format!(
            "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\nimages:\n  \
             - {{ image: example.org/disk:1, from: {{ ociLayout: images, name: app }} }}\ncharts:\n  \
             - {{ name: api, repository: \"oci://{address}/charts\", version: ^0.3.0, install: false }}\nmirrors:\n  \
             - name: whole\n    url: {debian}\n    suites: [stable]\n    components: [main]\n    \
             architectures: [amd64]\n    key: archive.gpg\nregistries: {{ \"{address}\": {{ plainHTTP: true }} }}\n"
        ),
    )
    .unwrap();
    upstream
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_built_as_locked_after_upstream_moved() {
    let upstream = upstream().await;
    upstream.run("lock stack.yaml --cache cache").await.ok();
    let lock = upstream.lock();
    let (image, chart, mirror) = (&lock.images[0], &lock.charts[0], &lock.mirrors[0]);
    assert_eq!(image.from.as_deref(), Some("ociLayout images app"));
    assert_eq!((chart.wanted.as_deref(), chart.version.as_str()), (Some("^0.3.0"), "0.3.0"));
    let Some(FoundChart::Artifact(artifact)) = &chart.found else { panic!("{chart:?}") };
    assert_eq!(artifact.reference.to_string(), format!("{}/charts/api:0.3.0", upstream.registry.address));
    let signed = Digest::of(&fs::read(upstream.archive.path("dists/stable/InRelease")).unwrap());
    assert_eq!((mirror.packages, mirror.repository.suites[0].signed[0].digest), (2, signed));

    upstream.run(&format!("{LOCKED} -o before.tar.zst")).await.ok();
    upstream.push_chart("0.3.1");
    upstream.move_on();
    upstream.run(&format!("{LOCKED} -o after.tar.zst")).await.ok();
    assert!(upstream.read("after.tar.zst") == upstream.read("before.tar.zst"));

    let outdated = upstream.run("outdated stack.yaml").await.ok();
    let lines: Vec<String> =
        outdated.lines().skip(1).map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, ["~ chart", "~ mirrored"], "{outdated}");
    upstream.run("lock stack.yaml --update api whole").await.ok();
    assert_eq!(upstream.run("outdated stack.yaml").await.ok(), "nothing has moved\n");
    assert_eq!(upstream.lock().mirrors[0].packages, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_on_disk_is_held_against_the_lock() {
    let upstream = upstream().await;
    upstream.run("lock stack.yaml --cache cache").await.ok();
    let before = upstream.lock().images[0].digest;
    fs::remove_dir_all(upstream.path("images")).unwrap();
    let after = layout(&upstream.path("images"), "another\n");
    let told = upstream.run(&format!("{LOCKED} -o demo.tar.zst")).await.fails();
    let moved = format!("image example.org/disk:1 was {before} when it was locked, and is {after} now");
    assert!(told.contains(&moved), "{told}");
    // Nobody insisted: it is taken, and said.
    let built = upstream.run("build stack.yaml --unsigned -o demo.tar.zst --cache cache").await;
    assert!(built.stderr.contains(&format!("not as locked: {moved}")), "{}", built.stderr);
    built.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_stands_still_without_a_cache() {
    let upstream = Upstream::start().await;
    let (debian, snapshot) = (upstream.server.url("/debian"), upstream.server.url("/snapshot/debian"));
    upstream.change(
        "stack.yaml",
        &format!("url: {debian}\n"),
        &format!("url: {debian}\n        snapshot: {snapshot}\n"),
    );
    fs::create_dir_all(upstream.archive.path("snapshot/debian")).unwrap();
    let copied = ["dists", "pool", "snapshot/debian"].map(|path| upstream.archive.path(path));
    run(Command::new("cp").arg("-r").args(copied));
    upstream.run("lock stack.yaml").await.ok();
    upstream.run("build stack.yaml --unsigned --locked -o before.tar.zst").await.ok();
    upstream.archive.add(&Deb::new("libshop", "1.0-2"));
    upstream.archive.publish("stable");
    upstream.run("build stack.yaml --unsigned --locked -o after.tar.zst").await.ok();
    assert!(upstream.read("after.tar.zst") == upstream.read("before.tar.zst"));
}
