//! Rules about the repository itself. Each test says its rule and names every place that breaks it.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the top level may hold, besides `.git` and what git ignores.
const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "airgap-tests",
    "bundler",
    "clippy.toml",
    "deny.toml",
    "docs",
    "installer",
    "manifests",
    "registry",
    "rustfmt.toml",
];

/// Our crates, and which of ours each may depend on. Nothing else is allowed.
const ARROWS: &[(&str, &[&str])] = &[
    ("manifests", &[]),
    ("airgap-console", &[]),
    ("bundler", &["manifests", "airgap-console"]),
    ("registry", &["manifests", "airgap-console"]),
    ("installer", &["manifests", "registry", "airgap-console"]),
    ("airgap-tests", &["manifests", "airgap-console", "bundler", "registry", "installer"]),
];

/// Crates that can dial out over HTTP. Only `bundler` may hold one, but for [`CLUSTER_CLIENT`].
const HTTP_CLIENTS: &[&str] = &[
    "reqwest",
    "hyper",
    "hyper-util",
    "hyper-rustls",
    "h2",
    "h3",
    "ureq",
    "curl",
    "isahc",
    "attohttpc",
    "surf",
    "minreq",
    "awc",
    "oci-client",
    "oci-distribution",
];

/// What the client of the cluster's API stands on. The installer hands it the connections that it may use: channels of
/// SSH that end at a server of the cluster.
const CLUSTER_CLIENT: &[&str] = &["hyper", "hyper-util", "hyper-rustls"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    output_of(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), arguments)
}

/// Every file that git knows or would add, relative to the root.
fn files() -> Vec<String> {
    // The checkout may belong to another user than the one that runs the tests.
    let safe = format!("safe.directory={}", root().display());
    let listing = output_of("git", &["-c", &safe, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<_> = listing.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    files.retain(|name| root().join(name).exists());
    assert!(files.len() > 10, "git lists hardly any file here: {files:?}");
    files
}

/// The names of the crates that end up in `package` when it is built alone.
fn linked_into(package: &str) -> BTreeSet<String> {
    let tree = cargo(&["tree", "--locked", "-p", package, "-e", "normal,build", "--prefix", "none", "--format", "{p}"]);
    tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| *name != package).map(str::to_owned).collect()
}

fn metadata() -> serde_json::Value {
    serde_json::from_str(&cargo(&["metadata", "--locked", "--format-version", "1"])).unwrap()
}

#[test]
fn the_top_level_holds_what_it_should_and_nothing_else() {
    let found: BTreeSet<_> = files().iter().map(|name| name.split('/').next().unwrap().to_owned()).collect();
    let wanted: BTreeSet<_> = TOP_LEVEL.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, wanted);
}

#[test]
fn rust_files_stay_short() {
    let too_long: Vec<_> = files()
        .into_iter()
        .filter(|name| name.ends_with(".rs"))
        .map(|name| (std::fs::read_to_string(root().join(&name)).unwrap().lines().count(), name))
        .filter(|(lines, _)| *lines > 800)
        .collect();
    assert!(too_long.is_empty(), "more than 800 lines: {too_long:?}");
}

#[test]
fn no_file_is_called_mod_rs() {
    let found: Vec<_> = files().into_iter().filter(|name| name.ends_with("/mod.rs")).collect();
    assert!(found.is_empty(), "use foo.rs beside foo/: {found:?}");
}

#[test]
fn every_crate_takes_the_lints_and_versions_of_the_workspace() {
    // The fuzz target is no member: cargo-fuzz builds it by itself, with a nightly compiler.
    let is_member = |name: &String| name.ends_with("/Cargo.toml") && name != "manifests/fuzz/Cargo.toml";
    for name in files().into_iter().filter(is_member) {
        let text = std::fs::read_to_string(root().join(&name)).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let lints = lines.windows(2).any(|pair| pair == ["[lints]", "workspace = true"]);
        assert!(lints, "{name} lacks `[lints] workspace = true`");
        let versions: Vec<_> =
            lines.iter().filter(|line| line.contains("version = \"") || line.contains("= \"")).collect();
        let own: Vec<_> = versions
            .into_iter()
            .filter(|line| !["name", "description", "path", "harness"].contains(&line.split(' ').next().unwrap()))
            .collect();
        assert!(own.is_empty(), "{name} names versions itself, they belong into [workspace.dependencies]: {own:?}");
    }
}

#[test]
fn arrows_between_our_crates_are_those_of_the_design() {
    let metadata = metadata();
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let members: Vec<_> = metadata["packages"].as_array().unwrap().iter().filter(|p| p["source"].is_null()).collect();
    assert_eq!(members.len(), allowed.len(), "a crate was added: give it a place in ARROWS and in ARCHITECTURE.md");
    for package in members {
        let name = package["name"].as_str().unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let other = dependency["name"].as_str().unwrap();
            // A crate may have itself with more features in its tests: that is no arrow.
            if other != name && allowed.contains_key(other) {
                assert!(allowed[name].contains(&other), "{name} may not depend on {other}");
            }
        }
    }
}

#[test]
fn only_the_bundler_can_dial_out() {
    for package in ["manifests", "airgap-console", "registry", "installer"] {
        let linked = linked_into(package);
        let allowed = if package == "installer" { CLUSTER_CLIENT } else { &[] };
        let is_one_too_many = |client: &&&str| linked.contains(**client) && !allowed.contains(*client);
        let clients: Vec<_> = HTTP_CLIENTS.iter().filter(is_one_too_many).collect();
        assert!(clients.is_empty(), "{package} links {clients:?}");
    }
    assert!(linked_into("bundler").contains("reqwest"), "the list of clients no longer fits what the bundler uses");
}

#[test]
fn the_vocabulary_has_no_runtime_no_command_line_and_no_clock() {
    let linked = linked_into("manifests");
    for name in ["tokio", "clap", "mio", "async-std", "smol"] {
        assert!(!linked.contains(name), "manifests links {name}");
    }
    let sources = files().into_iter().filter(|name| name.starts_with("manifests/src/") && name.ends_with(".rs"));
    for name in sources {
        let text = std::fs::read_to_string(root().join(&name)).unwrap();
        for banned in [
            "SystemTime::now",
            "Timestamp::now",
            "Zoned::now",
            "Instant::now",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "ToSocketAddrs",
            "env::var",
        ] {
            assert!(!text.contains(banned), "{name} uses {banned}");
        }
    }
}

#[test]
fn licences_and_crates_are_those_that_deny_toml_allows() {
    let policy = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let (licences, bans) = policy.split_once("[bans]").unwrap();
    let allowed: BTreeSet<_> = licences.split('"').skip(1).step_by(2).collect();
    let banned: BTreeSet<_> =
        bans.lines().filter_map(|line| line.trim().strip_prefix("{ crate = \"")?.split('"').next()).collect();
    assert!(allowed.contains("MIT") && banned.contains("openssl"));
    for package in metadata()["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        assert!(!banned.contains(name), "{name} is banned in deny.toml");
        let expression = package["license"].as_str().unwrap_or("none").replace('/', " OR ");
        assert!(licence_fits(&expression, &allowed), "{name} has the licence {expression}");
    }
}

/// Whether an SPDX expression can be met: every part joined by AND has a choice that is allowed.
fn licence_fits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let choice_fits = |part: &str| part.split(" OR ").any(|name| allowed.contains(name.trim_matches([' ', '(', ')'])));
    expression.split(" AND ").all(choice_fits)
}
