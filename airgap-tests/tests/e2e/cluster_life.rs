//! What becomes of a cluster after it is there: servers leave it, it is upgraded, it goes; with k3s as with RKE2.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use airgap_tests::{Daemon, Edition, Machine, Node, Outcome, kube_vip, signer};
use anyhow::anyhow;

use crate::cluster::{Ground, deliver_edition, until};

/// The address of the API that wanders between servers.
const VIP: &str = "10.77.0.200";
/// How long it may take until a step has ended.
const PATIENCE: Duration = Duration::from_secs(300);

/// Everything on a node that an installation could leave behind: files with their modes and owners, and the sizes of those in
/// `/etc`; units; what is mounted, links of the network, routes, rules, programs that run. What a system writes by itself is left out.
const LISTING: &str = r#"
find / /usr -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log/journal \
    -o -path /var/lib/systemd -o -path /opt/airgap-rig \) -prune -o -printf '%y %m %U:%G %p %l\n'
find /etc -type f -printf 'size %s %p\n'
systemctl list-unit-files --no-legend --no-pager | sed 's/^/unit /'
awk '{ print "mount", $2, $3 }' /proc/self/mounts
ip -o -4 address show | awk '{ print "address", $2, $4 }'
ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
ip -o route show default | sed 's/^/route /'
iptables-save | sed -n 's/^-A/rule/p'
nft list tables | sed -n 's/^table inet/rules of/p'
ps -e -o args= | grep -e containerd -e kube -e etcd -e rke2 -e k3s | grep -v grep | sed 's/^/process /'
find /run/k3s /run/netns -mindepth 1 2>/dev/null | sed 's/^/left /'
true"#;

fn listing(node: &Node) -> BTreeSet<String> {
    let listing = node.shell(LISTING).unwrap().success().unwrap().stdout;
    assert!(listing.lines().count() > 1000 && listing.contains("/etc/passwd"), "{listing}");
    listing.lines().map(str::to_owned).collect()
}

/// Panics with what was found on a node and is not there any more, and what is there that was not.
fn assert_as_found(node: &Node, before: &BTreeSet<String>) {
    let now = listing(node);
    let gone: Vec<_> = before.difference(&now).collect();
    let new: Vec<_> = now.difference(before).collect();
    assert!(gone.is_empty() && new.is_empty(), "{}: gone {gone:#?}, new {new:#?}", node.address());
}

/// A cluster of an edition, and the connected machine that its bundles come from.
fn cluster_of(edition: &Edition, servers: usize, agents: usize) -> (Machine, Ground) {
    let connected = Machine::new().unwrap();
    signer(&connected, "ci", "allowed_signers").unwrap();
    deliver_edition(&connected, edition, "1.0.0", &[]);
    let ground = Ground::new(&connected, servers, agents, "");
    (connected, ground)
}

impl Ground {
    fn uninstaller(&self, options: &[&str]) -> std::process::Command {
        let state = self.site.state().display().to_string();
        let words = ["uninstall", "--site", "site.yaml", "--yes", "--state", &state];
        self.site.jump().ours("airgap-install", &[&words[..], options].concat()).unwrap()
    }

    /// What `airgap-install uninstall` says to the site.
    fn uninstall(&self, options: &[&str]) -> Outcome {
        airgap_tests::run(&mut self.uninstaller(options)).unwrap()
    }

    /// Waits until kubectl succeeds, and returns what it writes then.
    fn wait_for(&self, words: &[&str]) -> String {
        until(PATIENCE, || self.kubectl(words).success().map(|outcome| outcome.stdout))
    }

    /// The nodes that have an address.
    fn holders(&self, address: &str) -> Vec<usize> {
        let has = |node: &Node| {
            let addresses = node.shell("ip -o -4 address show").unwrap().success().unwrap().stdout;
            addresses.lines().any(|line| line.contains(&format!(" {address}/")))
        };
        self.servers.nodes().iter().enumerate().filter(|(_, node)| has(node)).map(|(number, _)| number).collect()
    }

