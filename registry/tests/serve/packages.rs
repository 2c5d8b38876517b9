//! Packages for apt. What apt itself makes of them is in the end-to-end tests.

use std::collections::BTreeMap;

use manifests::Digest;
use manifests::debian::Release;
use manifests::debian::release::IndexFile;
use manifests::fake::FakeBundle;
use registry::server::{Access, Transport};

use crate::content::noise;
use crate::site::{TestSite, run, try_run};

const CONTROL: &str = "Package: hello\nVersion: 1:2.10-3\nArchitecture: amd64\nDescription: says hello\n it does\n";
const DATA: &str = "Package: hello-data\nVersion: 2.10-3\nArchitecture: all\nDescription: what it says\n";

fn bundle(version: &str) -> FakeBundle {
    let (deb, data) = (noise(1, 70_000), noise(2, 500));
    FakeBundle::new("platform", version).packages(
        "bookworm",
        "amd64",
        &[(CONTROL, &deb), (DATA, &data)],
        &[("greeter", "hello")],
    )
}

/// Where a bundle's packages are.
fn place(bundle: &FakeBundle) -> String {
    format!("/apt/{}/bookworm", registry::apt::generation_id(&bundle.plan().document_digest()))
}

fn release(site: &TestSite, place: &str) -> Release {
    let text = site.get(&format!("{place}/dists/bookworm/Release"));
    assert_eq!(text.status, 200);
    Release::parse(&text.body).unwrap()
}

#[test]
fn everything_that_is_listed_is_there_under_its_name_and_its_digest() {
    let bundle = bundle("1.0.0");
    let site = TestSite::plain(std::slice::from_ref(&bundle));
    let place = place(&bundle);
    let release = release(&site, &place);
    assert_eq!((release.origin.as_deref(), release.codename.as_deref()), (Some("airgap"), Some("bookworm")));
    assert_eq!(release.date, "2026-01-02T03:04:05Z".parse().unwrap(), "the bundle's own, never the clock's");
    let names: Vec<&str> = release.files.keys().map(String::as_str).collect();
    let forms = ["Packages", "Packages.gz", "Packages.xz", "Packages.zst"];
    assert_eq!(names, forms.map(|form| format!("main/binary-amd64/{form}")));
    for (path, IndexFile { digest, size }) in &release.files {
        let by_hash = format!("main/binary-amd64/by-hash/SHA256/{}", digest.hex());
        for path in [path, &by_hash] {
            let file = site.get(&format!("{place}/dists/bookworm/{path}"));
            assert_eq!((file.status, Digest::of(&file.body), file.body.len() as u64), (200, *digest, *size), "{path}");
        }
    }
    let index = site.get(&format!("{place}/dists/bookworm/main/binary-amd64/Packages")).text();
    let fields: BTreeMap<&str, &str> = index.lines().rev().filter_map(|line| line.split_once(": ")).collect();
    let deb = site.get(&format!("{place}/{}", fields["Filename"]));
    assert_eq!((deb.status, deb.body == noise(1, 70_000)), (200, true));
    assert_eq!(deb.header("Content-Type"), Some("application/vnd.debian.binary-package"));
    // A client may escape what needs no escape.
    assert_eq!(site.get(&format!("{place}/{}", fields["Filename"].replace("hello", "%68ello"))).status, 200);
    for absent in ["dists/bookworm/main/i18n/Translation-en", "dists/bookworm/main/binary-i386/Packages", "", ".."] {
        assert_eq!(site.get(&format!("{place}/{absent}")).status, 404, "{absent}");
    }
}

#[test]
fn the_same_bundle_is_signed_the_same_way_again_and_another_has_another_place() {
    let (first, second) = (bundle("1.0.0"), bundle("2.0.0"));
    let site = TestSite::plain(&[first.clone(), second.clone()]);
    assert_ne!(place(&first), place(&second));
    let signed = |site: &TestSite, bundle| site.get(&format!("{}/dists/bookworm/InRelease", place(bundle))).text();
    let before = signed(&site, &first);
    site.reload();
    assert_eq!(signed(&site, &first), before);
    assert!(signed(&site, &first).starts_with("-----BEGIN PGP SIGNED MESSAGE-----\n"));
    let listing = site.get("/apt/").text();
    assert!(listing.contains(place(&first).trim_start_matches("/apt/")), "{listing}");
}

