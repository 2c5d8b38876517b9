//! Nodes: whole systems behind the gap.

use airgap_tests::{Gap, JUMP_NAME, Profile};

#[test]
fn a_node_boots_runs_services_and_can_not_reach_out() {
    let gap = Gap::new().unwrap();
    let node = gap.node(Profile::Minimal).unwrap();
    assert_eq!(node.run("systemctl", &["is-system-running"]).unwrap().stdout, "running\n");
    assert_eq!(gap.escaped().unwrap(), 0, "a node that only boots asks nobody");
    let unit = "[Service]\nExecStart=/bin/sleep infinity\n";
    node.write("/etc/systemd/system/asleep.service", unit).unwrap();
    node.shell("systemctl daemon-reload && systemctl start asleep").unwrap().success().unwrap();
    node.wait_for_service("asleep.service").unwrap();
    // It sees the jump host and no other.
    assert!(
        node.shell(&format!("getent hosts {JUMP_NAME}")).unwrap().success().unwrap().stdout.starts_with("10.77.0.10 ")
    );
    node.shell("getent hosts example.org").unwrap().failure().unwrap();
    let asked = gap.escaped().unwrap();
    assert!(asked > 0, "a question for a name is counted");
    node.shell("apt-get -o Acquire::Retries=0 -o Acquire::http::Timeout=2 update --error-on=any")
        .unwrap()
        .failure()
        .unwrap();
    assert!(gap.escaped().unwrap() > asked, "the archive of its own sources is out of reach, and asking for it counts");
    node.power_off().unwrap();
}
