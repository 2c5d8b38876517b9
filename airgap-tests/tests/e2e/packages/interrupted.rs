//! Installations that are killed half-way on a node, and what the next run makes of them.

use airgap_tests::{Node, Profile};

use super::debs::Deb;
use super::{PLAIN, bundle, carry_script, debs, import, installed, run_script, serve, upkeep::renew};

/// Hands out the first half of what a package of the given name holds, says so, and never goes on.
const STALLING: &str = r#"#!/bin/sh
case "$*" in
*--fsys-tarfile*PACKAGE_*) dpkg-deb.real "$@" | { head -c 500000; touch /root/begun; exec sleep infinity; } ;;
*) exec dpkg-deb.real "$@" ;;
esac
"#;

/// A package that is large enough to be stopped in the middle.
fn large(name: &str, version: &str, more: &str) -> Deb {
    debs::make_large(name, version, &format!("Architecture: {}\n{more}", debs::architecture()), 1 << 20)
}

/// Runs the script until something on the node says that it has begun, and kills all of its processes there.
fn kill_when_begun(node: &Node) {
    node.shell("rm -f /root/begun; systemd-run --unit=ours sh /root/packages.sh").unwrap().success().unwrap();
    let begun = "while [ ! -e /root/begun ]; do systemctl is-active -q ours || exit 1; sleep 0.1; done";
    node.shell(begun).unwrap().success().unwrap();
    let kill = "systemctl kill --signal=KILL ours; while systemctl is-active -q ours; do sleep 0.1; done; \
                systemctl reset-failed ours";
    node.shell(kill).unwrap().success().unwrap();
}

/// The same while dpkg unpacks a package.
fn kill_while_unpacking(node: &Node, package: &str) {
    node.shell("mv /usr/bin/dpkg-deb /usr/bin/dpkg-deb.real").unwrap().success().unwrap();
    node.write("/usr/bin/dpkg-deb", STALLING.replace("PACKAGE", package)).unwrap();
    node.shell("chmod 755 /usr/bin/dpkg-deb").unwrap().success().unwrap();
    kill_when_begun(node);
    node.shell("mv /usr/bin/dpkg-deb.real /usr/bin/dpkg-deb").unwrap().success().unwrap();
    let mess = node.run("dpkg-query", &["-W", "-f", "${db:Status-Eflag}", package]).unwrap().success().unwrap();
    assert_eq!(mess.stdout, "reinstreq", "dpkg was not stopped in the middle");
}

/// Runs the script once more, and the node is as if nobody had disturbed it.
fn goes_on(node: &Node, version: &str) {
    let looked = run_script(node, &["check"]);
    assert!(looked.code == Some(3) && looked.stderr.contains("goes on with it"), "{looked}");
    let done = run_script(node, &[]).success().unwrap();
    assert!(done.stdout.contains("was interrupted: going on with it"), "{done}");
    for package in ["demo", "demo-data"] {
        assert_eq!(installed(node, package).as_deref(), Some(version), "{package}: {done}");
    }
    assert_eq!(node.run("dpkg", &["--audit"]).unwrap().success().unwrap().stdout, "");
    node.shell("dpkg --verify demo demo-data").unwrap().success().unwrap();
    let automatic = node.run("apt-mark", &["showauto", "demo", "demo-data"]).unwrap().success().unwrap();
    assert_eq!(automatic.stdout, "demo-data\n", "what is wanted for itself, and what only for another");
    // Nothing is left of the run that was killed, nor of this one.
    node.shell("ls -d /var/tmp/airgap-packages.*").unwrap().failure().unwrap();
    assert!(run_script(node, &[]).success().unwrap().stdout.contains("nothing to do"));
}

#[test]
fn an_installation_that_was_killed_half_way_goes_on() {
    // The new one can't be configured without the other, in the same version.
    let version = |version: &str| {
        let demo = large("demo", version, &format!("Depends: demo-data (= {version})\n"));
        let data = large("demo-data", version, &format!("Breaks: demo (<< {version})\n"));
        bundle(&format!("{version}.0"), &[demo, data], &[("demo", "demo")])
    };
    let site = serve(&version("1.0"), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    kill_while_unpacking(&node, "demo-data");
    goes_on(&node, "1.0");

    // An upgrade, whose older version nobody has any more.
    import(&site, &version("2.0"));
    renew(&site, &node);
    kill_while_unpacking(&node, "demo");
    goes_on(&node, "2.0");

    // The other half of the way: it is unpacked, and stopped while it is configured.
    let fields = format!("Architecture: {}\n", debs::architecture());
    let waits = "if [ ! -e /root/begun ]; then touch /root/begun; sleep infinity; fi";
    let late = debs::make_with("late", "1.0", &fields, waits);
    import(&site, &bundle("3.0.0", &[late], &[("demo", "late")]));
    renew(&site, &node);
    kill_when_begun(&node);
    assert_eq!(installed(&node, "late"), None);
    run_script(&node, &[]).success().unwrap();
    assert_eq!(installed(&node, "late").unwrap(), "1.0");
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    node.power_off().unwrap();
}

#[test]
fn two_runs_at_a_time_take_turns() {
    let fields = format!("Architecture: {}\n", debs::architecture());
    let waits = "touch /root/begun; while [ ! -e /root/go ]; do sleep 0.1; done";
    let slow = debs::make_with("slow", "1.0", &fields, waits);
    let site = serve(&bundle("1.0.0", &[slow], &[("demo", "slow")]), &PLAIN);
    let node = site.gap().node(Profile::Minimal).unwrap();
    carry_script(&site, &node);
    node.shell("systemd-run --unit=first sh /root/packages.sh").unwrap().success().unwrap();
    node.shell("while [ ! -e /root/begun ]; do sleep 0.1; done").unwrap().success().unwrap();
    let refused = node.shell("AIRGAP_LOCK_TIMEOUT=1 sh /root/packages.sh").unwrap();
    assert!(refused.code == Some(3) && refused.stderr.contains("runs on this node already"), "{refused}");
    node.shell("touch /root/go").unwrap().success().unwrap();
    assert!(run_script(&node, &[]).success().unwrap().stdout.contains("nothing to do"));
    assert_eq!(installed(&node, "slow").unwrap(), "1.0");
    node.power_off().unwrap();
}
