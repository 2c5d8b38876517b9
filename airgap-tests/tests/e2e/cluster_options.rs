//! What a site asks of its cluster beyond networks, on a node that runs: a real API server with what it was told.
//!
//! Not here: the embedded registry and the schedule of snapshots are parts of the distributions that the stand-in has none of. Their
//! files are held to the letter by the installer's own tests.

use std::fs;

use airgap_tests::Node;

use crate::cluster::Ground;

const ASKED: &str = "auditPolicy: default, podSecurity: {level: baseline, exempt: [legacy]}, \
                     dns: {upstream: [10.77.0.20]}, charts: {rke2-coredns: {values: {replicas: 2}}}, podCIDRs";
/// A pod that wants what `baseline` refuses.
const BOLD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: bold}\nspec:\n  hostNetwork: true\n  \
                    containers: [{name: bold, image: \"docker.io/rancher/mirrored-pause:3.6\"}]\n";

#[test]
fn what_a_site_asks_of_its_cluster_is_what_the_cluster_does() {
    let ground = Ground::bare(1, 0);
    let site = ground.site.jump().path("site.yaml");
    let text = fs::read_to_string(&site).unwrap();
    assert_eq!(text.matches("podCIDRs").count(), 1);
    fs::write(&site, text.replace("podCIDRs", ASKED)).unwrap();
    ground.install(&[], &[]).success().unwrap();
    let server = ground.servers.node(0);

    // Pods that want more are refused where nothing is said of it, and not where it is.
    for namespace in ["shop", "legacy"] {
        ground.kubectl(&["create", "namespace", namespace]).success().unwrap();
    }
    let manifest = ground.site.jump().write("bold.yaml", BOLD).unwrap().display().to_string();
    let refused = ground.kubectl(&["-n", "shop", "apply", "-f", &manifest]).failure().unwrap();
    assert!(refused.stderr.contains("violates PodSecurity \"baseline:latest\": host namespaces"), "{refused}");
    ground.kubectl(&["-n", "legacy", "apply", "-f", &manifest]).success().unwrap();

    // Who changed what is written down, what is in a secret is not, neither there nor in etcd.
    let secret = ["create", "secret", "generic", "safe", "--from-literal=word=correct-horse"];
    ground.kubectl(&[&["-n", "shop"], &secret[..]].concat()).success().unwrap();
    let log = server.shell("cat /var/lib/rancher/rke2/server/logs/audit.log").unwrap().success().unwrap().stdout;
    let events = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let made = events.filter(|event| event["verb"] == "create" && event["objectRef"]["name"] == "safe");
    let made: Vec<_> = made.collect();
    assert!(!made.is_empty() && made.iter().all(|event| event["level"] == "Metadata"), "{made:?}");
    let encoded = "Y29ycmVjdC1ob3JzZQ";
    assert!(!log.contains("correct-horse") && !log.contains(encoded), "the log holds a secret");
    let stored = "cd /var/lib/rancher/rke2/server/tls/etcd && ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 \
                  --cacert server-ca.crt --cert client.crt --key client.key get /registry/secrets/shop/safe \
                  --print-value-only | head -c 11";
    assert_eq!(server.shell(stored).unwrap().success().unwrap().stdout, "k8s:enc:aes");

    // The distribution's own chart, and the name servers that it is given.
    let replicas =
        ["-n", "kube-system", "get", "helmchartconfig", "rke2-coredns", "-o", "jsonpath={.spec.valuesContent}"];
    let values = ground.kubectl(&replicas).success().unwrap().stdout;
    assert!(values.contains("replicas"), "{values}");
    let resolver = server.shell("cat /etc/rancher/rke2/airgap-resolv.conf").unwrap().success().unwrap().stdout;
    assert_eq!(resolver, "nameserver 10.77.0.20\n");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    // What the cluster lacks of its own parts is no "nothing", whoever took it away.
    let scale =
        |replicas| ground.kubectl(&["-n", "kube-system", "scale", "deployment/rke2-coredns-rke2-coredns", replicas]);
    scale("--replicas=0").success().unwrap();
    let wait = ["-n", "kube-system", "wait", "--for=delete", "pod", "-l", "k8s-app=kube-dns", "--timeout=60s"];
    ground.kubectl(&wait).success().unwrap();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains("do  Look whether all 1 nodes of plant are ready"), "{plan}");
    assert!(plan.stdout.contains("kubernetes.default.svc.cluster.local is: no pod of it is ready"), "{plan}");
    scale("--replicas=1").success().unwrap();
    ground.install(&[], &[]).success().unwrap();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    // What is taken back goes from the disks, and from the cluster: the distribution leaves there what it has applied once.
    fs::write(&site, text).unwrap();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    for words in ["do  Remove 4 files that nothing asks for any more", "do  Take back what the site no longer says"] {
        assert!(plan.stdout.contains(words), "{words}: {plan}");
    }
    let done = ground.install(&[], &[]).success().unwrap();
    assert!(done.stderr.contains("removed: HelmChartConfig rke2-coredns"), "{done}");
    let left = server.shell("ls /etc/rancher/rke2/airgap-* /var/lib/rancher/rke2/server/manifests/airgap-*").unwrap();
    assert_eq!(left.stdout, "/etc/rancher/rke2/airgap-ca.crt\n");
    let configs = ["-n", "kube-system", "get", "helmchartconfigs", "-o", "name"];
    assert_eq!(ground.kubectl(&configs).success().unwrap().stdout, "");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}

/// A stock server has no etcd, and so no user of it. The kernel is that of the machine around the nodes, and none of theirs to set:
/// files stand in for four of its settings.
fn make_stock(node: &Node) {
    let line = "userdel etcd; ! grep etcd /etc/group || groupdel etcd || exit; mkdir /run/kernel && for name in vm/panic_on_oom vm/overcommit_memory kernel/panic kernel/panic_on_oops; do \
                file=/run/kernel/${name#*/} && echo 7 >$file && mount --bind $file /proc/sys/$name || exit; done";
    node.shell(line).unwrap().success().unwrap();
}

#[test]
fn a_hardened_node_is_made_ready_before_the_distribution_starts() {
    let ground = Ground::bare(1, 1);
    ground.servers.nodes().iter().for_each(make_stock);
    let site = ground.site.jump().path("site.yaml");
    let text = fs::read_to_string(&site).unwrap();
    fs::write(&site, text.replace("podCIDRs", "profile: cis, podCIDRs")).unwrap();
    ground.install(&[], &[]).success().unwrap();
    assert_eq!(ground.ready(), 2);
    for (number, accounts) in [(0, "etcd etcd"), (1, "")] {
        let node = ground.servers.node(number);
        let settings = "cd /proc/sys && cat vm/panic_on_oom vm/overcommit_memory kernel/panic kernel/panic_on_oops";
        assert_eq!(node.shell(settings).unwrap().success().unwrap().stdout, "0\n1\n10\n1\n");
        node.shell("cmp /etc/sysctl.d/60-rke2-cis.conf /usr/local/share/rke2/rke2-cis-sysctl.conf")
            .unwrap()
            .success()
            .unwrap();
        let known =
            node.shell("echo $(grep -hs ^etcd: /etc/passwd /etc/group | cut -d : -f 1)").unwrap().success().unwrap();
        assert_eq!(known.stdout.trim(), accounts);
    }
    let manifest = ground.site.jump().write("bold.yaml", BOLD).unwrap().display().to_string();
    let refused = ground.kubectl(&["apply", "-f", &manifest]).failure().unwrap();
    assert!(refused.stderr.contains("violates PodSecurity \"restricted:latest\": host namespaces"), "{refused}");
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}
