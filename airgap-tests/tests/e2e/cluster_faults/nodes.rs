//! What is wrong with nodes stops an installation with words that help, and going on works once it is mended.

use airgap_tests::{Node, OPERATOR, Outcome};

use crate::cluster::Ground;

/// The password of the operator where sudo asks for one.
const PASSWORD: &str = "correct horse";
/// A clock that is an hour and 50 seconds ahead, as far as an installer can see: on a busy machine it may see some seconds less.
const LATE: &str = "#!/bin/sh\n[ \"$1\" = +%s%3N ] || exec /bin/date \"$@\"\necho $(($(/bin/date +%s%3N) + 3650000))\n";
/// Somebody who has the port by which nodes join.
const TAKEN: &str = "systemd-run --quiet --unit=taken socat TCP-LISTEN:9345,fork,reuseaddr SYSTEM:true; \
                     for n in $(seq 600); do ss -Hltn | grep -q :9345 && exit 0; sleep 0.1; done; exit 1";
/// A node of a small cluster that somebody has forgotten.
const LEFT: &str = "mkdir -p /etc/rancher/k3s /var/lib/rancher/k3s/server; : >/etc/rancher/k3s/config.yaml; \
                    printf '#!/bin/sh\\necho k3s version v1.20.0+k3s1\\n' >/usr/local/bin/k3s; chmod 755 /usr/local/bin/k3s";
/// How large a disk is on which nothing has room, in the words of mount.
const SMALL: &str = "mkdir -p /var/lib/rancher && mount -t tmpfs -o size=1m small /var/lib/rancher";

fn shell(node: &Node, line: &str) -> String {
    node.shell(line).unwrap().success().unwrap().stdout
}

/// Whether the words are in what was said, and the command failed as commands do.
fn says(refused: &Outcome, words: &[&str]) {
    assert_eq!(refused.code, Some(1), "{refused}");
    for words in words {
        assert!(refused.stderr.contains(words), "{words}: {refused}");
    }
}

impl Ground {
    /// Nothing was done to a node.
    fn assert_untouched(&self) {
        for node in self.servers.nodes() {
            assert_eq!(
                shell(node, "ls /usr/local/bin/rke2 /etc/rancher/rke2 /var/lib/airgap-node 2>/dev/null; true"),
                ""
            );
        }
    }
}

/// What sudo asks for on the second node is wrong, then right.
fn a_wrong_password(ground: &Ground) {
    let node = ground.servers.node(1);
    node.write("/passwords", format!("{OPERATOR}:{PASSWORD}\n")).unwrap();
    node.write(&format!("/etc/sudoers.d/{OPERATOR}"), format!("{OPERATOR} ALL=(ALL) ALL\n")).unwrap();
    shell(node, "chpasswd </passwords && rm /passwords");
    let site = ground.site.jump().path("site.yaml");
    let text = std::fs::read_to_string(&site).unwrap();
    let asks = text.replace("become: sudo\n", "become: {password: {file: ./sudo-password}}\n");
    assert_ne!(asks, text);
    std::fs::write(&site, asks).unwrap();
    let say = |password: &str| {
        ground.site.jump().write("sudo-password", format!("{password}\n")).unwrap();
        ground.site.jump().run("chmod", &["600", "sudo-password"]).unwrap();
    };
    say("wrong");
    let refused = ground.install(&[], &[]);
    says(&refused, &["on node-1, ops cannot become root", "sudo does not take the password"]);
    ground.assert_untouched();
    say(PASSWORD);
}

