//! What happens on the way: connections that are cut, nodes and a jump host that reboot in the middle.

use super::{PATIENCE, until};
use crate::cluster::Ground;

/// Refuses what goes to sshd, so that connections that are there are cut.
const CUT: &str = "nft 'add table inet cut; add chain inet cut in { type filter hook input priority -10; policy accept; }; \
                   add rule inet cut in tcp dport 22 reject with tcp reset'";

impl Ground {
    /// How many steps of a kind were begun, in all runs so far.
    fn begun(&self, kind: &str, node: &str) -> usize {
        let journal = std::fs::read_to_string(self.site.state().join("journal.jsonl")).unwrap_or_default();
        let (kind, node) = (format!(r#""kind":"{kind}""#), format!(r#""node":"{node}""#));
        let begun = journal.lines().filter(|line| line.contains("\"node-step-started\""));
        begun.filter(|line| line.contains(&kind) && line.contains(&node)).count()
    }
}

#[test]
fn what_is_cut_or_reboots_in_the_middle_is_gone_on_with_to_the_same_cluster() {
    let mut ground = Ground::bare(1, 1);
    let token = |ground: &Ground| std::fs::read_to_string(ground.site.state().join("cluster/token")).unwrap();

    // The jump host: all of it goes at once, and only the server comes back by itself.
    let installer = ground.start_until((1, "images", "started"));
    ground.site.lose_power().unwrap();
    installer.kill();
    let first = token(&ground);
    ground.serve_again();

    // The way to the agent: what was under way is begun again once it is back.
    let mut installer = ground.start_until((2, "watch", "finished"));
    ground.servers.node(1).shell(CUT).unwrap().success().unwrap();
    until(&mut installer, "the cut is noticed", |installer| {
        let log = installer.log();
        log.contains("node-1") && log.contains("trying again in")
    });
    ground.servers.node(1).shell("nft delete table inet cut").unwrap().success().unwrap();

    // The server, while it starts: it comes back and goes on by itself, and the installer waits for it.
    until(&mut installer, "the server is started", |_| ground.begun("start", "node-0") > 0);
    ground.servers.node_mut(0).reboot().unwrap();
    let ended = installer.wait(PATIENCE).unwrap();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}: {}", installer.log());

    // What a node counted before it rebooted is not known, and nobody says that it was nothing.
    let proof = "node-0: its counters are not there: it was rebooted";
    assert!(installer.log().contains(proof), "{}", installer.log());
    assert_eq!(ground.ready(), 2);
    assert_eq!(token(&ground), first, "it is the cluster that was begun");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    drop(installer);
}
