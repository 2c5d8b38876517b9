//! The SBOM of a real system and of a real program, against what dpkg and the set-up say of them.

use std::collections::BTreeSet;
use std::fs;

use airgap_tests::{Machine, Profile, repository, signer, tool};
use serde_json::Value;

/// The version of helm that the set-up builds.
fn helm_version() -> String {
    let setup = fs::read_to_string(repository().join("airgap-tests/setup")).unwrap();
    let line = setup.lines().find_map(|line| line.strip_prefix("HELM_VERSION=")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_system_made_by_mmdebstrap_and_a_program_built_by_go() {
    let machine = Machine::new().unwrap();
    let status = Profile::Minimal.status().unwrap();
    let tree = status.ancestors().nth(4).unwrap().display().to_string();
    let helm = fs::canonicalize(tool("helm").unwrap()).unwrap().display().to_string();
    machine.run("umoci", &["init", "--layout", "layout"]).unwrap();
    machine.run("umoci", &["new", "--image", "layout:1"]).unwrap();
    machine.run("umoci", &["insert", "--image", "layout:1", &tree, "/"]).unwrap();
    machine.run("umoci", &["insert", "--image", "layout:1", &helm, "/usr/bin/helm"]).unwrap();
    machine.run("umoci", &["insert", "--image", "layout:1", "--whiteout", "/usr/share/doc/bash"]).unwrap();
    let stack = "apiVersion: airgap/v1\nkind: Stack\nname: b\nversion: 1.0.0\ncreated: 2026-01-01\nimages:\n  - image: \
                 example.com/system:1\n    from:\n      ociLayout: layout\n";
    machine.write("stack.yaml", stack).unwrap();
    signer(&machine, "ci", "trust").unwrap();
    machine.bundle(&["build", "stack.yaml", "-o", "b.tar.zst", "--key", "ci"]).unwrap().success().unwrap();
    let sbom = machine.bundle(&["sbom", "b.tar.zst", "--trust", "trust"]).unwrap().success().unwrap().stdout;
    let sbom: Value = serde_json::from_str(&sbom).unwrap();
    let inside = sbom["components"][0]["components"].as_array().unwrap();
    let admin = status.parent().unwrap().display().to_string();
    let listed = machine.run("dpkg-query", &["--admindir", &admin, "-W", "-f", "${Package}@${Version}\n"]).unwrap();
    let expected: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    let named = |component: &&Value, kind: &str| {
        component["purl"].as_str().is_some_and(|url| url.starts_with(&format!("pkg:{kind}/")))
    };
    let shown = |component: &Value| {
        format!("{}@{}", component["name"].as_str().unwrap(), component["version"].as_str().unwrap_or("?"))
    };
    let debs = inside.iter().filter(|component| named(component, "deb")).map(shown);
    assert_eq!(debs.collect::<BTreeSet<_>>(), expected);
    let modules: BTreeSet<String> = inside.iter().filter(|it| named(it, "golang")).map(shown).collect();
    assert!(modules.contains(&format!("helm.sh/helm/v3@{}", helm_version())), "{modules:?}");
    assert!(modules.iter().any(|module| module.starts_with("k8s.io/client-go@v0.")), "{modules:?}");
    let licences = |name: &str| inside.iter().find(|it| it["name"] == name).unwrap()["licenses"].clone();
    assert!(licences("zlib1g").is_array() && licences("bash").is_null(), "bash has no file of copyrights any more");
    assert!(machine.leftovers().unwrap().is_empty());
}
