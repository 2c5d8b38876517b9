//! A site with more than one stack, and stacks that have packages no more.

use airgap_tests::{Node, Outcome, Profile, Site, codename};
use manifests::fake::FakeBundle;

use super::{PLAIN, bundle_of, debs, import, installed, packages, run_script, serve, upkeep::wait_until_served};

/// What `airgap-install packages …` answers.
fn ask(site: &Site, words: &[&str]) -> Outcome {
    let (state, series) = (site.state().display().to_string(), codename().unwrap());
    let words = [&["--state", &state, "packages"], words, &["--series", &series]].concat();
    site.jump().install(&words).unwrap()
}

/// Brings a stack's script to the node and runs it.
fn install(site: &Site, node: &Node, stack: &str) -> Outcome {
    node.write("/root/packages.sh", packages(site, &["install-script", "--stack", stack])).unwrap();
    wait_until_served(site, node);
    run_script(node, &[]).success().unwrap()
}

#[test]
fn each_stack_has_packages_of_its_own() {
    let [one, two, shared] = ["one", "two", "shared"].map(|name| debs::make(name, "1.0", ""));
    let platform = |version: &str, debs: &[debs::Deb], wanted: &[&str]| {
        let wanted: Vec<_> = wanted.iter().map(|package| ("demo", *package)).collect();
        bundle_of("platform", version, debs, &wanted)
    };
    let first = platform("1.0.0", &[one.clone(), shared.clone()], &["one", "shared"]);
    let site = serve(&first, &PLAIN);
    import(&site, &bundle_of("storage", "1.0.0", &[two, shared], &[("disks", "two"), ("disks", "shared")]));

    // Which one, has to be said.
    for words in [&["install-script"][..], &["sources"], &["export", "folder"]] {
        let refused = ask(&site, words).failure().unwrap();
        assert!(refused.stderr.contains("platform, storage") && refused.stderr.contains("--stack"), "{refused}");
    }
    let unknown = ask(&site, &["sources", "--stack", "nonesuch"]).failure().unwrap();
    assert!(unknown.stderr.contains("`nonesuch`") && unknown.stderr.contains("platform, storage"), "{unknown}");
    let listed = packages(&site, &["list"]);
    assert!(listed.contains("2 packages of platform") && listed.contains("2 packages of storage"), "{listed}");

    // Both come to one node, and neither takes the other's for left over.
    let node = site.gap().node(Profile::Minimal).unwrap();
    for stack in ["platform", "storage", "platform"] {
        let done = install(&site, &node, stack);
        assert!(!done.stdout.contains("no bundle wants these"), "{done}");
    }
    assert_eq!(["one", "two", "shared"].map(|name| installed(&node, name).is_some()), [true; 3]);

    // One stack goes on without its packages; what the other wants as well is still wanted.
    import(&site, &FakeBundle::new("platform", "2.0.0"));
    let listed = packages(&site, &["list"]);
    assert!(listed.contains("no packages of platform any more since generation 3"), "{listed}");
    assert!(listed.contains("not wanted any more: one\n") && listed.contains("2 packages of storage"), "{listed}");
    let refused = ask(&site, &["sources", "--stack", "platform"]).failure().unwrap();
    assert!(refused.stderr.contains("no packages for") && refused.stderr.contains("any more"), "{refused}");
    // Only one has some now.
    assert!(packages(&site, &["install-script"]).contains(" two 1.0 no"));
    node.write("/root/packages.sh", packages(&site, &["install-script", "--stack", "platform"])).unwrap();
    let done = run_script(&node, &[]).success().unwrap();
    assert!(done.stdout.contains("no bundle wants these any more") && done.stdout.contains(": one\n"), "{done}");
    assert_eq!(installed(&node, "one").unwrap(), "1.0", "nothing is removed unasked");
    node.power_off().unwrap();
}

#[test]
fn only_what_the_script_brought_is_left_over() {
    let foreign = if debs::architecture() == "i386" { "amd64" } else { "i386" };
    let fields = |architecture: &str, more: &str| format!("Architecture: {architecture}\nMulti-Arch: same\n{more}");
    let own = debs::make_with("lib", "1.0", &fields(&debs::architecture(), ""), "");
    let other = debs::make_with("lib", "1.0", &fields(foreign, ""), "");
    let there = debs::make("there", "1.0", "");
    let vital = debs::make("vital", "1.0", "Priority: required\n");
    let wanted = ["there", "vital"].map(|package| ("demo", package));
    let debs = [other, there.clone(), vital];
    let wanted = [&wanted[..], &[("demo", "lib")]].concat();
    let site = serve(&bundle_of("platform", "1.0.0", &debs, &wanted), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    // Of the node's own architecture, and another package: both are the node's own.
    for deb in [&own, &there] {
        node.write("/root/own.deb", &deb.content).unwrap();
        node.run("dpkg", &["--install", "/root/own.deb"]).unwrap().success().unwrap();
    }
    node.run("dpkg", &["--add-architecture", foreign]).unwrap().success().unwrap();
    install(&site, &node, "platform");
    assert_eq!(installed(&node, &format!("lib:{foreign}")).unwrap(), "1.0");

    import(&site, &FakeBundle::new("platform", "2.0.0"));
    node.write("/root/packages.sh", packages(&site, &["install-script"])).unwrap();
    let done = run_script(&node, &["unneeded"]).success().unwrap();
    assert!(done.stdout.contains(&format!("until somebody removes them: lib:{foreign}\n")), "{done}");
    node.power_off().unwrap();
}
