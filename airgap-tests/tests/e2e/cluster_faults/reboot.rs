//! A node that reboots in the middle.

use std::fs;

use airgap_tests::Node;

use super::{PATIENCE, until};
use crate::cluster::Ground;

/// What a node says of a distribution that does not come up.
const WORDS: &str = "systemctl --no-pager status 'rke2-*'; journalctl --no-pager -n 60 -u 'rke2-*'; \
                     tail -n 40 /var/lib/rancher/rke2/agent/logs/*.log /var/lib/rancher/rke2/agent/containerd/*.log; \
                     ps -ef; ip addr; ip route; true";

impl Ground {
    /// How often a step of a kind was begun on a node, in all runs so far.
    fn begun(&self, kind: &str, node: &str) -> usize {
        let (kind, node) = (format!(r#""kind":"{kind}""#), format!(r#""node":"{node}""#));
        let begun = self.told().into_iter().filter(|line| line.contains(r#""event":"node-step-started""#));
        begun.filter(|line| line.contains(&kind) && line.contains(&node)).count()
    }
}

fn words(node: &Node) -> String {
    node.shell(WORDS).map(|outcome| outcome.stdout).unwrap_or_else(|error| error.to_string())
}

#[test]
fn a_server_that_reboots_while_it_is_started_is_waited_for_and_the_cluster_is_finished() {
    let mut ground = Ground::bare(1, 1);
    let mut installer = ground.start();
    until(&mut installer, "the server is started", |_| ground.begun("start", "node-0") > 0);
    let token = fs::read_to_string(ground.site.state().join("cluster/token")).unwrap();
    ground.servers.node_mut(0).reboot().unwrap();
    let ended = installer.wait(PATIENCE).unwrap();
    let told = || ground.servers.nodes().iter().map(words).collect::<Vec<_>>().join("\n=====\n");
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}: {}\n{}", installer.log(), told());

    // What a node counted before it rebooted is not known, and nobody says that it was nothing.
    for proof in ["node-0: not counted from 20", ", for it was rebooted"] {
        assert!(installer.log().contains(proof), "{}", installer.log());
    }
    assert_eq!(ground.ready(), 2);
    assert_eq!(fs::read_to_string(ground.site.state().join("cluster/token")).unwrap(), token);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}
