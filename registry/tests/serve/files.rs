//! Files with their checksums.

use std::fs;

use manifests::fake::FakeBundle;

use crate::site::{TestSite, run};

#[test]
fn files_are_served_with_ranges_and_checksums_that_stock_tools_check() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    let folder = tempfile::tempdir().unwrap();
    for path in ["bin/tool", "share/readme.txt", "SHA256SUMS"] {
        let target = folder.path().join(path);
        let url = format!("http://{}/files/tools/{path}", site.address);
        run("curl", &["-sf", "--create-dirs", "-o", &target.display().to_string(), &url]);
    }
    assert_eq!(fs::read(folder.path().join("bin/tool")).unwrap(), b"#!/bin/sh\n");
    run("sh", &["-c", &format!("cd {} && sha256sum -c SHA256SUMS", folder.path().display())]);
    let part = site.get_with("/files/tools/share/readme.txt", "Range: bytes=5-6\r\n");
    assert_eq!((part.status, part.text().as_str()), (206, "me"));
}

#[test]
fn a_download_that_was_cut_goes_on() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("readme.txt");
    fs::write(&target, "read").unwrap();
    let url = format!("http://{}/files/tools/share/readme.txt", site.address);
    run("curl", &["-sf", "-C", "-", "-o", &target.display().to_string(), &url]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "read me\n");
}

#[test]
fn paths_lead_nowhere_else() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    for path in [
        "/files/tools/none",
        "/files/none/",
        "/files/tools/../tools/bin/tool",
        "/files/tools/%2e%2e/%2e%2e/etc/passwd",
        "/files/../../etc/passwd",
        "/files/tools//bin/tool",
        "/files/tools/bin/tool%00",
        "/etc/passwd",
        "/files/tools/bin",
    ] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/files/tools").header("Location"), Some("tools/"));
}

#[test]
fn people_can_look_through_the_files() {
    let site = TestSite::plain(&[FakeBundle::small()]);
    assert!(site.get("/files/").text().contains("<a href=\"tools/\">tools</a>"));
    let list = site.get("/files/tools/").text();
    assert!(list.contains("<a href=\"bin/tool\">bin/tool</a>") && list.contains("SHA256SUMS"), "{list}");
}
