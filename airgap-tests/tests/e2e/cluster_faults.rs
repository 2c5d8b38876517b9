//! Faults of roll-outs: what went wrong is said, and going on ends in the same cluster.

mod nodes;
mod way;

use std::fs;
use std::time::{Duration, Instant};

use airgap_tests::{Daemon, Node};

use crate::cluster::Ground;

/// How long a run may take until the next of its steps has ended.
const PATIENCE: Duration = Duration::from_secs(300);
/// What a roll-out leaves on a node, and nothing else makes.
const TRACES: &str = "find /usr/local/bin/rke2 /usr/local/lib/systemd /etc/rancher /var/lib/rancher /var/lib/airgap-node \
                      -maxdepth 0 2>/dev/null; true";

impl Ground {
    /// How many steps on nodes have ended, in all runs so far, as the journal has it.
    fn ended(&self) -> usize {
        let journal = fs::read_to_string(self.site.state().join("journal.jsonl")).unwrap_or_default();
        journal.lines().filter(|line| line.contains("\"node-step-finished\"")).count()
    }

    /// An installation of which so many steps have ended.
    fn start_until(&self, count: usize) -> Daemon {
        let before = self.ended();
        let mut installer = self.start();
        until(&mut installer, &format!("{count} steps have ended"), |_| self.ended() >= before + count);
        installer
    }

    /// Kills an installation, as a power cut would, at the moment when so many of its steps have ended.
    fn kill_after(&self, count: usize) {
        self.start_until(count).kill();
    }
}

/// Waits until something holds of an installation, which goes on meanwhile.
fn until(installer: &mut Daemon, what: &str, holds: impl Fn(&Daemon) -> bool) {
    let begun = Instant::now();
    while !holds(installer) {
        let ended = installer.wait(Duration::from_millis(10)).unwrap();
        assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{ended:?} before {what}: {}", installer.log());
    }
}

fn traces(node: &Node) -> String {
    node.shell(TRACES).unwrap().success().unwrap().stdout
}

/// Of a server and two agents: they are looked at, each is claimed, nine steps prepare them, three start them, and one looks at
/// the whole. What was done by an earlier run counts as ended at once, but for the claims.
#[test]
fn an_installer_that_is_killed_at_any_step_is_gone_on_with_to_the_same_cluster() {
    let ground = Ground::bare(1, 2);
    for count in [2, 6, 10, 11] {
        ground.kill_after(count);
    }
    let token = fs::read_to_string(ground.site.state().join("cluster/token")).unwrap();
    ground.install(&[], &[]).success().unwrap();
    assert_eq!(ground.ready(), 3);
    assert_eq!(fs::read_to_string(ground.site.state().join("cluster/token")).unwrap(), token);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    for node in ground.servers.nodes() {
        let half =
            node.shell("find /usr/local /etc/rancher /var/lib/rancher /var/lib/airgap-node -name '.airgap*'").unwrap();
        assert_eq!(half.stdout, "", "nothing that is half is left");
    }
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}

#[test]
fn a_node_with_another_host_key_is_refused_before_anything_is_written() {
    let ground = Ground::bare(1, 1);
    let file = ground.site.state().join("known_hosts");
    let known = fs::read_to_string(&file).unwrap();
    let (first, second) = known.trim_end().split_once('\n').unwrap();
    let key = first.split_once(' ').unwrap().1;
    // Whoever answers at the address of the second has another key than it had when it was met.
    let (address, own) = second.split_once(' ').unwrap();
    assert_ne!(key, own);
    fs::write(&file, format!("{first}\n{address} {key}\n")).unwrap();
    let refused = ground.install(&[], &[]).failure().unwrap();
    assert!(refused.stderr.contains("node-1") && refused.stderr.contains("host key"), "{refused}");
    for node in ground.servers.nodes() {
        assert_eq!(traces(node), "");
    }
    assert_eq!(ground.ended(), 0, "no step was begun");
}
