//! From servers that nobody has touched to a cluster, through the real command over real SSH, with the stand-in distribution.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use airgap_tests::{
    Daemon, Edition, Machine, Node, Outcome, Servers, Site, Upstream, deliver_platform, rig_folder, signer, site_yaml,
};

use anyhow::Result;
use serde_json::{Value, json};

/// The template of a chart of one pod.
pub(crate) const WEB: &str = include_str!("stand_in/web.yaml");
/// A component with everything that one can have: a definition and an object of it, a CA, and a chart whose pod waits for what
/// the site says.
const COMPONENT: &str = r#"
apiVersion: airgap/v1
kind: Component
name: web
namespace: {name: shop, labels: {example.org/part: shop}}
manifests: [./orders.yaml]
images: [docker.io/library/tool:1.0]
charts:
  - name: web
    path: ./web
    values: {image: docker.io/library/tool:1.0, node: nowhere}
ready:
  - {kind: Deployment, name: web}
  - {crd: orders.example.org}
siteCa: {configMap: airgap-ca}
siteCredentials: {secret: airgap-pull}
"#;
/// The definition, and an object of it that says no namespace.
const ORDERS: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: orders.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Order, plural: orders, singular: order}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: example.org/v1
kind: Order
metadata: {name: first}
count: 1
"#;

/// Builds a bundle of the distribution and the components of these files on a connected machine.
fn deliver(machine: &Machine, components: &[&str]) {
    signer(machine, "ci", "allowed_signers").unwrap();
    deliver_edition(machine, &Edition::rke2(), "1.0.0", components);
}

/// The same of any distribution and as any version, signed by whoever has signed there before.
pub(crate) fn deliver_edition(machine: &Machine, edition: &Edition, bundle: &str, components: &[&str]) {
    deliver_platform(machine, edition, bundle, components).unwrap();
}

/// A site that serves the bundle, and servers of which it knows nothing but their host keys.
pub(crate) struct Ground {
    pub(crate) site: Site,
    pub(crate) servers: Servers,
    pub(crate) bundle: PathBuf,
}

