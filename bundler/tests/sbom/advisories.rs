//! Advisories in the OSV format, matched with what is in a bundle.

use manifests::fake::FakeBundle;
use serde_json::{Value, json};

use crate::fixtures::{Layer, go_program, node, site, zip, zip_forwards};
use crate::shown;
use crate::site::Site;

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

#[allow(clippy::needless_pass_by_value, reason = "what is written down on the spot")]
fn advisory(id: &str, ecosystem: &str, name: &str, events: Value) -> Value {
    json!({"id": id, "summary": format!("something about {name}"), "affected": [
        {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]})
}

#[allow(clippy::needless_pass_by_value, reason = "what is written down on the spot")]
fn with(mut advisory: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        advisory[key] = value.clone();
    }
    advisory
}

/// Advisories of which some are about what is in the bundle, and others nearly.
fn database() -> Vec<Value> {
    let from_0 = |fixed: &str| json!([{"introduced": "0"}, {"fixed": fixed}]);
    let cvss = json!([{"type": "CVSS_V3", "score": CRITICAL}]);
    vec![
        with(
            advisory("DEBIAN-CVE-2024-1", "Debian:12", "openssl", from_0("1:3.0-1")),
            json!({"upstream": ["CVE-2024-1"]}),
        ),
        with(advisory("CVE-2024-1", "Debian:12", "openssl", from_0("1:3.0-1")), json!({"severity": cvss})),
        // Mended in the version that is there, which has an epoch; or in one before it.
        advisory("CVE-2024-2", "Debian:12", "openssl", from_0("1:3.0~rc1-1")),
        advisory("CVE-2024-3", "Debian:12", "openssl", from_0("9.9-1")),
        // Of another release, of another system, of the package that was built from it.
        advisory("CVE-2024-4", "Debian:11", "openssl", from_0("2:0")),
        advisory("CVE-2024-5", "Ubuntu:22.04:LTS", "openssl", from_0("2:0")),
        advisory("CVE-2024-6", "Debian:12", "libssl3", from_0("2:0")),
        with(
            advisory("CVE-2024-7", "Debian:12", "openssl", from_0("2:0")),
            json!({"withdrawn": "2024-01-01T00:00:00Z"}),
        ),
        with(
            advisory("GHSA-a", "npm", "a", json!([{"introduced": "1.0.0-rc.1"}, {"last_affected": "1.0.0"}])),
            json!({"aliases": ["CVE-2024-8"], "database_specific": {"severity": "MODERATE"}}),
        ),
        advisory("GHSA-b", "npm", "a", from_0("1.0.0-beta.2")),
        advisory("GO-2024-1", "Go", "stdlib", from_0("1.22.2")),
        advisory("GO-2024-2", "Go", "stdlib", from_0("1.22.1")),
        json!({"id": "PYSEC-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "PyYAML"}, "versions": ["5.4", "6.0.0"]}]}),
    ]
}

fn bundle() -> Site {
    let control = "Package: libssl3\nSource: openssl\nVersion: 1:3.0~rc1-1\nArchitecture: amd64\n";
    let layer = Layer::new()
        .file("node_modules/a/package.json", node("a", "1.0.0"))
        .file("node_modules/strange/package.json", node("strange", "latest"))
        .file("x/PyYAML-6.0.dist-info/METADATA", "Name: PyYAML\nVersion: 6.0\n")
        .file("usr/bin/app", go_program("go1.22.1", ""))
        .gzip();
    let site = site(
        &FakeBundle::new("b", "1.0.0")
            .image("example.com/app:1", &[&layer])
            .image("example.com/copy:1", &[&layer])
            .packages("bookworm", "amd64", &[(control, b"a deb")], &[("tools", "libssl3")]),
    );
    let database = database();
    let files: Vec<(String, Vec<u8>)> = database
        .iter()
        .map(|it| (format!("{}.json", it["id"].as_str().unwrap()), it.to_string().into_bytes()))
        .collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    std::fs::write(site.path("osv.zip"), zip(&files)).unwrap();
    std::fs::write(site.path("forwards.zip"), zip_forwards(&files)).unwrap();
    std::fs::create_dir_all(site.path("osv/npm")).unwrap();
    for (name, text) in files {
        std::fs::write(site.path("osv/npm").join(name), text).unwrap();
    }
    site
}

#[test]
fn what_is_affected_is_shown_most_severe_first() {
    let site = bundle();
    shown!(site.run("advisories b.tar.zst --trust trust -q --database osv.zip"), @r"
    exit 0
    --- stdout
    SEVERITY  ADVISORY    PACKAGE        VERSION      FIXED    IN
    critical  CVE-2024-1  deb libssl3    1:3.0~rc1-1  1:3.0-1  packages for bookworm
    medium    CVE-2024-8  npm a          1.0.0                 example.com/app:1 (linux/amd64) and 1 more
    unknown   GO-2024-1   golang stdlib  1.22.1       1.22.2   example.com/app:1 (linux/amd64) and 1 more
    unknown   PYSEC-1     pypi pyyaml    6.0                   example.com/app:1 (linux/amd64) and 1 more

    1 critical, 1 medium, 2 unknown; asked: osv.zip (13 advisories)
    --- stderr
    ");
}

#[test]
fn a_zip_a_folder_and_what_the_bundle_carries_say_the_same() {
    let site = bundle();
    let run = |words: &str| -> Value {
        serde_json::from_str(&site.run(&format!("advisories {words} --trust trust -q -o json")).ok()).unwrap()
    };
    let of_zip = run("b.tar.zst --database osv.zip");
    let of_folder = run("b.tar.zst --database osv");
    assert_eq!(of_zip["findings"], of_folder["findings"]);
    assert_eq!(of_zip["findings"], run("b.tar.zst --database forwards.zip")["findings"]);
    assert_eq!((&of_zip["schemaVersion"], &of_zip["databases"][0]["advisories"]), (&1.into(), &13.into()));
    let twice = run("b.tar.zst --database osv.zip --database osv");
    assert_eq!(of_zip["findings"], twice["findings"]);
    let layer = Layer::new().file("node_modules/a/package.json", node("a", "1.0.0")).gzip();
    let database = std::fs::read(site.path("osv.zip")).unwrap();
    FakeBundle::new("carrying", "1.0.0")
        .image("example.com/app:1", &[&layer])
        .files("evidence", &[("advisories/npm.zip", &database), ("other/x.zip", b"no zip")])
        .write(&site.path("carrying.tar.zst"));
    let carried = run("carrying.tar.zst");
    assert_eq!(carried["databases"], json!([{"name": "evidence/advisories/npm.zip", "advisories": 13}]));
    assert_eq!(carried["findings"][0]["id"], "CVE-2024-8");
    assert_eq!(carried["findings"][0]["aliases"], json!(["GHSA-a"]));
}

#[test]
fn severities_decide_the_exit_code() {
    let site = bundle();
    let run =
        |limit: &str| site.run(&format!("advisories b.tar.zst --trust trust -q --database osv.zip --fail-on {limit}"));
    let said = run("critical").fails(1);
    assert!(said.contains("error: 1 finding of the severity critical"), "{said}");
    assert!(run("high").fails(1).contains("1 finding of the severity high or critical"));
    assert!(run("any").fails(1).contains("4 findings of the severity any"));
    std::fs::write(site.path("one.zip"), zip(&[("x.json", database()[8].to_string().as_bytes())])).unwrap();
    let medium = "advisories b.tar.zst --trust trust -q --database one.zip --fail-on high";
    assert!(site.run(medium).ok().contains("1 medium"));
}

#[test]
fn without_a_database_nothing_is_claimed() {
    let site = bundle();
    shown!(site.run("advisories b.tar.zst --trust trust"), @r"
    exit 2
    --- stdout
    --- stderr
    error: no database of advisories: nothing is claimed about this bundle
      help: name one with --database FILE, or carry one: a file at `advisories/NAME.zip` of a component
    ");
    site.write("no.zip", "no zip");
    assert!(
        site.run("advisories b.tar.zst --trust trust --database no.zip")
            .fails(1)
            .contains("can't read `no.zip` as a zip")
    );
    std::fs::create_dir(site.path("empty")).unwrap();
    let said = site.run("advisories b.tar.zst --trust trust --database empty").fails(1);
    assert!(said.contains("`empty` holds no advisories"), "{said}");
    std::fs::write(site.path("bad.zip"), zip(&[("x.json", b"{")])).unwrap();
    let said = site.run("advisories b.tar.zst --trust trust --database bad.zip").fails(1);
    assert!(said.contains("`x.json` in `bad.zip` is no advisory in the OSV format"), "{said}");
    assert!(
        site.run("advisories b.tar.zst --trust trust --database missing").fails(1).contains("can't read `missing`")
    );
}

#[test]
fn markdown_shows_what_strangers_wrote_and_is_not_read_as_it() {
    let site = bundle();
    let odd = advisory("X|`1", "npm", "a", json!([{"introduced": "0"}]));
    let strange = advisory("X-2", "npm", "strange", json!([{"introduced": "0"}, {"fixed": "1.0.0"}]));
    let files = [("x.json", odd.to_string()), ("y.json", strange.to_string())];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_bytes()));
    std::fs::write(site.path("odd.zip"), zip(&files)).unwrap();
    let shown = site.run("advisories b.tar.zst --trust trust -q --database odd.zip -o markdown").ok();
    assert!(shown.contains("| unknown | `X\\|'1` | `npm a` | `1.0.0` |"), "{shown}");
    // A version that can't be compared is neither fine nor affected.
    assert!(shown.contains("not judged: npm strange latest, which 1 advisories name"), "{shown}");
    assert!(!shown.contains("X-2"), "{shown}");
}