/// All that the checks find is told at once, and nothing is touched; the plan says the same.
fn what_checks_find(ground: &Ground) {
    let (server, agent) = (ground.servers.node(0), ground.servers.node(1));
    shell(server, TAKEN);
    agent.write("/usr/local/bin/date", LATE).unwrap();
    shell(agent, &format!("chmod 755 /usr/local/bin/date; {LEFT}"));
    let refused = ground.install(&[], &[]);
    let found = [
        "not ready: node-0, node-1; nothing was done to any node",
        "ports-free on node-0: 9345/tcp by socat",
        "clock-jump-host on node-1: 36",
        "s ahead of the jump host",
        "other-distribution on node-1: /usr/local/bin/k3s (k3s version v1.20.0+k3s1)",
        "leftovers on node-1: /etc/rancher, /var/lib/rancher",
        "uninstall it with its own script",
        "--ignore ID=REASON",
    ];
    says(&refused, &found);
    ground.assert_untouched();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains("preflight; the installation stops here:"), "{plan}");
    let preflight = ground.preflight();
    for check in ["ports-free", "clock-jump-host", "clock-nodes", "other-distribution", "leftovers"] {
        let row = |said: &str| said.lines().any(|line| line.starts_with("FAIL") && line.contains(check));
        assert!(row(&plan.stdout) && row(&preflight.stdout), "{check}: {plan}\n{preflight}");
    }
    // Who ignores a strict check, or says no reason, is told so.
    for wrong in ["other-cluster=mine", "leftovers"] {
        let refused = ground.install(&[], &["--ignore", wrong]);
        assert!(refused.code != Some(0) && refused.stderr.contains(wrong.split('=').next().unwrap()), "{refused}");
    }
    shell(agent, "rm -r /usr/local/bin/date /usr/local/bin/k3s /etc/rancher /var/lib/rancher");
}

/// Images don't fit on the agent's disk. What the server needs is brought all the same, and nothing starts. A run that has failed
/// drops nothing any more.
fn a_full_disk(ground: &Ground) {
    let (server, agent) = (ground.servers.node(0), ground.servers.node(1));
    shell(agent, SMALL);
    let failed = ground.install(&[], &["--ignore", "ports-free=it will be free", "--enforce-egress"]);
    says(&failed, &["what tries to leave is counted and dropped", "nothing is dropped any more"]);
    for node in [server, agent] {
        let rules = shell(node, "nft list chain inet airgap_egress leaving");
        assert!(rules.contains("counter name") && !rules.contains("drop"), "{rules}");
    }
    says(&failed, &["node-1 could not write /var/lib/rancher/rke2/agent/images/", "No space left on device"]);
    says(&failed, &["1 of 12 steps failed, 4 were not begun", "run the same command again"]);
    shell(server, "ls /var/lib/rancher/rke2/agent/images/*.zst && ! systemctl is-active rke2-server");
    assert_eq!(shell(agent, "find /var/lib/rancher -name '.airgap*'"), "", "what is half does not stay");
    shell(agent, "umount /var/lib/rancher");
}

/// Whoever ignores a port that is taken hears of it from the unit.
fn a_taken_port(ground: &Ground) {
    let server = ground.servers.node(0);
    let failed = ground.install(&[], &["--ignore", "ports-free=it will be free"]);
    says(
        &failed,
        &[
            "ignored  ports-free  node-0: 9345/tcp by socat (it will be free)",
            "rke2-server.service does not come up on node-0: it ended 10 times",
            "cannot listen on port 9345: Address already in use",
        ],
    );
    let journal = std::fs::read_to_string(ground.site.state().join("journal.jsonl")).unwrap();
    let kept =
        |line: &str| line.contains(r#""check":"ports-free","status":"ignored""#) && line.contains("it will be free");
    assert!(journal.lines().any(kept), "{journal}");
    // On a node that this site has begun with as well, what is not of its cluster is in the way.
    let refused = ground.install(&[], &[]);
    says(&refused, &["ports-free on node-0: 9345/tcp by socat"]);
    shell(server, "systemctl stop taken");
}

#[test]
fn what_is_wrong_with_nodes_is_told_and_once_it_is_mended_they_become_the_same_cluster() {
    let ground = Ground::bare(1, 1);
    a_wrong_password(&ground);
    what_checks_find(&ground);
    a_full_disk(&ground);
    a_taken_port(&ground);
    let done = ground.install(&[], &[]).success().unwrap();
    let skipped = done.stderr.lines().filter(|line| line.contains("node-") && line.contains("skipped")).count();
    assert_eq!(skipped, 6, "{done}");
    assert_eq!(ground.ready(), 2);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    // A cluster that runs passes the checks of its own site, and those of no other.
    ground.preflight().success().unwrap();
    std::fs::rename(ground.site.state().join("cluster/token"), ground.site.jump().path("token")).unwrap();
    let other = ground.preflight().failure().unwrap();
    assert!(other.stdout.contains("the site `plant` has begun with it"), "{other}");
}
