//! `extract`.

use manifests::Digest;

use crate::shown;
use crate::site::Site;
use crate::volumes::large;

#[test]
fn everything_becomes_a_layout_of_whole_blobs() {
    let site = Site::new();
    site.run("extract demo.tar.zst -o all --trust trust").ok();
    assert_eq!(site.names("all"), ["blobs", "index.json", "oci-layout"]);
    let blobs = site.names("all/blobs/sha256");
    assert!(blobs.len() > 8, "{blobs:?}");
    for name in blobs {
        let content = std::fs::read(site.path("all/blobs/sha256").join(&name)).unwrap();
        assert_eq!(Digest::of(&content).hex(), name);
    }
    // The same as stock tools unpack.
    site.tool("mkdir stock");
    site.tool("tar --zstd -xf demo.tar.zst -C stock");
    site.tool("diff -r all/blobs stock/blobs");
    site.tool("diff all/index.json stock/index.json");
}

#[test]
fn single_items_come_as_what_they_are() {
    let site = Site::new();
    let image = site.run("extract demo.tar.zst --item nginx:1.27 -o image --trust trust").ok();
    assert_eq!(image, "image\n");
    assert_eq!(site.names("image/blobs/sha256").len(), 4, "a manifest, a config and two layers");
    let index = std::fs::read_to_string(site.path("image/index.json")).unwrap();
    assert!(index.contains("docker.io/library/nginx:1.27"), "{index}");

    assert_eq!(site.run("extract demo.tar.zst --item web -o . --trust trust").ok(), "./web-0.1.0.tgz\n");
    assert_eq!(std::fs::read(site.path("web-0.1.0.tgz")).unwrap(), b"a chart's archive");
    site.run("extract demo.tar.zst --item tools -o tools --trust trust").ok();
    assert_eq!(std::fs::read(site.path("tools/bin/tool")).unwrap(), b"#!/bin/sh\n");
    assert_eq!(std::fs::read(site.path("tools/share/readme.txt")).unwrap(), b"read me\n");
}

#[test]
fn what_is_there_is_never_overwritten() {
    let site = Site::new();
    site.run("extract demo.tar.zst --item web -o . --trust trust").ok();
    shown!(site.run("extract demo.tar.zst --item web -o . --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `./web-0.1.0.tgz` is there already
      help: name a folder that is not there yet, or is empty
    ");
    shown!(site.run("extract demo.tar.zst -o . --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `.` is there already
      help: name a folder that is not there yet, or is empty
    ");
    assert_eq!(site.names(""), ["demo.tar.zst", "trust", "web-0.1.0.tgz"]);
}

#[test]
fn damaged_content_leaves_nothing_behind() {
    let site = Site::new();
    site.damage("demo.tar.zst", 200_000);
    let said = site.run("extract demo.tar.zst -o all --trust trust").fails(1);
    assert!(said.contains("can't extract sha256:"), "{said}");
    assert_eq!(site.names(""), ["demo.tar.zst", "trust"]);
}

#[test]
fn an_item_that_is_not_there_is_told_with_what_is() {
    let site = Site::new();
    shown!(site.run("extract demo.tar.zst --item nginx:1.28 -o x --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: the bundle holds no `nginx:1.28`
      help: it holds docker.io/library/nginx:1.27
    ");
    shown!(site.run("extract demo.tar.zst --item postgres -o x --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: the bundle holds no `postgres`
      help: `airgap-bundle list BUNDLE` shows what it holds
    ");
}

/// Kills an extraction of `demo.tar.zst` to `all` while it writes. Where it was over before, it is started again.
fn kill_in_the_middle(site: &Site) {
    for _ in 0..100 {
        let mut extract = site.command(env!("CARGO_BIN_EXE_airgap-bundle"));
        extract.args("extract demo.tar.zst -o all --trust trust --jobs 1".split(' '));
        let mut child =
            extract.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() && !site.path(".airgap-extract-all/blobs").exists() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if site.path(".airgap-extract-all").exists() {
            return;
        }
        site.tool("rm -rf all");
    }
    panic!("every run was over before it was killed");
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let site = Site::new();
    large(&site);
    kill_in_the_middle(&site);
    // Whatever lies there: a link is removed, not followed.
    site.tool("ln -s ../trust .airgap-extract-all/link");
    site.write(".airgap-extract-notes.txt", "left");
    site.run("extract demo.tar.zst -o all --trust trust").ok();
    assert_eq!(site.names("all"), ["blobs", "index.json", "oci-layout"]);
    assert!(site.path("trust").exists() && !site.path(".airgap-extract-all").exists());

    manifests::fake::FakeBundle::small().write(&site.path("demo.tar.zst"));
    site.write(".airgap-extract-web-0.1.0.tgz", "more than the chart's archive has, from a run that was killed");
    site.run("extract demo.tar.zst --item web -o . --trust trust").ok();
    assert_eq!(std::fs::read(site.path("web-0.1.0.tgz")).unwrap(), b"a chart's archive");
    assert!(!site.path(".airgap-extract-web-0.1.0.tgz").exists());
}

#[test]
fn two_runs_do_not_write_to_one_place() {
    let site = Site::new();
    site.tool("mkdir .airgap-extract-all");
    site.write(".airgap-extract-all/half", "");
    let other = std::fs::File::open(site.path(".airgap-extract-all")).unwrap();
    other.lock().unwrap();
    shown!(site.run("extract demo.tar.zst -o all --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: another run is extracting to `all`
      help: wait for it to end, or name another folder
    ");
    assert!(site.path(".airgap-extract-all/half").exists());
}
