//! The base that is computed, `essential`: what is built for it is installed on nodes that nobody took a profile of.

use airgap_tests::{Machine, Node, Profile, Site, archive_sources, codename, rig_folder, signer};

use super::on_nodes::repository;
use super::{PLAIN, carry_script, debs, installed, run_script};

/// Builds a bundle of packages for every node of this machine's release, from the archive that it uses itself.
fn build(packages: &[&str]) -> Machine {
    let machine = Machine::new().unwrap();
    signer(&machine, "ci", "allowed_signers").unwrap();
    let repositories: String = archive_sources().unwrap().iter().map(repository).collect();
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: nodes\nversion: 1.0.0\ncreated: 2026-01-01\nsystems:\n  - series: {}\n    \
         architectures: [{}]\n    base: [essential]\n    repositories:\n{repositories}packages: [{}]\n",
        codename().unwrap(),
        debs::architecture(),
        packages.join(", "),
    );
    machine.write("stack.yaml", stack).unwrap();
    let cache = rig_folder().join("packages").display().to_string();
    let words = ["build", "stack.yaml", "-o", "nodes.tar.zst", "--key", "ci", "--cache", &cache];
    machine.bundle(&words).unwrap().success().unwrap();
    machine
}

/// Makes dpkg believe that a package was installed from an earlier point release.
fn make_earlier(node: &Node, package: &str) {
    let script = format!("sed -i '/^Package: {package}$/,/^$/ s/^Version: .*/&~earlier/' /var/lib/dpkg/status");
    node.shell(&script).unwrap().success().unwrap();
    assert!(installed(node, package).unwrap().ends_with("~earlier"));
}

#[test]
fn what_is_built_for_every_node_is_installed_on_one_that_has_little_and_one_that_is_older() {
    let connected = build(&["curl", "gettext-base", "fontconfig", "open-iscsi"]);
    let mut site = Site::new(&connected.path("allowed_signers")).unwrap();
    let bundle = site.carry(&connected.path("nodes.tar.zst")).unwrap();
    site.serve(&[&bundle], &PLAIN).unwrap();
    for older in [&[][..], &["libudev1", "libc6", "libc-bin"]] {
        let node = site.gap().node(Profile::Minimal).unwrap();
        // Else there would be nothing to show.
        for package in ["curl", "gettext-base", "libbrotli1", "libfreetype6", "libpng16-16", "udev"] {
            assert_eq!(installed(&node, package), None, "the minimal node has {package} already");
        }
        older.iter().for_each(|package| make_earlier(&node, package));
        carry_script(&site, &node);
        let done = run_script(&node, &[]).success().unwrap();
        assert!(done.stdout.ends_with("packages: installed\n"), "{done}");
        for (program, argument) in [("curl", "--version"), ("gettext", "-V"), ("fc-list", "-V"), ("iscsiadm", "-V")] {
            node.run(program, &[argument]).unwrap().success().unwrap();
        }
        // udev is bound to exactly its own version of the library.
        assert_eq!(installed(&node, "libudev1"), installed(&node, "udev"));
        node.power_off().unwrap();
    }
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}
