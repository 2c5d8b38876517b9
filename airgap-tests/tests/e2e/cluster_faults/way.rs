//! What happens on the way: connections that are cut, a jump host that loses its power in the middle.

use super::{PATIENCE, until};
use crate::cluster::Ground;

/// Refuses what goes to sshd, so that connections that are there are cut.
const CUT: &str = "nft 'add table inet cut; add chain inet cut in { type filter hook input priority -10; policy accept; }; \
                   add rule inet cut in tcp dport 22 reject with tcp reset'";

#[test]
fn what_is_cut_in_the_middle_is_gone_on_with_to_the_same_cluster() {
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

    let ended = installer.wait(PATIENCE).unwrap();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}: {}", installer.log());

    assert!(installer.log().contains("nothing tried to leave 2 nodes"), "{}", installer.log());
    assert_eq!(ground.ready(), 2);
    assert_eq!(token(&ground), first, "it is the cluster that was begun");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    drop(installer);
}