#[test]
fn no_answer_says_that_nothing_changed_unless_nothing_has() {
    let bundle = bundle("1.0.0");
    let site = TestSite::plain(std::slice::from_ref(&bundle));
    let path = format!("{}/dists/bookworm/InRelease", place(&bundle));
    let whole = site.get(&path);
    assert_eq!((whole.header("Last-Modified"), whole.header("Cache-Control")), (None, Some("no-cache")));
    let mut connection = site.connect();
    let since = connection.get(&path, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n");
    assert_eq!((since.status, since.body), (200, whole.body.clone()), "a date tells nothing");
    let etag = whole.header("ETag").unwrap();
    assert_eq!(connection.get(&path, &format!("If-None-Match: {etag}\r\n")).status, 304);
    assert_eq!(connection.get(&path, "If-None-Match: \"other\"\r\n").status, 200);
}

#[test]
fn an_index_that_says_something_else_than_the_document_is_not_signed() {
    let deb = noise(1, 70_000);
    let (path, digest) = ("pool/main/h/hello_2.10-3_amd64.deb", Digest::of(&deb));
    let right = format!("{CONTROL}Filename: {path}\nSize: 70000\nSHA256: {}\n", digest.hex());
    // Place, size and digest are added to what comes last.
    for (control, said) in [
        (format!("{right}\nPackage: evil\nVersion: 1\nArchitecture: amd64"), "`evil` is not as it is carried"),
        (format!("{CONTROL}\nPackage: hello\nVersion: 9\nArchitecture: amd64"), "`hello` is not as it is carried"),
        (format!("{CONTROL}Filename: pool/other.deb"), "twice"),
        (format!("{right}\nPackage: a b\nVersion: 1\nArchitecture: amd64"), "Package"),
        (format!("{right}\nno field"), "expected a field"),
    ] {
        let bundle = FakeBundle::new("platform", "1.0.0").files("tools", &[("a", b"b")]).packages(
            "bookworm",
            "amd64",
            &[(&control, &deb)],
            &[],
        );
        let site = TestSite::plain(std::slice::from_ref(&bundle));
        assert_eq!(site.get(&format!("{}/dists/bookworm/InRelease", place(&bundle))).status, 404, "{control}");
        let problems = site.get("/").text();
        assert!(problems.contains("are not served") && problems.contains(said), "{said} in {problems}");
        assert_eq!(site.get("/files/tools/a").status, 200, "the rest is served all the same");
    }
}

#[test]
fn stock_tools_accept_the_signatures() {
    let bundle = bundle("1.0.0");
    let site = TestSite::plain(std::slice::from_ref(&bundle));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for name in ["InRelease", "Release", "Release.gpg"] {
        let file = site.get(&format!("{}/dists/bookworm/{name}", place(&bundle)));
        std::fs::write(folder.path().join(name), &file.body).unwrap();
    }
    let key = site.folder.path().join("apt/site.asc").display().to_string();
    let (home, ring) = (folder.path().display().to_string(), path("site.gpg"));
    run("gpg", &["--homedir", &home, "--batch", "--output", &ring, "--dearmor", &key]);
    let verify = ["--homedir", &home, "--keyring", &ring];
    for files in [&[path("InRelease")][..], &[path("Release.gpg"), path("Release")]] {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let said = run("gpgv", &[&verify[..], &files].concat());
        assert!(said.contains("Good signature from \"airgap site"), "{said}");
    }
    // What apt uses from Debian 13 on.
    run("sqv", &["--keyring", &key, &path("Release.gpg"), &path("Release")]);
    let changed = std::fs::read_to_string(path("InRelease")).unwrap().replace("Origin: airgap", "Origin: debian");
    std::fs::write(path("InRelease"), changed).unwrap();
    let (accepted, said) = try_run("gpgv", &[&verify[..], &[&path("InRelease")]].concat());
    assert!(!accepted && said.contains("BAD signature"), "{said}");
}

#[test]
fn plain_http_has_packages_and_nothing_else() {
    let bundle = bundle("1.0.0").files("tools", &[("a", b"b")]);
    let site = TestSite::with(std::slice::from_ref(&bundle), |config| {
        config.transport = Transport::Plain;
        config.plain_packages = vec!["127.0.0.1:0".parse().unwrap()];
        config.access = Access::Credentials;
    });
    let path = format!("{}/dists/bookworm/InRelease", place(&bundle));
    assert_eq!(site.get(&path).status, 401, "the listener for all asks who it is");
    let mut plain = site.connect_packages();
    assert_eq!(plain.get(&path, "").status, 200);
    assert_eq!(plain.get("/healthz", "").status, 200);
    for other in ["/", "/v2/", "/files/tools/a", "/metrics", "/ca.crt", "/apt/../files/tools/a"] {
        assert_eq!(plain.get(other, "").status, 404, "{other}");
    }
}
