//! What images are made of: each kind of package is found, with its version and licence.

use std::process::Command;

use crate::fixtures::{Layer, bash, go_program, image, inside, node, rpm_slots, rpm_sqlite, sbom, unread, zip};

const DEBIAN: &str = "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

#[test]
fn packages_of_debian_with_their_sources_and_licences() {
    let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9+deb12u7\n\n\
                  Package: old\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n\
                  Package: vim\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2:9.0.1378-2\n";
    let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
                     Files: *\nCopyright: x\nLicense: LGPL-2.1+\n";
    let site = image(&[Layer::new()
        .file("etc/os-release", DEBIAN)
        .file("var/lib/dpkg/status", status)
        .file("usr/share/doc/libc6/copyright", copyright)
        .gzip()]);
    assert_eq!(
        inside(&site),
        [
            "pkg:deb/debian/libc6@2.36-9%2Bdeb12u7?arch=amd64&distro=debian-12&upstream=glibc",
            "pkg:deb/debian/vim@2:9.0.1378-2?arch=amd64&distro=debian-12",
        ]
    );
    let components = sbom(&site, "")["components"][0]["components"].clone();
    assert_eq!((&components[0]["type"], &components[0]["version"]), (&"operating-system".into(), &"12".into()));
    assert_eq!(components[1]["licenses"][0]["license"]["name"], "LGPL-2.1+");
    assert_eq!(components[1]["evidence"]["occurrences"][0]["location"], "var/lib/dpkg/status");
}

#[test]
fn packages_of_images_without_dpkg() {
    let site = image(&[Layer::new()
        .file("./usr/lib/os-release", DEBIAN)
        .file("./var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4+deb12u5\nArchitecture: amd64\n")
        .file("./var/lib/dpkg/status.d/base.md5sums", "00 a\n")
        .gzip()]);
    assert_eq!(inside(&site), ["pkg:deb/debian/base-files@12.4%2Bdeb12u5?arch=amd64&distro=debian-12"]);
}

/// The machine's own database, and dpkg's word on what is in it.
#[test]
fn all_packages_of_this_machine_as_dpkg_knows_them() {
    let status = std::fs::read("/var/lib/dpkg/status").unwrap();
    let format = "${db:Status-Abbrev}${Package}\t${Version}\t${Architecture}\n";
    let output = Command::new("dpkg-query").args(["-W", "-f", format]).output().unwrap();
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    let installed = listed.lines().filter_map(|line| line.strip_prefix("ii "));
    let mut expected: Vec<Vec<String>> = installed.map(|line| line.split('\t').map(str::to_owned).collect()).collect();
    let site = image(&[Layer::new().file("var/lib/dpkg/status", status).zstd()]);
    let sbom = sbom(&site, "");
    let components = sbom["components"][0]["components"].as_array().unwrap();
    let mut found: Vec<Vec<String>> = components
        .iter()
        .map(|component| {
            let url: packageurl::PackageUrl<'_> = component["purl"].as_str().unwrap().parse().unwrap();
            let architecture = url.qualifiers()["arch"].to_string();
            vec![url.name().to_owned(), url.version().unwrap().to_owned(), architecture]
        })
        .collect();
    expected.sort();
    found.sort();
    assert!(found.len() > 50, "{}", found.len());
    assert_eq!(found, expected);
}

#[test]
fn packages_of_alpine() {
    let installed = "C:Q1x=\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\nR:libcrypto.so.3\n\n\
                     P:busybox\nV:1.36.1-r29\nA:x86_64\nL:GPL-2.0-only\no:busybox\n\n";
    let os = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.1\n";
    let layer = Layer::new().file("etc/os-release", os).file("lib/apk/db/installed", installed).plain();
    let site = image(&[layer]);
    assert_eq!(
        inside(&site),
        [
            "pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64&distro=alpine-3.20.1",
            "pkg:apk/alpine/libcrypto3@3.3.1-r0?arch=x86_64&distro=alpine-3.20.1&upstream=openssl",
        ]
    );
    let components = &sbom(&site, "")["components"][0]["components"];
    assert_eq!(components[1]["licenses"][0]["license"]["id"], "GPL-2.0-only");
}

#[test]
fn packages_of_rpm_in_both_databases_that_are_read_and_the_one_that_is_not_is_told() {
    const BASH: &str = "pkg:rpm/redhat/bash@5.1.8-9.el9?arch=x86_64&distro=rhel-9.4";
    let os = "ID=\"rhel\"\nVERSION_ID=\"9.4\"\n";
    for (path, database) in [
        ("var/lib/rpm/rpmdb.sqlite", rpm_sqlite(&[bash()])),
        ("usr/lib/sysimage/rpm/Packages.db", rpm_slots(&[bash()])),
    ] {
        let site = image(&[Layer::new().file("etc/os-release", os).file(path, database).gzip()]);
        assert_eq!(inside(&site), [BASH], "{path}");
        assert_eq!(unread(&site), [""; 0], "{path}");
    }
    let site = image(&[Layer::new().file("var/lib/rpm/Packages", b"\0\0\0").gzip()]);
    assert_eq!(unread(&site), ["`var/lib/rpm/Packages` was not read: Berkeley DB is not supported"]);
    let said = site.run("sbom b.tar.zst --trust trust");
    assert!(said.stderr.contains("WARN example.com/app:1: `var/lib/rpm/Packages` was not read"), "{}", said.stderr);
}

#[test]
fn programs_of_go_and_packages_of_python_node_and_java() {
    let modules = "mod\texample.com/App\tv1.2.3\t\ndep\tgolang.org/x/net\tv0.20.0\th1:x\n";
    let properties = b"groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n";
    let jar = zip(&[("META-INF/maven/a/b/pom.properties", properties)]);
    let war = zip(&[("WEB-INF/lib/inner.jar", &jar), ("index.html", b"x")]);
    let site = image(&[Layer::new()
        .file("usr/bin/app", go_program("go1.22.1", modules))
        .file("usr/bin/script", "#!/bin/sh\n")
        .file(
            "usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA",
            "Name: PyYAML\nVersion: 6.0\nLicense: MIT\n",
        )
        .file("usr/lib/python3/dist-packages/six-1.16.0.egg-info", "Name: six\nVersion: 1.16.0\n")
        .file("srv/node_modules/@scope/a/package.json", node("@scope/a", "1.0.0"))
        .file("srv/node_modules/b/lib/package.json", node("not-installed", "1.0.0"))
        .file("srv/app-3.0.war", war)
        .gzip()]);
    assert_eq!(
        inside(&site),
        [
            "pkg:golang/stdlib@1.22.1",
            "pkg:golang/example.com/App@v1.2.3",
            "pkg:golang/golang.org/x/net@v0.20.0",
            "pkg:pypi/pyyaml@6.0",
            "pkg:pypi/six@1.16.0",
            "pkg:npm/%40scope/a@1.0.0",
            "pkg:maven/app@3.0",
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        ]
    );
}
