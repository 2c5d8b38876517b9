//! From servers that nobody has touched to a cluster, through the real command over real SSH, with the stand-in distribution.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;

use airgap_tests::{
    Daemon, JUMP, Machine, Node, OPERATOR, Outcome, Release, Servers, Site, rig_folder, signer, version,
};

/// A connected machine with a bundle of the distribution and nothing else.
fn delivery() -> Machine {
    let machine = Machine::new().unwrap();
    signer(&machine, "ci", "allowed_signers").unwrap();
    let mut component = String::from("apiVersion: airgap/v1\nkind: Component\nname: rke2\nfiles:\n");
    for entry in std::fs::read_dir(Release::get().unwrap().folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        writeln!(component, "  - path: {name}\n    file: {}", path.display()).unwrap();
    }
    machine.write("rke2.yaml", component).unwrap();
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: platform\nversion: 1.0.0\ncreated: 2026-01-01\n\
         distribution: {{name: rke2, version: {}}}\ncomponents:\n  - component: ./rke2.yaml\n",
        version()
    );
    machine.write("stack.yaml", stack).unwrap();
    machine.bundle(&["build", "stack.yaml", "-o", "platform.tar.zst", "--key", "ci"]).unwrap().success().unwrap();
    machine
}

/// A site that serves the bundle, and servers of which it knows nothing but their host keys.
pub(crate) struct Ground {
    pub(crate) site: Site,
    pub(crate) servers: Servers,
    bundle: PathBuf,
}

impl Ground {
    pub(crate) fn new(servers: usize, agents: usize) -> Self {
        let connected = delivery();
        let mut site = Site::new(&connected.path("allowed_signers")).unwrap();
        let bundle = site.carry(&connected.path("platform.tar.zst")).unwrap();
        site.serve(&[&bundle], &[]).unwrap();
        let machines = Servers::boot(site.gap(), site.jump(), servers + agents).unwrap();
        std::fs::write(site.state().join("known_hosts"), machines.known_hosts().unwrap()).unwrap();
        let mut text = format!(
            "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {{name: platform, versions: \"*\"}}\n\
             jumpHost: {{address: {JUMP}, port: {}}}\nssh: {{user: {OPERATOR}, key: ./servers}}\nbecome: sudo\n\
             cluster: {{podCIDRs: [10.42.0.0/16], serviceCIDRs: [10.43.0.0/16]}}\nnodes:\n",
            site.authority().rsplit(':').next().unwrap()
        );
        for (number, node) in machines.nodes().iter().enumerate() {
            let role = if number < servers { "server" } else { "agent" };
            writeln!(text, "  - {{name: node-{number}, address: {}, role: {role}}}", node.address()).unwrap();
        }
        site.jump().write("site.yaml", text).unwrap();
        Self { site, servers: machines, bundle }
    }

    fn words(&self, command: &[&str], options: &[&str]) -> Vec<String> {
        let (bundle, state) = (self.bundle.display().to_string(), self.site.state().display().to_string());
        let fixed = ["--bundle", &bundle, "--trust", "allowed_signers", "--state", &state, "--site", "site.yaml"];
        [command, &fixed[..], options].concat().into_iter().map(str::to_owned).collect()
    }

    /// What `airgap-install` says to the bundle and the site.
    pub(crate) fn install(&self, command: &[&str], options: &[&str]) -> Outcome {
        airgap_tests::run(&mut self.installer(command, options)).unwrap()
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
    let ground = Ground::new(1, 2);
    let plan = ground.install(&["plan"], &[]).success().unwrap();
    assert!(plan.stdout.contains("node-2:\ndo  Lay out rke2 v1.30"), "{plan}");
    for node in ground.servers.nodes() {
        node.shell("ls /usr/local/bin/rke2 /etc/rancher").unwrap().failure().unwrap();
    }

    let done = ground.install(&[], &[]).success().unwrap();
    let told: Vec<_> = done.stderr.lines().filter(|line| line.contains("node-") || line.contains("cluster")).collect();
    assert_eq!(told.iter().filter(|line| line.trim_start().starts_with("done")).count(), 13, "{done}");
    assert_eq!(ground.ready(), 3);
    for file in ["token", "kubeconfig"] {
        let mode = std::fs::metadata(ground.site.state().join("cluster").join(file)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let token = std::fs::read_to_string(ground.site.state().join("cluster/token")).unwrap();
    let journal = std::fs::read_to_string(ground.site.state().join("journal.jsonl")).unwrap();
    for secret in [token.trim(), &ground.site.password().unwrap()] {
        assert!(!journal.contains(secret) && !done.to_string().contains(secret), "a secret is told");
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
