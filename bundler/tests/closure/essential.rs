//! The base that is computed: what it is, and that a closure holds for nodes of every age.

use std::collections::BTreeSet;

use bundler::packages::closure::{Profile, Request, close};
use bundler::packages::proof::{self, ProofError, Subject, prove};

use crate::fixture::{Fixture, asks, names, package};

/// The names and versions that a profile has.
fn has(profile: &Profile) -> Vec<String> {
    let status = std::str::from_utf8(profile.status()).unwrap();
    let value = |field: &'static str| status.lines().filter_map(move |line| line.strip_prefix(field));
    value("Package: ").zip(value("Version: ")).map(|(name, version)| format!("{name} {version}")).collect()
}

/// A closure for both bases.
struct Carried {
    fixture: fn() -> Fixture,
    profiles: [Profile; 2],
    names: Vec<String>,
    /// The index of a bundle that has it.
    index: String,
    requests: Vec<Request>,
}

impl Carried {
    fn new(fixture: fn() -> Fixture, requests: &[Request]) -> Self {
        let archive = fixture();
        let universe = archive.universe();
        let profiles = Profile::essential(&universe).unwrap();
        let closure = close(&universe, &profiles, requests).unwrap();
        let stanzas = closure.packages.iter().map(|chosen| universe.stanza(chosen.version));
        let index = stanzas.map(|stanza| format!("{}\n\n", std::str::from_utf8(stanza).unwrap().trim_end())).collect();
        let names = names(&universe, &closure);
        Self { fixture, profiles, names, index, requests: requests.to_vec() }
    }

    /// What real apt installs of the whole archive on each base.
    fn by_apt(&self) -> [Vec<String>; 2] {
        let on = |profile: &Profile| {
            let outcome = (self.fixture)().profiled(profile).compare(&self.requests);
            let installed = outcome.apt.unwrap();
            let carried: BTreeSet<&String> = self.names.iter().collect();
            assert!(installed.iter().all(|package| carried.contains(package)), "{installed:?}: {:?}", self.names);
            installed
        };
        self.profiles.each_ref().map(on)
    }

    /// What the proof says of each base, with a bundle that lacks some packages.
    fn proved_without(&self, missing: &[&str]) -> [Result<Vec<String>, ProofError>; 2] {
        let stanzas = self.index.split_inclusive("\n\n");
        let lacks = |stanza: &str| missing.iter().any(|name| stanza.starts_with(&format!("Package: {name}\n")));
        let index: String = stanzas.filter(|stanza| !lacks(stanza)).collect();
        let wanted: Vec<_> = self.requests.iter().map(|request| self.wanted(request)).collect();
        let (native, foreign) = ("amd64".parse().unwrap(), ["i386".parse().unwrap()]);
        let on = |profile| {
            let subject = Subject { profile, native: &native, foreign: &foreign, index: &index, wanted: &wanted };
            prove(&subject).map(|found| found.iter().map(ToString::to_string).collect())
        };
        self.profiles.each_ref().map(on)
    }

    fn wanted(&self, request: &Request) -> proof::WantedPackage {
        let own = request.architecture.as_ref().map_or("amd64".to_owned(), ToString::to_string);
        let name = request.architecture.as_ref().map_or_else(String::new, |name| format!(":{name}"));
        let start = format!("{}{name} ", request.package);
        let version = self.names.iter().find_map(|carried| carried.strip_prefix(&start)).unwrap().to_owned();
        proof::WantedPackage { name: request.package.to_string(), architecture: own, version, recommends: false }
    }
}

#[test]
fn it_has_what_is_essential_or_required_with_what_that_needs() {
    let archive = [
        package("base 1", &["Essential: yes", "Pre-Depends: libc"]),
        package("libc 2", &["Depends: libgcc (>= 1)"]),
        package("libgcc 1", &[]),
        package("login 1", &["Priority: required"]),
        package("app 1", &["Depends: libc, tool"]),
        package("tool 1", &[]),
    ];
    let fixture = Fixture::new(&archive);
    let universe = fixture.universe();
    let profiles = Profile::essential(&universe).unwrap();
    assert_eq!(profiles.each_ref().map(Profile::name), ["essential", "essential-earlier"]);
    assert_eq!(has(&profiles[0]), ["base 1", "libc 2", "libgcc 1", "login 1"]);
    assert_eq!(has(&profiles[1]), ["base 0~", "libc 0~", "libgcc 0~", "login 0~"]);
    let status = std::str::from_utf8(profiles[0].status()).unwrap();
    assert!(!status.contains("Filename:") && status.contains("Status: install ok installed"));
    assert_eq!(names(&universe, &close(&universe, &profiles, &[asks("web", "app")]).unwrap()), ["app 1", "tool 1"]);
}

