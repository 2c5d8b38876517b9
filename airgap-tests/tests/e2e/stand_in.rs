//! The stand-in distribution, laid out by hand as RKE2's own install script does it: a cluster comes up from the files of
//! a release, does what a cluster does, and goes.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use airgap_tests::{Delivery, Gap, Node, OPERATOR, Outcome, Release, Servers, Site};

/// How long a part of a cluster may take to come up.
const PATIENCE: Duration = Duration::from_secs(90);
/// The template of a chart of one pod.
const WEB: &str = include_str!("stand_in/web.yaml");
/// Asks a service by its name, in a pod. nslookup resolves names by itself; wget asks the C library to, and a static program
/// dies of it where that library is not there.
const FETCH: &str = r#"set -o pipefail; b=/bin/busybox
address=$($b nslookup "$1" | $b sed -n "s/^Address: *\([0-9.]*\)$/\1/p") &&
printf "GET /greeting HTTP/1.0\r\n\r\n" | $b nc -w 5 "$address" 80 | $b sed "1,/^.\{0,1\}$/d""#;

/// Lays out the release as the install script does with the tar method, and starts nothing.
fn lay_out(release: &Release, node: &Node) {
    let artifacts = node.path("/root/artifacts");
    fs::create_dir_all(&artifacts).unwrap();
    for entry in fs::read_dir(release.folder()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), artifacts.join(entry.file_name())).unwrap();
    }
    let line = "cd /root/artifacts && sha256sum --check --quiet sha256sum-amd64.txt && \
        tar -xzf rke2.linux-amd64.tar.gz -C /usr/local && mkdir -p /var/lib/rancher/rke2/agent/images && \
        mv rke2-images-core.linux-amd64.tar.zst /var/lib/rancher/rke2/agent/images/ && systemctl daemon-reload";
    node.shell(line).unwrap().success().unwrap();
}

/// What the node pulls from: the site's server, for all registries.
fn use_mirror(site: &Site, node: &Node) {
    node.write("/etc/rancher/rke2/ca.crt", fs::read(site.ca()).unwrap()).unwrap();
    let (authority, password) = (site.authority(), site.password().unwrap());
    let mut text = String::from("mirrors:\n");
    for host in ["docker.io", "quay.io"] {
        writeln!(text, "  {host}:\n    endpoint: [\"https://{authority}\"]").unwrap();
    }
    writeln!(text, "configs:\n  \"{authority}\":\n    auth: {{username: airgap, password: \"{password}\"}}").unwrap();
    writeln!(text, "    tls: {{ca_file: /etc/rancher/rke2/ca.crt}}").unwrap();
    node.write("/etc/rancher/rke2/registries.yaml", text).unwrap();
}

fn start(node: &Node, unit: &str) {
    let began = node.run("systemctl", &["enable", "--now", "--no-block", unit]).unwrap();
    began.success().unwrap();
    if let Err(error) = node.wait_for_service(unit) {
        let logs = "journalctl --no-pager -n 60 -u 'rke2-*'; tail -n 15 /var/lib/rancher/rke2/agent/logs/*.log";
        panic!("{error:#}\n{}", node.shell(logs).unwrap());
    }
}

/// Runs a line of the shell on a server, with the cluster's kubectl.
fn on(node: &Node, line: &str) -> Outcome {
    let settings = "export KUBECONFIG=/etc/rancher/rke2/rke2.yaml PATH=$PATH:/var/lib/rancher/rke2/bin";
    node.shell(&format!("{settings}; {line}")).unwrap()
}

