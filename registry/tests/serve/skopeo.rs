//! skopeo pulls from a site as it runs by default: TLS and credentials.

use manifests::fake::FakeBundle;

use crate::content::{noise, signed};
use crate::site::{TestSite, run, try_run};

fn skopeo(site: &TestSite, arguments: &[&str]) -> (bool, String) {
    let (user, password) = site.credentials();
    let credentials = format!("{user}:{password}");
    let (command, rest) = arguments.split_first().unwrap();
    let certificates = site.ca_folder();
    let options = match *command {
        "copy" => ["--src-creds", &credentials, "--src-cert-dir", &certificates],
        _ => ["--creds", &credentials, "--cert-dir", &certificates],
    };
    try_run("skopeo", &[&[*command], &options[..], rest].concat())
}

#[test]
fn an_image_is_copied_with_its_digest() {
    let bundle =
        FakeBundle::new("platform", "1.0.0").image("docker.io/library/nginx:1.27", &[&noise(3, 6_000_000), b"second"]);
    let site = TestSite::secure(&[bundle]);
    let folder = tempfile::tempdir().unwrap();
    let source = format!("docker://{}/docker.io/library/nginx:1.27", site.address);
    let target = format!("dir:{}", folder.path().display());
    let (ok, text) = skopeo(&site, &["copy", "--preserve-digests", &source, &target]);
    assert!(ok, "{text}");
    let layers =
        std::fs::read_dir(folder.path()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name().len() == 64);
    assert_eq!(layers.count(), 3);
}

#[test]
fn an_index_with_absent_platforms_keeps_its_digest() {
    let it = signed();
    let site = TestSite::secure(&[it.bundle]);
    let name = format!("docker://{}/quay.io/team/app", site.address);
    let (ok, text) = skopeo(&site, &["inspect", "--raw", &format!("{name}@{}", it.index.digest)]);
    assert!(ok && text.contains("manifest.list.v2"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let target = format!("dir:{}", folder.path().display());
    let (ok, text) = skopeo(&site, &["copy", "--override-arch", "amd64", &format!("{name}:v1"), &target]);
    assert!(ok, "{text}");
    let (ok, text) = skopeo(&site, &["list-tags", &name]);
    assert!(ok && text.contains("\"v1\"") && text.contains(".sig"), "{text}");
}

#[test]
fn without_credentials_nothing_is_pulled() {
    let site = TestSite::secure(&[FakeBundle::small()]);
    let source = format!("docker://{}/docker.io/library/nginx:1.27", site.address);
    let (ok, text) = try_run("skopeo", &["inspect", "--cert-dir", &site.ca_folder(), &source]);
    assert!(!ok && text.contains("unauthorized") || text.contains("authentication required"), "{text}");
    run("skopeo", &["--version"]);
}