    /// Waits until one node alone has an address, and which that is.
    fn wait_for_the_holder(&self, address: &str, is_meant: impl Fn(usize) -> bool) -> usize {
        until(PATIENCE, || match self.holders(address)[..] {
            [holder] if is_meant(holder) => Ok(holder),
            ref others => Err(anyhow!("{others:?} have {address}")),
        })
    }

    fn listings(&self) -> Vec<BTreeSet<String>> {
        self.servers.nodes().iter().map(listing).collect()
    }

    fn assert_all_as_found(&self, before: &[BTreeSet<String>]) {
        self.servers.nodes().iter().zip(before).for_each(|(node, before)| assert_as_found(node, before));
    }

    fn wait_for_voters(&self, names: &str) {
        until(PATIENCE, || match self.voters() {
            voters if voters == names => Ok(()),
            voters => Err(anyhow!("`{voters}` have a vote, and not `{names}`")),
        });
    }

    /// The names of the nodes that the cluster says are members of etcd with a vote.
    fn voters(&self) -> String {
        let shown =
            r#"jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="EtcdIsVoter")].status} {end}"#;
        // While the members elect one of them, nothing is answered.
        let nodes = self.wait_for(&["get", "nodes", "-l", "node-role.kubernetes.io/etcd=true", "-o", shown]);
        let voters: Vec<_> = nodes.split(' ').filter_map(|node| node.strip_suffix("=True")).collect();
        voters.join(" ")
    }

    /// What the nodes say of themselves: `NAME VERSION UNSCHEDULABLE`.
    fn versions(&self) -> String {
        let shown = r#"jsonpath={range .items[*]}{.metadata.name} {.status.nodeInfo.kubeletVersion} {.spec.unschedulable};{end}"#;
        self.kubectl(&["get", "nodes", "-o", shown]).success().unwrap().stdout
    }

    /// The steps of nodes that the journal has, as `NODE KIND` in the order of their beginning or end.
    fn steps(&self, event: &str) -> Vec<String> {
        let journal = fs::read_to_string(self.site.state().join("journal.jsonl")).unwrap();
        let records = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let steps = records.filter(|record| record["event"] == event);
        steps
            .map(|step| format!("{} {}", step["node"].as_str().unwrap_or("-"), step["kind"].as_str().unwrap()))
            .collect()
    }
}

impl Ground {
    /// A server whose network is gone loses the address of the API to another, and gets it not back by being there again.
    fn the_address_wanders(&self) {
        let kubeconfig = fs::read_to_string(self.site.state().join("cluster/kubeconfig")).unwrap();
        assert!(kubeconfig.contains(&format!("server: https://{VIP}:6443")), "{kubeconfig}");
        let first = self.wait_for_the_holder(VIP, |_| true);
        let link = self.servers.node(first);
        let name = link.shell(&format!("ip -o -4 address show to {} | cut -d ' ' -f 2", link.address())).unwrap();
        let name = name.success().unwrap().stdout.trim().to_owned();
        let its = link.shell(&format!("ip -o -4 address show to {VIP}")).unwrap().success().unwrap().stdout;
        assert!(its.contains(&name), "not at {name}: {its}");
        link.shell(&format!("ip link set {name} down")).unwrap().success().unwrap();
        until(PATIENCE, || match self.holders(VIP) {
            holders if holders.iter().any(|holder| *holder != first) => Ok(()),
            holders => Err(anyhow!("nobody takes {VIP} over, which {holders:?} have")),
        });
        self.wait_for(&["get", "nodes", "--request-timeout=5s"]);
        link.shell(&format!("ip link set {name} up")).unwrap().success().unwrap();
        let now = self.wait_for_the_holder(VIP, |holder| holder != first);
        assert!(now < 3, "an agent has {VIP}");
        self.wait_for(&["wait", "--for=condition=Ready", "node", "--all", "--timeout=5s"]);
        self.wait_for_voters("node-0 node-1 node-2");
    }
}

/// The members of etcd, as etcd itself has them.
fn members(node: &Node) -> usize {
    let line = "cd /var/lib/rancher/rke2/server/tls/etcd && ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 \
                --cacert server-ca.crt --cert client.crt --key client.key member list";
    node.shell(line).unwrap().success().unwrap().stdout.lines().count()
}