/// Waits until a line of the shell succeeds on a server, and returns what it printed.
fn wait_for(node: &Node, what: &str, line: &str) -> String {
    let start = Instant::now();
    loop {
        let outcome = on(node, line);
        if outcome.code == Some(0) {
            return outcome.stdout;
        }
        if start.elapsed() > PATIENCE {
            let state = "kubectl get -A nodes,pods,jobs,helmcharts -o wide; kubectl get events -A | tail -n 30";
            panic!("{PATIENCE:?} went by before {what}: {outcome}\n{}", on(node, state));
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn wait_for_nodes(server: &Node, count: usize) {
    let listed = format!("[ $(kubectl get nodes -o name | wc -l) = {count} ]");
    wait_for(
        server,
        "all nodes are ready",
        &format!("{listed} && kubectl wait --for=condition=Ready node --all --timeout=1s"),
    );
}

fn site() -> Site {
    let delivery = Delivery::shared().unwrap();
    let mut site = Site::new(&delivery.trust()).unwrap();
    let bundle = site.carry(&delivery.bundle()).unwrap();
    site.serve(&[&bundle], &[]).unwrap();
    site
}

/// Packs a chart of [`WEB`] with stock tar, as base64.
fn chart(site: &Site) -> String {
    let jump = site.jump();
    jump.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n").unwrap();
    jump.write("web/templates/web.yaml", WEB).unwrap();
    jump.run("sh", &["-c", "tar -cz web | base64 -w0"]).unwrap()
}

#[test]
fn a_release_laid_out_by_hand_becomes_a_cluster_and_goes_again() {
    let (site, release) = (site(), Release::get().unwrap());
    let servers = Servers::boot(site.gap(), site.jump(), 2).unwrap();
    let (server, agent) = (servers.node(0), servers.node(1));
    for node in servers.nodes() {
        lay_out(&release, node);
        use_mirror(&site, node);
    }
    server.write("/etc/rancher/rke2/config.yaml", "token: a-token\nnode-label: [\"example.org/disk=fast\"]\n").unwrap();
    start(server, "rke2-server.service");
    let join = format!(
        "token: a-token\nserver: https://{}:9345\nnode-taint: [\"example.org/only=web:NoSchedule\"]\n",
        server.address()
    );
    agent.write("/etc/rancher/rke2/config.yaml", join).unwrap();
    start(agent, "rke2-agent.service");

    wait_for_nodes(server, 2);
    for (what, line) in [
        ("a label is set", "kubectl get node -l example.org/disk=fast -o name | grep -q node-0"),
        (
            "the roles are labelled",
            "kubectl get node -l node-role.kubernetes.io/control-plane=true -o name | grep -q node-0",
        ),
        ("a taint is set", "kubectl get node node-1 -o jsonpath='{.spec.taints[*].key}' | grep -q example.org/only"),
        (
            "a packaged chart's job is done",
            "kubectl -n kube-system wait --for=condition=Complete job/helm-install-rke2-coredns --timeout=1s",
        ),
        ("CoreDNS is up", "kubectl -n kube-system rollout status deployment/rke2-coredns-rke2-coredns --timeout=1s"),
    ] {
        wait_for(server, what, line);
    }
    charts_pull_through_the_mirror(&site, server);
    assert_eq!(
        server.shell("stat -c %a /etc/rancher/rke2/rke2.yaml /var/lib/rancher/rke2/server/token").unwrap().stdout,
        "600\n600\n"
    );
    let saved = on(
        server,
        "/usr/local/bin/rke2 etcd-snapshot save --name by-hand && ls /var/lib/rancher/rke2/server/db/snapshots",
    );
    assert!(saved.stdout.starts_with("by-hand-node-0-"), "{saved}");
    goes_again(server, "rke2-server");
    goes_again(agent, "rke2-agent");
}

/// Two charts of one pod each, on different nodes, whose images have one path at two registries and different content.
fn charts_pull_through_the_mirror(site: &Site, server: &Node) {
    let chart = chart(site);
    for (name, registry, node) in [("hub", "docker.io", "node-0"), ("quay", "quay.io", "node-1")] {
        let text = format!(
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {{name: {name}, namespace: kube-system}}\nspec:\n  \
             targetNamespace: default\n  chartContent: {chart}\n  valuesContent: |\n    image: {registry}/library/tool:1.0\n    node: {node}\n"
        );
        server.write(&format!("/var/lib/rancher/rke2/server/manifests/{name}.yaml"), text).unwrap();
    }
    for (name, greeting) in [("hub", "tool 1.0 of the hub"), ("quay", "tool 1.0 of quay")] {
        wait_for(server, "a chart's pod is ready", &format!("kubectl rollout status deployment/{name} --timeout=1s"));
        // By its name, from a pod on the first node: the name server, the services and the way between nodes work.
        let ask =
            format!("kubectl exec deployment/hub -- /bin/busybox sh -c '{FETCH}' sh {name}.default.svc.cluster.local");
        let said = wait_for(server, "a service answers by its name", &ask);
        assert!(said.starts_with(greeting), "{name} says {said}");
    }
}

/// The uninstall script leaves the password of the node, as the real one does, and no more.
fn goes_again(node: &Node, unit: &str) {
    node.run("/usr/local/bin/rke2-uninstall.sh", &[]).unwrap().success().unwrap();
    let left = "ls -d /etc/rancher/* /var/lib/rancher /var/lib/kubelet /usr/local/bin/rke2* /run/k3s 2>/dev/null; \
        ip -o link show cni0 2>/dev/null; iptables-save | grep -e KUBE -e CNI; grep -e /run/k3s -e kubelet /proc/mounts; \
        ps -e -o args= | grep -e '^containerd' -e '^/usr/bin/containerd' -e '^/opt/airgap-rig' -e '^etcd'; true";
    assert_eq!(node.shell(left).unwrap().success().unwrap().stdout, "/etc/rancher/node\n");
    node.run("systemctl", &["cat", unit]).unwrap().failure().unwrap();
}

/// Three servers, each of which is a member of etcd; the cluster goes on without the first of them.
#[test]
fn servers_join_one_by_one_and_outlive_the_first() {
    let (gap, release) = (Gap::new().unwrap(), Release::get().unwrap());
    let jump = gap.jump().unwrap();
    let servers = Servers::boot(&gap, &jump, 3).unwrap();
    for (number, node) in servers.nodes().iter().enumerate() {
        lay_out(&release, node);
        let join =
            if number == 0 { String::new() } else { format!("server: https://{}:9345\n", servers.node(0).address()) };
        node.write("/etc/rancher/rke2/config.yaml", format!("token: a-token\n{join}")).unwrap();
        start(node, "rke2-server.service");
    }
    wait_for_nodes(servers.node(2), 3);
    on(servers.node(0), "kubectl create configmap before --from-literal=a=b").success().unwrap();
    servers.node(0).run("/usr/local/bin/rke2-killall.sh", &[]).unwrap().success().unwrap();
    for node in &servers.nodes()[1..] {
        wait_for(node, "the others know what was written", "kubectl get configmap before");
    }
    let write = "kubectl create configmap after --from-literal=a=b --dry-run=client -o yaml | kubectl apply -f -";
    wait_for(servers.node(1), "the others write", write);
}

#[test]
fn stock_servers_are_entered_by_ssh_and_have_keys_of_their_own() {
    let gap = Gap::new().unwrap();
    let jump = gap.jump().unwrap();
    let servers = Servers::boot(&gap, &jump, 2).unwrap();
    let known = servers.known_hosts().unwrap();
    let keys: Vec<_> = known.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert!(keys.len() == 2 && keys[0] != keys[1], "{known}");
    jump.write("known", &known).unwrap();
    for node in servers.nodes() {
        let (key, user) = (servers.key().display().to_string(), format!("{OPERATOR}@{}", node.address()));
        let strict = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=known"];
        let command = ["-F", "none", "-i", &key, &user, "sudo -n id -u; ls -A /usr/local/bin /etc/rancher"];
        let said = airgap_tests::run(&mut jump.command("ssh", &[&strict[..], &command].concat()).unwrap()).unwrap();
        assert_eq!(said.stdout, "0\n/usr/local/bin:\n", "{said}");
    }
    assert_eq!(gap.escaped().unwrap(), 0);
}
