//! Faults of roll-outs: what went wrong is said, and going on ends in the same cluster.

mod nodes;
mod reboot;
mod way;

use std::fs;
use std::time::{Duration, Instant};

use airgap_tests::{Daemon, Node};

use crate::cluster::Ground;

/// How many steps of which kind have `started` or `finished`.
type Moment = (usize, &'static str, &'static str);

/// How long a run may take until the next of its steps has ended.
const PATIENCE: Duration = Duration::from_secs(300);
/// What a roll-out leaves on a node, and nothing else makes.
const TRACES: &str = "find /usr/local/bin/rke2 /usr/local/lib/systemd /etc/rancher /var/lib/rancher /var/lib/airgap-node \
                      -maxdepth 0 2>/dev/null; true";

impl Ground {
    /// The lines of the journal about steps on nodes, of all runs so far.
    fn told(&self) -> Vec<String> {
        let journal = fs::read_to_string(self.site.state().join("journal.jsonl")).unwrap_or_default();
        journal.lines().filter(|line| line.contains(r#""event":"node-step-"#)).map(str::to_owned).collect()
    }

    /// How many steps of a kind have begun or have ended, in all runs so far.
    fn count(&self, what: &str, kind: &str) -> usize {
        let (event, kind) = (format!(r#""event":"node-step-{what}""#), format!(r#""kind":"{kind}""#));
        self.told().iter().filter(|line| line.contains(&event) && line.contains(&kind)).count()
    }

    /// An installation of which so many steps of a kind have begun or have ended.
    fn start_until(&self, (count, kind, what): Moment) -> Daemon {
        let before = self.count(what, kind);
        let mut installer = self.start();
        until(&mut installer, &format!("{count} steps {kind} have {what}"), |_| {
            self.count(what, kind) >= before + count
        });
        installer
    }

    /// Kills an installation at a moment, as a power cut would.
    fn kill_when(&self, moment: Moment) {
        self.start_until(moment).kill();
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

#[test]
fn an_installer_that_is_killed_at_any_step_is_gone_on_with_to_the_same_cluster() {
    let ground = Ground::bare(1, 2);
    for moment in [
        (1, "claim", "finished"),
        (2, "watch", "finished"),
        (1, "release", "started"),
        (1, "images", "started"),
        (2, "configuration", "finished"),
        (1, "start", "started"),
        (2, "start", "started"),
        (1, "proof", "started"),
    ] {
        ground.kill_when(moment);
    }
    let token = fs::read_to_string(ground.site.state().join("cluster/token")).unwrap();
    let done = ground.install(&[], &[]).success().unwrap();
    // What was counted is not lost with who had it counted.
    assert!(done.stderr.contains("images are the bundle's; nothing tried to leave 3 nodes"), "{done}");
    assert_eq!(ground.ready(), 3);
    assert_eq!(fs::read_to_string(ground.site.state().join("cluster/token")).unwrap(), token);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    for node in ground.servers.nodes() {
        let half =
            node.shell("find /usr/local /etc/rancher /var/lib/rancher /var/lib/airgap-node -name '.airgap*'").unwrap();
        assert_eq!(half.stdout, "", "nothing that is half is left");
        node.shell("nft list table inet airgap_egress").unwrap().failure().unwrap();
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
    assert_eq!(ground.told(), [""; 0], "no step was begun");
}
