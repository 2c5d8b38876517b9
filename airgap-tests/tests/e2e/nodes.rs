//! Nodes: whole systems behind the gap.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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

/// Names the folder in which a run that is to be cut off works.
const CUT_OFF: &str = "AIRGAP_TEST_CUT_OFF";

#[test]
fn a_node_ends_with_a_run_that_is_cut_off() {
    if let Some(folder) = std::env::var_os(CUT_OFF) {
        let gap = Gap::new().unwrap();
        let node = gap.node(Profile::Minimal).unwrap();
        // What is a whole file from the start is never read half.
        std::fs::write(Path::new(&folder).join("new"), node.leader().to_string()).unwrap();
        std::fs::rename(Path::new(&folder).join("new"), Path::new(&folder).join("leader")).unwrap();
        std::thread::sleep(Duration::from_secs(300));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(std::env::current_exe().unwrap());
    run.args(["--exact", "nodes::a_node_ends_with_a_run_that_is_cut_off"]);
    // Its folders would be left behind: what is killed removes nothing.
    run.env(CUT_OFF, folder.path()).env("TMPDIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut run = run.spawn().unwrap();
    let leader = poll(|| std::fs::read_to_string(folder.path().join("leader")).ok()).expect("the node boots");
    let leader = Path::new("/proc").join(leader);
    assert!(leader.exists());
    run.kill().unwrap();
    run.wait().unwrap();
    poll(|| (!leader.exists()).then_some(())).expect("the node is gone");
}

/// Looks for two minutes at most.
fn poll<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    (0..1200).find_map(|_| {
        look().or_else(|| {
            std::thread::sleep(Duration::from_millis(100));
            None
        })
    })
}