#[test]
fn what_is_protected_or_important_a_node_may_lack() {
    let archive = || {
        Fixture::new(&[
            package("base 1", &["Essential: yes"]),
            package("systemd-sysv 1", &["Protected: yes", "Priority: important", "Conflicts: runit-init, sysvinit"]),
            package("runit-init 1", &["Protected: yes", "Conflicts: systemd-sysv, sysvinit"]),
            package("sysvinit 1", &["Important: yes", "Conflicts: systemd-sysv, runit-init"]),
            package("gettext-base 1", &["Protected: yes"]),
            package("cron 1", &["Priority: important"]),
            package("app 1", &["Depends: gettext-base, cron, systemd-sysv | runit-init"]),
        ])
    };
    let carried = Carried::new(archive, &[asks("web", "app"), asks("web", "gettext-base")]);
    assert_eq!(has(&carried.profiles[0]), ["base 1"]);
    assert_eq!(carried.names, ["app 1", "cron 1", "gettext-base 1", "systemd-sysv 1"]);
    assert_eq!(carried.by_apt()[0], carried.names);
}

#[test]
fn a_profile_that_has_a_protected_package_is_not_every_node() {
    let archive = [
        package("app 1", &["Depends: first | second"]),
        package("first 1", &[]),
        package("second 1", &["Protected: yes"]),
    ];
    let fixture = Fixture::new(&archive).base(&[crate::fixture::installed("second 1", &["Protected: yes"])]);
    assert_eq!(fixture.close(&[asks("web", "app")]).unwrap(), ["app 1", "first 1"]);
}

/// A release whose nodes may be older: `udev` is bound to exactly its library, `app` to a later one than they may have.
fn lockstep() -> Fixture {
    Fixture::new(&[
        package("base 3", &["Essential: yes", "Pre-Depends: libudev (>= 2), libc (= 9-4)", "Breaks: libc (<< 9)"]),
        package("libudev 7-2", &["Multi-Arch: same", "Source: systemd", "Provides: libudev-api (= 7)"]),
        package("libudev 7-2 i386", &["Multi-Arch: same", "Source: systemd"]),
        package("libc 9-4", &["Breaks: libudev (<< 2)"]),
        package("quiet 5", &["Essential: yes"]),
        package("udev 7-2", &["Source: systemd", "Depends: libudev (= 7-2), quiet"]),
        package("app 1", &["Depends: libc (>= 9)"]),
        package("plugin 1", &["Depends: libudev-api (>= 7)"]),
    ])
    .foreign("i386")
}

#[test]
fn a_node_of_an_earlier_point_release_finds_the_upgrades_that_it_is_forced_to() {
    let carried = Carried::new(lockstep, &[asks("web", "udev")]);
    assert_eq!(has(&carried.profiles[1]), ["base 0~", "libudev 0~", "libc 0~", "quiet 0~"]);
    assert_eq!(carried.names, ["libudev 7-2", "udev 7-2"]);
    assert_eq!(carried.by_apt(), [vec!["udev 7-2"], vec!["libudev 7-2", "udev 7-2"]]);
    let [newest, earlier] = carried.proved_without(&[]);
    assert_eq!(newest.unwrap(), ["udev:amd64 7-2"]);
    assert_eq!(earlier.unwrap(), ["libudev:amd64 7-2", "udev:amd64 7-2"]);
    // What has to be upgraded brings along what is bound to exactly its earlier version.
    assert_eq!(Carried::new(lockstep, &[asks("web", "app")]).names, ["app 1", "base 3", "libc 9-4", "libudev 7-2"]);
    assert_eq!(Carried::new(lockstep, &[asks("web", "plugin")]).names, ["libudev 7-2", "plugin 1"]);
}

#[test]
fn a_library_of_a_foreign_architecture_upgrades_the_nodes_own() {
    let carried = Carried::new(lockstep, &[asks("web", "libudev:i386")]);
    assert_eq!(carried.names, ["libudev 7-2", "libudev:i386 7-2"]);
    assert_eq!(carried.by_apt(), [vec!["libudev:i386 7-2"], vec!["libudev 7-2", "libudev:i386 7-2"]]);
}

#[test]
fn the_proof_notices_what_only_an_earlier_base_lacks() {
    let [newest, earlier] = Carried::new(lockstep, &[asks("web", "udev")]).proved_without(&["libudev"]);
    assert_eq!(newest.unwrap(), ["udev:amd64 7-2"]);
    let error = earlier.unwrap_err();
    assert!(matches!(error, ProofError::Unmet { .. }));
    let text = error.to_string();
    assert!(text.contains("profile `essential-earlier`") && text.contains("udev : Depends: libudev (= 7-2)"), "{text}");
    // And what even the newest lacks.
    let archive = || {
        Fixture::new(&[
            package("base 1", &["Essential: yes"]),
            package("lib 1", &["Protected: yes"]),
            package("app 1", &["Depends: lib"]),
        ])
    };
    let [newest, earlier] = Carried::new(archive, &[asks("web", "app")]).proved_without(&["lib"]);
    assert!(newest.is_err() && earlier.is_err());
}

#[test]
fn what_neither_can_install_is_said_once() {
    let archive = [package("base 1", &["Essential: yes"]), package("app 1", &["Depends: gone"])];
    let fixture = Fixture::new(&archive);
    let universe = fixture.universe();
    let error = close(&universe, &Profile::essential(&universe).unwrap(), &[asks("web", "app")]).unwrap_err();
    assert_eq!(error.problems.len(), 1);
}