#[test]
fn three_servers_join_one_by_one_one_leaves_and_the_rest_goes_and_all_nodes_are_as_they_were_found() {
    let connected = Machine::new().unwrap();
    signer(&connected, "ci", "allowed_signers").unwrap();
    deliver_edition(&connected, &Edition::rke2(), "1.0.0", &[kube_vip(&connected).unwrap()]);
    let ground = Ground::reached(&connected, 3, 1, "", &|_| format!("endpoint: {{vip: {VIP}}}, "));
    // Without a default route, so that one is made, and goes again. The address of the API must not be where that leads.
    for node in [0, 1, 3] {
        ground.servers.node(node).shell("ip route del default").unwrap().success().unwrap();
    }
    let before = ground.listings();
    ground.install(&[], &[]).success().unwrap();
    assert_eq!(ground.ready(), 4);
    ground.wait_for_voters("node-0 node-1 node-2");
    assert_eq!(members(ground.servers.node(0)), 3);
    let starts: Vec<_> =
        ground.steps("node-step-finished").into_iter().filter(|step| step.ends_with("start")).collect();
    assert_eq!(starts, ["node-0 start", "node-1 start", "node-2 start", "node-3 start"]);

    ground.the_address_wanders();
    let refused = ground.uninstall(&["--node", "node-1", "--node", "node-2"]).failure().unwrap();
    let reason = "without node-1 and node-2 the cluster has 1 of 3 servers that are well, and it needs 2";
    assert!(refused.stderr.contains(reason) && refused.stderr.contains("--force"), "{refused}");
    assert_eq!(ground.ready(), 4);

    ground.uninstall(&["--node", "node-2"]).success().unwrap();
    assert_as_found(ground.servers.node(2), &before[2]);
    ground.wait_for_voters("node-0 node-1");
    assert_eq!(ground.ready(), 3);
    until(PATIENCE, || match members(ground.servers.node(0)) {
        2 => Ok(()),
        _ => Err(anyhow!("the member of a node that is gone is there still")),
    });
    let again = ground.uninstall(&["--node", "node-2"]).success().unwrap();
    assert_eq!(again.stdout, "nothing of a cluster is on these nodes\n");

    // What was set up anew is not let in while the cluster remembers it.
    let ghost =
        ground.site.jump().write("ghost.yaml", "apiVersion: v1\nkind: Node\nmetadata: {name: node-2}\n").unwrap();
    ground.wait_for(&["apply", "-f", &ghost.display().to_string()]);
    let refused = ground.install(&["plan"], &[]).failure().unwrap();
    assert!(
        refused.stderr.contains("the cluster knows a node node-2") && refused.stderr.contains("--force"),
        "{refused}"
    );
    ground.kubectl(&["delete", "node", "node-2"]).success().unwrap();

    // Killed as soon as the agent is off, the next run goes on.
    let killed = Daemon::start(&ground.uninstaller(&[]), &ground.site.jump().path("uninstall.log")).unwrap();
    until(PATIENCE, || match ground.steps("node-step-finished") {
        steps if steps.contains(&"node-3 leave".to_owned()) => Ok(()),
        _ => Err(anyhow!("{}", killed.log())),
    });
    killed.kill();
    let done = ground.uninstall(&[]).success().unwrap();
    assert!(done.stderr.contains("nothing of the cluster is left"), "{done}");
    ground.assert_all_as_found(&before);
    assert!(!ground.site.state().join("cluster/kubeconfig").exists());
    let again = ground.uninstall(&[]).success().unwrap();
    assert_eq!(again.stdout, "nothing of a cluster is on these nodes\n");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}

/// Pods of a deployment with a budget that allows none of them to go, on the agent.
const KEPT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: kept, namespace: default}
spec:
  selector: {matchLabels: {app: kept}}
  template:
    metadata: {labels: {app: kept}}
    spec:
      terminationGracePeriodSeconds: 0
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            preference: {matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]}
      containers: [{name: kept, image: "docker.io/rancher/mirrored-pause:3.6", imagePullPolicy: Never}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: kept, namespace: default}