/// Tries until there is something; panics with what was missing last where that takes longer than `patience`.
pub(crate) fn until<T>(patience: Duration, attempt: impl Fn() -> Result<T>) -> T {
    let begun = Instant::now();
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(missing) => assert!(begun.elapsed() < patience, "after {patience:?}: {missing:#}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

impl Ground {
    /// With a bundle of the distribution and nothing else.
    pub(crate) fn bare(servers: usize, agents: usize) -> Self {
        let connected = Machine::new().unwrap();
        deliver(&connected, &[]);
        Self::new(&connected, servers, agents, "")
    }

    /// What is said of components is the end of `site.yaml`. The API of several servers is found at the first of them, as if that
    /// were a balancer.
    pub(crate) fn new(connected: &Machine, servers: usize, agents: usize, components: &str) -> Self {
        let first = |machines: &Servers| format!("endpoint: {{balancer: {}}}, ", machines.node(0).address());
        Self::reached(connected, servers, agents, components, &|machines| match servers {
            1 => String::new(),
            _ => first(machines),
        })
    }

    /// The API is found where `endpoint` says.
    pub(crate) fn reached(
        connected: &Machine,
        servers: usize,
        agents: usize,
        components: &str,
        endpoint: &dyn Fn(&Servers) -> String,
    ) -> Self {
        let mut site = Site::new(&connected.path("allowed_signers")).unwrap();
        let bundle = site.carry(&connected.path("platform.tar.zst")).unwrap();
        site.serve(&[&bundle], &[]).unwrap();
        let machines = Servers::boot(site.gap(), site.jump(), servers + agents).unwrap();
        std::fs::write(site.state().join("known_hosts"), machines.known_hosts().unwrap()).unwrap();
        let addresses: Vec<_> = machines.nodes().iter().map(Node::address).collect();
        let mut text =
            site_yaml(site.authority().rsplit(':').next().unwrap(), &addresses, servers, &endpoint(&machines));
        text.push_str(components);
        site.jump().write("site.yaml", text).unwrap();
        Self { site, servers: machines, bundle }
    }

    /// The words of a command line.
    fn words(&self, command: &[&str], options: &[&str]) -> Vec<String> {
        let (bundle, state) = (self.bundle.display().to_string(), self.site.state().display().to_string());
        let fixed = ["--bundle", &bundle, "--trust", "allowed_signers", "--state", &state, "--site", "site.yaml"];
        [command, &fixed[..], options].concat().into_iter().map(str::to_owned).collect()
    }

    /// What `airgap-install` says to the bundle and the site.
    pub(crate) fn install(&self, command: &[&str], options: &[&str]) -> Outcome {
        airgap_tests::run_long(&mut self.installer(command, options)).unwrap()
    }

    /// What the checks say of the nodes, without anything being done.
    pub(crate) fn preflight(&self) -> Outcome {
        let words = self.words(&["preflight"], &[]);
        self.site.jump().install(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    }

    /// The site's server comes back, as its unit does after a reboot.
    pub(crate) fn serve_again(&mut self) {
        let bundle = self.bundle.clone();
        self.site.serve(&[&bundle], &[]).unwrap();
    }

    /// Brings the bundle in that was built last. Later commands are about it.
    pub(crate) fn carry(&mut self, connected: &Machine, version: &str) {
        let name = format!("platform-{version}.tar.zst");
        std::fs::rename(connected.path("platform.tar.zst"), connected.path(&name)).unwrap();
        self.bundle = self.site.carry(&connected.path(&name)).unwrap();
    }

    /// An installation that nobody waits for.
    pub(crate) fn start(&self) -> Daemon {
        Daemon::start(&self.installer(&[], &[]), &self.site.jump().path("install.log")).unwrap()
    }

    fn installer(&self, command: &[&str], options: &[&str]) -> Command {
        let listen = format!("0.0.0.0:{}", self.site.authority().rsplit(':').next().unwrap());
        let words = self.words(command, &[options, &["--listen", &listen]].concat());
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        self.site.jump().ours("airgap-install", &words).unwrap()
    }

    /// What kubectl says on the jump host.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Outcome {
        let kubectl = rig_folder().join("kubernetes/kubectl");
        let kubeconfig = self.site.state().join("cluster/kubeconfig").display().to_string();
        let mut command = self.site.jump().command_at(&kubectl);
        airgap_tests::run(command.arg("--kubeconfig").arg(kubeconfig).args(words)).unwrap()
    }

    /// How many nodes the cluster says are ready.
    pub(crate) fn ready(&self) -> usize {
        let nodes = self.kubectl(&["get", "nodes", "--no-headers"]).success().unwrap().stdout;
        nodes.lines().filter(|line| line.split_whitespace().nth(1) == Some("Ready")).count()
    }
}

impl Ground {
    /// What `airgap-install` says of the site.
    pub(crate) fn ask(&self, command: &[&str]) -> Outcome {
        let state = self.site.state().display().to_string();
        let words = [command, &["--state", &state]].concat();
        airgap_tests::run(&mut self.site.jump().ours("airgap-install", &words).unwrap()).unwrap()
    }

    /// What a look at all images says.
    pub(crate) fn audit(&self) -> Outcome {
        let words = self.words(&["audit"], &[]);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        self.site.jump().install(&words).unwrap()
    }

    /// The report holds what was installed and what shows where it came from.
    fn has_proved(&self) {
        let report = self.ask(&["report", "-o", "json"]).success().unwrap().stdout;
        let report: Value = serde_json::from_str(&report).unwrap();
        let cluster = &report["cluster"];
        let left = &cluster["egress"]["node-1"]["destinations"];
        assert_eq!(*left, json!([{"address": "192.0.2.1", "protocol": "udp", "port": 9, "packets": 1}]), "{report:#}");
        assert_eq!(cluster["egress"]["node-0"]["packets"], 0, "{report:#}");
        assert_eq!((&cluster["enforced"], &cluster["closed"]), (&json!(true), &json!(true)), "{report:#}");
        assert_eq!(cluster["components"], json!(["web"]));
        assert_eq!(cluster["nodes"][1]["role"], "agent");
        let images = cluster["images"].as_array().unwrap();
        let tool = images.iter().find(|image| image["image"] == "docker.io/library/tool:1.0").unwrap();
        assert_eq!(tool["verdict"], "carried", "{report:#}");
        assert!(tool["owners"].as_array().unwrap().contains(&json!("Deployment shop/web")), "{report:#}");
        assert!(images.iter().any(|image| image["verdict"] == "archived"), "{report:#}");
        assert_eq!(report["bundles"][0]["digest"], cluster["bundle"]["digest"]);
        let commands: Vec<_> = report["runs"].as_array().unwrap().iter().map(|run| &run["command"]).collect();
        assert_eq!(commands.last().unwrap().as_str(), Some("roll-out"), "{report:#}");
        let text = self.ask(&["report"]).success().unwrap().stdout;
        assert!(text.contains("What tried to leave (and was dropped): node-1: 1 packets"), "{text}");
    }

    /// All nodes find the site's server of time, behind a link of their own: whoever asks the rig's name server tries to leave.
    fn know_the_time_server(&self) {
        let line = "echo 192.0.2.7 time.plant.example >>/etc/hosts && ip link add nowhere type bridge && \
                    ip link set nowhere up && ip route add 192.0.2.7 dev nowhere";
        for node in self.servers.nodes() {
            node.shell(line).unwrap().success().unwrap();
        }
    }

    /// A node with a service that keeps its clock.
    fn keeps_time(&self, node: usize) {
        let node = self.servers.node(node);
        let unit = "[Service]\nExecStart=/bin/sleep infinity\n";
        node.write("/etc/systemd/system/systemd-timesyncd.service", unit).unwrap();
        let line = "systemctl daemon-reload && systemctl start systemd-timesyncd";
        node.shell(line).unwrap().success().unwrap();
    }

    /// That service was told, and has read it.
    fn follows_the_sites_time(&self, node: usize) {
        let node = self.servers.node(node);
        let told = node.shell("cat /etc/systemd/timesyncd.conf.d/airgap.conf").unwrap().success().unwrap().stdout;
        assert!(told.contains("\nNTP=time.plant.example\n"), "{told}");
        let journal = node.shell("journalctl --no-pager -u systemd-timesyncd").unwrap().success().unwrap().stdout;
        assert_eq!(journal.matches("Started").count(), 2, "{journal}");
    }

    /// What somebody brings by another way is seen, and can be added to the bundle.
    fn finds_strangers(&self) {
        let fine = self.audit().success().unwrap();
        assert!(fine.stdout.starts_with("Images: all "), "{fine}");
        let stranger = ["-n", "shop", "create", "cronjob", "stranger", "--schedule=0 3 1 1 *"];
        let stranger = [&stranger[..], &["--image=quay.io/acme/backup:9"]].concat();
        self.kubectl(&stranger).success().unwrap();
        let found = self.audit().failure().unwrap();
        assert!(found.stdout.contains("NOT CARRIED"), "{found}");
        assert!(found.stdout.contains("CronJob shop/stranger"), "{found}");
        assert!(found.stderr.contains("1 of "), "{found}");
        self.kubectl(&["-n", "shop", "delete", "cronjob", "stranger"]).success().unwrap();
    }
}

/// What was laid out on a node: for each file its inode and the time of its last change.
fn laid_out(node: &Node) -> BTreeMap<PathBuf, (u64, i64)> {
    let files = node.shell("find /usr/local /etc/rancher /var/lib/rancher/rke2/agent/images -type f").unwrap().stdout;
    let known = |path: &str| {
        let metadata = std::fs::metadata(node.path(path)).unwrap();
        (PathBuf::from(path), (metadata.ino(), metadata.mtime_nsec()))
    };
    files.lines().filter(|path| !path.ends_with(".cache.json")).map(known).collect()
}

#[test]
fn stock_servers_become_a_cluster_and_a_second_run_changes_nothing() {
    let ground = Ground::bare(1, 2);
    // RKE2 and k3s do not start where there is no default route.
    ground.servers.node(2).shell("ip route del default").unwrap().success().unwrap();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains("node-2:\ndo  Lay out rke2 v1.30"), "{plan}");
    let found = plan.stdout.lines().find(|line| line.contains("default-route")).unwrap();
    assert!(found.starts_with("warn") && found.contains("node-2"), "{plan}");
    for node in ground.servers.nodes() {
        node.shell("ls /usr/local/bin/rke2 /etc/rancher").unwrap().failure().unwrap();
    }

    let done = ground.install(&[], &[]).success().unwrap();
    let told: Vec<_> = done.stderr.lines().filter(|line| line.contains("node-") || line.contains("cluster")).collect();
    assert_eq!(told.iter().filter(|line| line.trim_start().starts_with("done")).count(), 22, "{done}");
    assert!(done.stderr.contains("images are the bundle's; nothing tried to leave 3 nodes"), "{done}");
    for node in ground.servers.nodes() {
        node.shell("nft list table inet airgap_egress").unwrap().failure().unwrap();
    }
    assert!(done.stderr.contains("warning  default-route  node-2: no default route"), "{done}");
    let route = ground.servers.node(2).shell("ip route show default").unwrap().success().unwrap().stdout;
    assert!(route.contains("dev dummy-airgap"), "{route}");
    let nodes = ground.kubectl(&["get", "nodes", "--no-headers"]).success().unwrap().stdout;
    let ready = nodes.lines().filter(|line| line.split_whitespace().nth(1) == Some("Ready")).count();
    assert_eq!(ready, 3, "{nodes}");
    for file in ["token", "kubeconfig"] {
        let mode = std::fs::metadata(ground.site.state().join("cluster").join(file)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let token = std::fs::read_to_string(ground.site.state().join("cluster/token")).unwrap();
    let journal = std::fs::read_to_string(ground.site.state().join("journal.jsonl")).unwrap();
    for secret in [token.trim(), &ground.site.password().unwrap()] {
        assert!(!journal.contains(secret) && !done.to_string().contains(secret), "a secret is told");
    }

    // Who joins knows whom: the token is shown to nobody who is not the cluster.
    let known = "sha256sum </var/lib/rancher/rke2/server/tls/server-ca.crt | cut -c 1-64";
    let known = ground.servers.node(0).shell(known).unwrap().success().unwrap().stdout;
    let joins =
        "cd /etc/rancher/rke2 && stat -c %a airgap-join-token && cat airgap-join-token && grep ^token config.yaml";
    let joins = ground.servers.node(1).shell(joins).unwrap().success().unwrap().stdout;
    assert!(joins.starts_with(&format!("600\nK10{}::node:", known.trim())), "{joins}");
    assert!(joins.ends_with("\ntoken-file: /etc/rancher/rke2/airgap-join-token\n"), "{joins}");

    // Who takes the responsibility for what, and what was changed beside the steps, can be told later.
    for told in [r#""status":"ignored""#, "a container", r#""kind":"claim""#, r#""kind":"default-route""#] {
        assert!(journal.contains(told), "{told}: {journal}");
    }

    let before: Vec<_> = ground.servers.nodes().iter().map(laid_out).collect();
    let again = ground.install(&[], &[]).success().unwrap();
    let told = again.stderr.lines().filter(|line| line.contains("node-")).collect::<Vec<_>>();
    assert!(told.len() == 12 && told.iter().all(|line| line.trim_start().starts_with("skipped")), "{again}");
    assert_eq!(ground.servers.nodes().iter().map(laid_out).collect::<Vec<_>>(), before);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}

#[test]
fn components_go_in_with_what_the_site_says_and_a_second_run_changes_nothing() {
    let upstream = Upstream::shared().unwrap();
    let connected = upstream.machine().unwrap();
    for (file, text) in [
        ("web.yaml", COMPONENT),
        ("orders.yaml", ORDERS),
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("web/templates/web.yaml", WEB),
    ] {
        connected.write(file, text).unwrap();
    }
    deliver(&connected, &["web.yaml"]);
    let says = "ntp: [time.plant.example]\ncomponents:\n  web:\n    values: {node: node-1}\n    secrets: {auth.token: {file: ./web-token}}\n";
    let ground = Ground::new(&connected, 1, 1, says);
    ground.site.jump().write("web-token", "correct horse\n").unwrap();
    ground.site.jump().run("chmod", &["600", "web-token"]).unwrap();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains("do  Deploy web\n      the cluster is not there yet"), "{plan}");

    // Something on a node tries to leave as soon as that is forbidden.
    // What the site names is no such thing, wherever the node finds it: here, behind a link that leads nowhere.
    let attempt = "until nft list table inet airgap_egress; do sleep 0.1; done; \
                   echo in >/dev/udp/time.plant.example/9; echo out >/dev/udp/192.0.2.1/9";
    ground.servers.node(1).write("/root/attempt", attempt).unwrap();
    ground.know_the_time_server();
    ground.keeps_time(1);
    ground.servers.node(1).shell("systemd-run --quiet bash /root/attempt").unwrap().success().unwrap();
    let done = ground.install(&[], &["--enforce-egress"]).success().unwrap();
    assert!(done.stderr.contains("web: 6 of 6 objects applied, ready"), "{done}");
    let proof = "images are the bundle's; node-1: 1 packets tried to leave, to 192.0.2.1:9/udp";
    assert!(done.stderr.contains(proof), "{done}");
    ground.has_proved();
    let shop = |words: &[&str]| ground.kubectl(&[&["-n", "shop"], words].concat()).success().unwrap().stdout;
    let pods = shop(&["get", "pods", "--no-headers", "-o", "wide"]);
    assert!(pods.lines().count() == 1 && pods.contains("1/1") && pods.contains("node-1"), "{pods}");
    assert_eq!(shop(&["get", "orders", "-o", "name"]), "order.example.org/first\n");
    assert_eq!(shop(&["get", "namespace", "shop", "-o", r"jsonpath={.metadata.labels.example\.org/part}"]), "shop");
    let ca = std::fs::read_to_string(ground.site.ca()).unwrap();
    assert_eq!(shop(&["get", "configmap", "airgap-ca", "-o", r"jsonpath={.data.ca\.crt}"]), ca);
    let values = ["-n", "kube-system", "get", "helmchart", "web", "-o", "jsonpath={.spec.valuesContent}"];
    assert!(ground.kubectl(&values).stdout.contains(r#""auth":{"token":"correct horse"}"#), "the secret is not there");
    let journal = std::fs::read_to_string(ground.site.state().join("journal.jsonl")).unwrap();
    assert!(!journal.contains("correct horse") && !done.to_string().contains("correct horse"), "a secret is told");
    let pull = shop(&[
        "get",
        "secret",
        "airgap-pull",
        "-o",
        r#"go-template={{index .data ".dockerconfigjson" | base64decode}}"#,
    ]);
    let pull: Value = serde_json::from_str(&pull).unwrap();
    let password = ground.site.password().unwrap();
    let logins: Vec<_> = pull["auths"].as_object().unwrap().values().map(|login| &login["password"]).collect();
    assert_eq!(logins, [&json!(password)], "what a pod logs in with");
    assert!(!journal.contains(&password) && !done.to_string().contains(&password), "a password is told");
    ground.follows_the_sites_time(1);

    let all = ["get", "-A", "namespaces,configmaps,helmcharts,orders,deployments,pods", "-o"];
    let versions = r"jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.uid} {.metadata.generation}{'\n'}{end}";
    let state = || ground.kubectl(&[&all[..], &[versions]].concat()).success().unwrap().stdout;
    let before = state();
    let again = ground.install(&[], &[]).success().unwrap();
    assert!(again.stderr.contains("web: as it shall be"), "{again}");
    assert_eq!(state(), before);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.ends_with("Nothing will be changed.\n"), "{plan}");

    ground.finds_strangers();

    // Somebody takes it away: the difference is seen, and mended.
    ground
        .kubectl(&["-n", "kube-system", "delete", "helmchart", "web", "--wait=true", "--timeout=120s"])
        .success()
        .unwrap();
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains("do  Deploy web\n      1 of 6 objects are missing"), "{plan}");
    let mended = ground.install(&[], &[]).success().unwrap();
    assert!(mended.stderr.contains("web: 1 of 6 objects applied, ready"), "{mended}");
    assert_eq!(ground.site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
}
