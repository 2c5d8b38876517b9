//! Nodes on which apt finds no way, and what they are told.

use airgap_tests::{Node, Profile};

use super::debs::{self, Deb};
use super::{PLAIN, bundle, carry_script, import, installed, run_script, serve, upkeep::renew};

/// A package, and what it needs in the very same version.
fn pair(version: &str) -> [Deb; 2] {
    let depends = format!("Depends: demo-data (= {version})\n");
    [debs::make("demo", version, &depends), debs::make("demo-data", version, "")]
}

/// Installs a package from nowhere, as the node's administrators might.
fn install_by_hand(node: &Node, deb: &Deb) {
    node.write("/root/by-hand.deb", &deb.content).unwrap();
    node.run("dpkg", &["--install", "/root/by-hand.deb"]).unwrap().success().unwrap();
}

#[test]
fn what_is_in_the_way_on_a_node_is_named() {
    let site = serve(&bundle("1.0.0", &pair("1.0"), &[("demo", "demo")]), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    run_script(&node, &[]).success().unwrap();
    let words = run_script(&node, &["install", "check"]);
    assert!(words.code == Some(2) && words.stderr.contains("one word at most"), "{words}");

    // Not the wanted package is on hold, but what it needs.
    import(&site, &bundle("2.0.0", &pair("2.0"), &[("demo", "demo")]));
    renew(&site, &node);
    node.run("apt-mark", &["hold", "demo-data"]).unwrap().success().unwrap();
    for words in [&[][..], &["check"]] {
        let refused = run_script(&node, words);
        let told = refused.stderr.contains("held back") && refused.stderr.contains(": demo-data\n");
        assert!(refused.code == Some(3) && told, "{refused}");
    }
    node.run("apt-mark", &["unhold", "demo-data"]).unwrap().success().unwrap();
    run_script(&node, &[]).success().unwrap();
    assert_eq!(installed(&node, "demo").unwrap(), "2.0");

    // The node has a newer version of it than the bundle, which nothing takes back.
    node.run("dpkg", &["--purge", "demo"]).unwrap().success().unwrap();
    let [newer, newer_data] = pair("3.0");
    install_by_hand(&node, &newer_data);
    let refused = run_script(&node, &[]);
    let told = refused.stderr.contains("newer on this node than in the bundle: demo-data\n")
        && refused.stderr.contains("build a newer bundle");
    assert!(refused.code == Some(1) && told, "{refused}");
    assert_eq!(installed(&node, "demo-data").unwrap(), "3.0");

    // What is wanted is newer itself: it stays, for itself and no longer as somebody's dependency.
    install_by_hand(&node, &newer);
    node.run("apt-mark", &["auto", "demo"]).unwrap().success().unwrap();
    let kept = run_script(&node, &[]).success().unwrap();
    assert!(kept.stdout.contains("demo 3.0 is newer than the bundle's 2.0: it stays"), "{kept}");
    assert_eq!(node.run("apt-mark", &["showauto", "demo"]).unwrap().success().unwrap().stdout, "");
    node.power_off().unwrap();
}