spec: {maxUnavailable: 0, selector: {matchLabels: {app: kept}}}
"#;

#[test]
fn a_cluster_is_upgraded_node_by_node_each_drained_and_never_back_or_past_a_minor_version() {
    let now = Edition::rke2();
    let (next, skip) = (now.later(0, 1), now.later(2, 0));
    let (connected, mut ground) = cluster_of(&now, 1, 1);
    let first = ground.bundle.clone();
    ground.install(&[], &[]).success().unwrap();
    let manifest = ground.site.jump().write("kept.yaml", KEPT).unwrap().display().to_string();
    ground.kubectl(&["apply", "-f", &manifest]).success().unwrap();
    let kept = ["wait", "--for=condition=Available", "deployment/kept", "--timeout=120s"];
    ground.kubectl(&kept).success().unwrap();
    let where_it_is =
        ["get", "pods", "-l", "app=kept", "-o", "jsonpath={.items[*].spec.nodeName} {.items[*].metadata.uid}"];
    let pod = ground.kubectl(&where_it_is).success().unwrap().stdout;
    assert!(pod.starts_with("node-1 "), "{pod}");

    deliver_edition(&connected, &next, "1.1.0", &[]);
    ground.carry(&connected, "1.1.0");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    for unit in ["rke2-server.service", "rke2-agent.service"] {
        let (from, to) = (&now.version, &next.version);
        let title =
            format!("do  Upgrade from {from} to {to}: drain the node, start {unit} again and wait until it is ready");
        assert!(plan.stdout.contains(&title), "{plan}");
    }

    // The budget keeps the pod: the server is done by then, and the agent runs on as before.
    let kept_back = ground.install(&[], &["--drain-timeout", "20"]).failure().unwrap();
    for words in ["node-1 can't be drained within 20 s", "disruption budget", "run the same command again"] {
        assert!(kept_back.stderr.contains(words), "{words}: {kept_back}");
    }
    let snapshots = ground.servers.node(0).shell("ls /var/lib/rancher/rke2/server/db/snapshots").unwrap().stdout;
    assert!(snapshots.starts_with("airgap-before-v1.30.") && snapshots.contains("-node-0-"), "{snapshots}");
    let half = format!("node-0 {} ;node-1 {} ;", next.version, now.version);
    assert_eq!(ground.versions(), half);
    assert_eq!(ground.kubectl(&where_it_is).success().unwrap().stdout, pod);

    ground.kubectl(&["delete", "poddisruptionbudget", "kept"]).success().unwrap();
    let done = ground.install(&[], &[]).success().unwrap();
    assert!(done.stderr.contains(&format!("ready with {}", next.version)), "{done}");
    assert_eq!(ground.versions(), half.replace(&now.version, &next.version));
    ground.kubectl(&kept).success().unwrap();
    let moved = ground.kubectl(&where_it_is).success().unwrap().stdout;
    assert!(moved != pod && moved.starts_with("node-0 "), "{moved}");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    let running = ground.versions();
    deliver_edition(&connected, &skip, "1.2.0", &[]);
    ground.carry(&connected, "1.2.0");
    let refused = ground.install(&[], &[]).failure().unwrap();
    let reason = format!("node-1 has run {}, and {} leaves out v1.31", next.version, skip.version);
    for words in [reason.as_str(), "install a bundle with v1.31 first", "nothing was done to any"] {
        assert!(refused.stderr.contains(words), "{words}: {refused}");
    }
    ground.bundle = first;
    let refused = ground.install(&[], &["--allow-downgrade"]).failure().unwrap();
    let reason = format!("node-0 has run {}, which is newer than {}", next.version, now.version);
    assert!(refused.stderr.contains(&reason), "{refused}");
    assert_eq!(ground.versions(), running);

    // A node that is gone for good can still be taken out of the cluster.
    ground.servers.node(1).shell("systemctl stop ssh rke2-agent").unwrap().success().unwrap();
    let refused = ground.uninstall(&["--node", "node-1"]).failure().unwrap();
    assert!(
        refused.stderr.contains("1 of the nodes can't be looked at") && refused.stderr.contains("--force"),
        "{refused}"
    );
    let done = ground.uninstall(&["--node", "node-1", "--force"]).success().unwrap();
    assert!(done.stderr.contains("it can't be reached: what is on it stays there"), "{done}");
    let nodes = ground.kubectl(&["get", "nodes", "-o", "name"]).success().unwrap().stdout;
    assert_eq!(nodes, "node/node-0\n");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}

