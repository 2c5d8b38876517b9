//! What is inside the images, as the report tells it.

use manifests::fake::FakeBundle;
use serde_json::{Value, json};

use crate::fixtures::{Layer, node, rpm_header, rpm_sqlite};
use crate::site::Site;

const SHOP: &str = "docker.io/library/shop:1";
const FEDORA: &str = "docker.io/library/fedora:40";

/// A layer of Debian 12 with one package.
fn debian(version: &str) -> Vec<u8> {
    let package = format!(
        "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: {version}\n"
    );
    let licence = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
                   Files: *\nLicense: Apache-2.0\n";
    Layer::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n")
        .file("var/lib/dpkg/status", package)
        .file("usr/share/doc/libssl3/copyright", licence)
        .gzip()
}

fn fedora() -> Vec<u8> {
    let bash = rpm_header(&[(1000, "bash"), (1001, "5.2"), (1002, "1.fc40"), (1014, "GPL-3.0-or-later")]);
    Layer::new()
        .file("etc/os-release", "ID=fedora\nVERSION_ID=40\n")
        .file("usr/lib/sysimage/rpm/rpmdb.sqlite", rpm_sqlite(&[bash]))
        .file("app/node_modules/a/package.json", node("a", "1.0.0"))
        .gzip()
}

/// A bundle with images that have something inside.
pub fn with_images(bundle: FakeBundle, openssl: &str) -> FakeBundle {
    bundle.image(SHOP, &[&debian(openssl)]).image(FEDORA, &[&fedora()])
}

fn platform(version: &str, openssl: &str) -> FakeBundle {
    with_images(FakeBundle::new("platform", version), openssl)
        .packages("bookworm", "amd64", &[("Package: jq\nVersion: 1.6-2\nArchitecture: amd64\n", b"a deb")], &[])
        .files("tools", &[("tool", b"#!/bin/sh\n")])
}

fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str, more: &Value) -> String {
    let range = json!({"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]});
    let mut advisory =
        json!({"id": id, "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [range]}]});
    for (key, value) in more.as_object().unwrap() {
        advisory[key] = value.clone();
    }
    advisory.to_string()
}

/// A folder with `platform.tar.zst`, an earlier `old.tar.zst`, and a database in `osv`.
fn site() -> Site {
    let site = Site::new();
    platform("1.1.0", "3.0.11-1").write(&site.path("platform.tar.zst"));
    platform("1.0.0", "3.0.2-1").write(&site.path("old.tar.zst"));
    database(&site);
    site
}

/// A database in `osv`.
pub fn database(site: &Site) {
    std::fs::create_dir(site.path("osv")).unwrap();
    let critical = json!({"summary": "keys <b>leak</b> \u{202e}", "aliases": ["CVE-2026-1"],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]});
    let (low, none) = (json!({"database_specific": {"severity": "LOW"}}), json!({}));
    for (name, text) in [
        ("osv/1.json", advisory("DSA-1-1", "Debian:12", "openssl", "3.0.12-1", &critical)),
        ("osv/2.json", advisory("DSA-2-1", "Debian:12", "openssl", "3.0.3-1", &low)),
        ("osv/3.json", advisory("BIT-1", "Bitnami", "openssl", "9", &none)),
        ("osv/4.json", advisory("DSA-3-1", "Debian:12", "jq", "1.7", &none)),
    ] {
        site.write(name, &text);
    }
}

fn json_of(site: &Site, words: &str) -> Value {
    serde_json::from_str(&site.run(&format!("report {words} --trust trust -q -o json")).ok()).unwrap()
}

fn image_of<'a>(inside: &'a Value, reference: &str) -> &'a Value {
    inside["images"].as_array().unwrap().iter().find(|image| image["reference"] == reference).unwrap()
}

#[test]
fn without_a_look_nothing_is_claimed() {
    let site = site();
    assert_eq!(json_of(&site, "platform.tar.zst")["inside"], Value::Null);
    for format in ["html", "markdown"] {
        let told = site.run(&format!("report platform.tar.zst -o {format}")).ok();
        assert!(told.contains("Not looked into for this report"), "{told}");
    }
    let refused = site.run("report platform.tar.zst --database osv").fails(2);
    assert!(refused.contains("--look-inside"), "{refused}");
    let refused = site.run("report platform.tar.zst --jobs 2").fails(2);
    assert!(refused.contains("no look was asked for") && refused.contains("add --look-inside"), "{refused}");
}

#[test]
fn packages_are_counted_by_kind_and_image_and_licences_by_packages() {
    let site = site();
    let inside = json_of(&site, "platform.tar.zst --look-inside")["inside"].clone();
    assert_eq!(inside["packages"], json!({"deb": 1, "npm": 1, "rpm": 1}));
    assert_eq!(inside["advisories"], Value::Null, "no database was asked");
    let image = image_of(&inside, SHOP);
    assert_eq!(image["platform"], "linux/amd64");
    assert_eq!((&image["distribution"], &image["packages"]), (&"Debian GNU/Linux 12".into(), &json!({"deb": 1})));
    assert_eq!((&image["toldBy"], &image["advisories"]), (&"read from its one layer".into(), &Value::Null));
    let licences: Vec<&Value> = inside["licences"].as_array().unwrap().iter().map(|one| &one["licence"]).collect();
    assert_eq!(licences, ["Apache-2.0", "GPL-3.0-or-later", "MIT"]);
    assert_eq!((&inside["licences"][0]["packages"], &inside["licences"][0]["images"]), (&1.into(), &1.into()));
    assert_eq!((&inside["unlicensed"], &inside["systems"][0]["packages"]), (&0.into(), &1.into()));
    assert_eq!(inside["unseen"][0], "what is inside the 1 carried files, such as archives of images");
    for format in ["html", "markdown"] {
        let told = site.run(&format!("report platform.tar.zst --look-inside -q -o {format}")).ok();
        for words in ["No database of advisories was given", "Nothing is claimed", "fedora 40", "GPL-3.0-or-later"] {
            assert!(told.contains(words), "{words} in {told}");
        }
    }
}

#[test]
fn advisories_are_told_by_severity_and_image_and_what_could_not_be_judged_too() {
    let site = site();
    let inside = json_of(&site, "platform.tar.zst --look-inside --database osv")["inside"].clone();
    let advisories = &inside["advisories"];
    assert_eq!(advisories["counts"], json!({"critical": 1, "unknown": 1}));
    let finding = &advisories["findings"][0];
    assert_eq!((&finding["id"], &finding["fixed"][0]), (&"CVE-2026-1".into(), &"3.0.12-1".into()));
    assert_eq!(finding["places"], json!([format!("{SHOP} (linux/amd64)")]));
    assert_eq!(image_of(&inside, SHOP)["advisories"], json!({"critical": 1}));
    assert_eq!(image_of(&inside, SHOP)["unjudged"], 0);
    let fedora = image_of(&inside, FEDORA);
    assert_eq!((&fedora["advisories"], &fedora["unjudged"]), (&json!({}), &2.into()));
    assert_eq!(inside["systems"][0]["advisories"], json!({"unknown": 1}));
    assert_eq!(
        advisories["uncovered"],
        json!([
            {"type": "npm", "distribution": null, "packages": 1, "reason": "not-in-databases"},
            {"type": "rpm", "distribution": "fedora-40", "packages": 1, "reason": "ecosystem-unknown"},
        ])
    );
    assert_eq!(advisories["unused"], json!([{"ecosystem": "Bitnami", "advisories": 1}]));
    assert_eq!(advisories["databases"], json!([{"name": "osv", "advisories": 4}]));
    for (format, leak) in
        [("html", "keys &#60;b&#62;leak&#60;/b&#62; \\u{202e}"), ("markdown", "keys &lt;b&gt;leak&lt;/b&gt;")]
    {
        let told = site.run(&format!("report platform.tar.zst --look-inside --database osv -q -o {format}")).ok();
        for words in [
            "CVE-2026-1",
            "libssl3",
            "1 critical",
            "1 rpm package of fedora",
            "for which no ecosystem of advisories is known",
            "for which the databases have no advisories at all",
            "no claim",
            "Bitnami",
            leak,
        ] {
            assert!(told.contains(words), "{words} in {told}");
        }
        assert!(!told.contains("<b>") && !told.contains('\u{202e}'));
    }
}

#[test]
fn what_changed_inside_since_another_bundle_is_told() {
    let site = site();
    let words = "platform.tar.zst --base old.tar.zst --look-inside --database osv";
    let changes = json_of(&site, words)["changes"].clone();
    assert_eq!((&changes["lookedInto"], &changes["licences"]), (&true.into(), &json!([])));
    let advisories = &changes["advisories"];
    assert_eq!((&advisories["remaining"], advisories["findings"].as_array().unwrap().len()), (&2.into(), 1));
    let gone = &advisories["findings"][0];
    assert_eq!(
        (&gone["change"], &gone["id"], &gone["severity"]),
        (&"removed".into(), &"DSA-2-1".into(), &"low".into())
    );
    let page = site.run(&format!("report {words} -q")).ok();
    let (_, rows) = page.split_once("What changed since platform 1.0.0").unwrap();
    assert!(rows.contains("advisory") && rows.contains("DSA-2-1"), "{page}");
    assert!(rows.contains("whichever their versions: there are 2."), "{page}");
    let unasked = json_of(&site, "platform.tar.zst --base old.tar.zst")["changes"].clone();
    assert_eq!((&unasked["lookedInto"], &unasked["advisories"]), (&false.into(), &Value::Null));
    for format in ["html", "markdown"] {
        let told = site.run(&format!("report platform.tar.zst --base old.tar.zst -q -o {format}")).ok();
        assert!(told.contains("and advisories are not compared"), "{told}");
    }
}

#[test]
fn the_folder_of_a_database_is_not_told() {
    let site = site();
    std::fs::create_dir(site.path("a-private-folder")).unwrap();
    std::fs::rename(site.path("osv"), site.path("a-private-folder/osv")).unwrap();
    for format in ["html", "markdown", "json"] {
        let words = format!("report platform.tar.zst --look-inside --database a-private-folder/osv -q -o {format}");
        let told = site.run(&words).ok();
        assert!(told.contains("osv") && !told.contains("a-private-folder"), "{told}");
    }
}

#[test]
fn a_database_that_the_bundle_carries_is_asked_where_no_other_is_named() {
    let site = site();
    let database = crate::fixtures::zip(&[("1.json", std::fs::read(site.path("osv/1.json")).unwrap().as_slice())]);
    platform("1.1.0", "3.0.11-1")
        .files("evidence-of-others", &[("advisories/debian.zip", &database)])
        .write(&site.path("platform.tar.zst"));
    let inside = json_of(&site, "platform.tar.zst --look-inside")["inside"].clone();
    let databases = &inside["advisories"]["databases"];
    assert_eq!(databases, &json!([{"name": "evidence-of-others/advisories/debian.zip", "advisories": 1}]));
    let named = json_of(&site, "platform.tar.zst --look-inside --database osv")["inside"].clone();
    assert_eq!(named["advisories"]["databases"], json!([{"name": "osv", "advisories": 4}]));
}

#[test]
fn what_was_not_read_is_told_with_its_image() {
    let site = site();
    let broken = Layer::new().file("var/lib/dpkg/status", "no field\n").gzip();
    FakeBundle::new("broken", "1.0.0").image(SHOP, &[&broken]).write(&site.path("broken.tar.zst"));
    let inside = json_of(&site, "broken.tar.zst --look-inside")["inside"].clone();
    let unread = inside["images"][0]["unread"][0].as_str().unwrap();
    assert!(unread.starts_with("`var/lib/dpkg/status` was not read: "), "{unread}");
    let page = site.run("report broken.tar.zst --look-inside -q").ok();
    assert!(page.contains("not wholly read") && page.contains("No packages were found in them"), "{page}");
}