#[test]
fn three_servers_of_k3s_are_upgraded_one_by_one_and_none_loses_its_vote() {
    let now = Edition::k3s();
    let next = now.later(0, 1);
    let (connected, mut ground) = cluster_of(&now, 3, 0);
    ground.install(&[], &[]).success().unwrap();
    assert_eq!((ground.ready(), ground.voters().as_str()), (3, "node-0 node-1 node-2"));
    deliver_edition(&connected, &next, "1.1.0", &[]);
    ground.carry(&connected, "1.1.0");
    ground.install(&[], &[]).success().unwrap();
    let upgrades = |event| ground.steps(event).into_iter().filter(|step| step.ends_with("upgrade")).collect::<Vec<_>>();
    for event in ["node-step-started", "node-step-finished"] {
        assert_eq!(upgrades(event), ["node-0 upgrade", "node-1 upgrade", "node-2 upgrade"]);
    }
    // kubelet counts as RKE2 does, whatever the rig stands in for.
    let version = next.version.replace("+k3s1", "+rke2r1");
    let all: String = (0..3).map(|node| format!("node-{node} {version} ;")).collect();
    assert_eq!((ground.versions(), ground.voters().as_str()), (all, "node-0 node-1 node-2"));
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}

#[test]
fn k3s_becomes_a_single_server_then_takes_an_agent_in_and_goes_without_a_trace() {
    let (_connected, ground) = cluster_of(&Edition::k3s(), 1, 1);
    let before = ground.listings();
    let site = fs::read_to_string(ground.site.jump().path("site.yaml")).unwrap();
    let (alone, agent) = site.trim_end().rsplit_once('\n').unwrap();
    assert!(agent.contains("role: agent"), "{agent}");
    ground.site.jump().write("site.yaml", format!("{alone}\n")).unwrap();
    ground.install(&[], &[]).success().unwrap();
    assert_eq!(ground.ready(), 1);
    assert_eq!(ground.voters(), "", "a single server keeps its state for itself");

    ground.site.jump().write("site.yaml", &site).unwrap();
    let done = ground.install(&[], &[]).success().unwrap();
    let skipped = done.stderr.lines().filter(|line| line.contains("node-0") && line.contains("skipped"));
    assert_eq!(skipped.count(), 4, "{done}");
    assert_eq!(ground.ready(), 2);
    let server = ground.servers.node(0);
    let said = server
        .run("/usr/local/bin/k3s", &["kubectl", "--cache-dir=/run/kubectl", "get", "nodes", "--no-headers"])
        .unwrap();
    assert_eq!(said.success().unwrap().stdout.lines().count(), 2);
    ground.wait_for(&["-n", "kube-system", "rollout", "status", "deployment/coredns-rke2-coredns", "--timeout=1s"]);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    // Somebody's data, behind a mount in the folder that goes: before anything is ended it is told, and it stays.
    let agent = ground.servers.node(1);
    let mount = "mkdir -p /root/precious /var/lib/rancher/k3s/precious && echo kept >/root/precious/data && \
                 mount --bind /root/precious /var/lib/rancher/k3s/precious";
    agent.shell(mount).unwrap().success().unwrap();
    let refused = ground.uninstall(&[]).failure().unwrap();
    assert!(refused.stderr.contains("/var/lib/rancher/k3s/precious"), "{refused}");
    agent.shell("systemctl is-active k3s-agent && cat /var/lib/rancher/k3s/precious/data").unwrap().success().unwrap();
    agent.shell("umount /var/lib/rancher/k3s/precious && rm -r /root/precious").unwrap().success().unwrap();

    ground.uninstall(&[]).success().unwrap();
    ground.assert_all_as_found(&before);
    assert!(!ground.site.state().join("cluster/record.json").exists(), "a cluster that is gone is reported");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}
