//! Real nodes are looked at before anything is done to them.

use std::sync::Arc;

use airgap_tests::{Gap, JUMP, Node, Profile, run};
use installer::checks::fix::Remedy;
use installer::checks::{Carried, Fix, Waivers};
use installer::facts::{Folder, Module};
use installer::host::{Command, Host, HostError};
use installer::readiness::{self, Circumstances, Hosts, Inspection, Report, Status};
use manifests::Site;
use manifests::yaml::SourceFile;
use tokio::runtime::Runtime;

/// Two nodes of a site, a server and an agent.
struct Plant {
    runtime: Runtime,
    gap: Gap,
    nodes: [Node; 2],
    site: Site,
}

impl Plant {
    fn new() -> Self {
        let gap = Gap::new().unwrap();
        let nodes = [Profile::Server, Profile::Server].map(|profile| gap.node(profile).unwrap());
        let [server, agent] = [0, 1].map(|number| nodes[number].address().to_owned());
        let text = format!(
            "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {{name: platform, versions: \"*\"}}\n\
             jumpHost: {{address: {JUMP}, port: 5000}}\nssh: {{user: root}}\nnodes:\n\
             \x20 - {{name: node-0, address: {server}, role: server}}\n\
             \x20 - {{name: node-1, address: {agent}, role: agent}}\n"
        );
        let site = Site::parse(&SourceFile::new("site.yaml".to_owned(), &text)).unwrap();
        Self { runtime: Runtime::new().unwrap(), gap, nodes, site }
    }

    fn hosts(&self) -> Hosts {
        let host = |(node, said): (&Node, &manifests::site::Node)| {
            let host: Arc<dyn Host> = Arc::new(node.host(said.name.as_str()));
            (said.name.clone(), host)
        };
        self.nodes.iter().zip(&self.site.nodes).map(host).collect()
    }

    /// Looks at the nodes when the jump host believes that it is so many seconds later.
    fn inspect_at(&self, later: i64, bundle: Option<Carried>) -> Inspection<'_> {
        let now = move || jiff::Timestamp::now() + jiff::SignedDuration::from_secs(later);
        let circumstances = Circumstances { bundle, distribution: None, claim: None, parallel: 2, now: &now };
        self.runtime.block_on(readiness::inspect(&self.site, &self.hosts(), &circumstances))
    }

    fn inspect(&self) -> Inspection<'_> {
        self.inspect_at(0, None)
    }

    fn report(&self) -> Report {
        self.inspect().judge(&Waivers::default())
    }

    fn shell(&self, number: usize, line: &str) -> String {
        self.nodes[number].shell(line).unwrap().success().unwrap().stdout
    }

    /// Every file of the nodes that an inspection could touch, with its kind, mode, size and time of change.
    fn listing(&self) -> Vec<String> {
        // What the system keeps for itself changes at any time.
        let busy =
            ["/var/log", "/var/cache", "/var/lib/apt", "/var/lib/systemd", "/var/lib/chrony", "*/systemd-private-*"];
        let busy = busy.map(|path| format!("-path '{path}'")).join(" -o ");
        let list = &format!(
            "find /etc /usr /var /root /home /tmp /srv /opt -xdev \\( {busy} \\) -prune -o ! -type d -printf '%p %m %s %T@\\n' \
             -o -type d -printf '%p %m\\n' | sort"
        );
        [0, 1].map(|number| self.shell(number, list)).to_vec()
    }

    fn apply(&self, number: usize, fix: Fix, arguments: &[&str]) -> Result<Vec<String>, HostError> {
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        let remedy = Remedy { check: "a-test", fix, arguments };
        self.runtime.block_on(remedy.apply(&self.nodes[number].host("node")))
    }
}

/// What was found by a check on a node, and whether it failed.
fn found(report: &Report, node: &str, check: &str) -> (Status, String) {
    let node = report.nodes.iter().find(|found| found.node == node).unwrap();
    let result = node.results.iter().find(|result| result.check == check).unwrap();
    (result.status, result.found.clone().unwrap_or_default())
}

#[test]
fn nodes_are_looked_at_and_left_as_they_are() {
    let plant = Plant::new();
    // It asks for the names of time servers, from its start on and again and again.
    for number in [0, 1] {
        plant.shell(number, "systemctl stop chrony");
    }
    let escaped = plant.gap.escaped().unwrap();
    let before = plant.listing();
    let inspection = plant.inspect();
    let [server, agent] = &inspection.scene.nodes[..] else { panic!("{:?}", inspection.unseen) };
    let facts = &server.facts;
    assert_eq!(facts.identity.hostname.as_deref(), Some("node-0"));
    assert_eq!(facts.identity.os.as_deref(), Some("debian"));
    assert_eq!(facts.identity.machine_id.as_ref().unwrap().len(), 32);
    assert_ne!(facts.identity.machine_id, agent.facts.identity.machine_id);
    assert!(facts.machine.cpus.unwrap() > 0 && facts.machine.memory.unwrap() > 100 << 20);
    assert!(["curl", "tar", "gzip", "mount", "systemctl"].iter().all(|tool| facts.has_tool(tool)), "{facts:?}");
    assert!(facts.machine.iptables.as_ref().unwrap().starts_with("iptables v1."));
    assert_eq!(facts.kernel.modules.len(), 10);
    assert_ne!(facts.kernel.modules["overlay"], Module::Missing);
    assert!(facts.kernel.cgroup.is_some() && facts.kernel.controllers.contains("memory"));
    // An empty `/tmp` in memory is as free as it is large.
    let measured = |folder: &Folder| folder.free > 0 && folder.size >= folder.free;
    let measured = facts.folders.iter().all(|folder| folder.as_ref().is_some_and(measured));
    assert!(measured, "{:?}", facts.folders);
    assert!(facts.network.addresses.iter().any(|(name, net)| name != "lo" && net.to_string() == "10.77.0.100/24"));
    assert_eq!(facts.network.links.len(), 1, "{:?}", facts.network.links);
    assert!(facts.network.routes.iter().any(|route| route.to.prefix_len() == 0));
    assert_eq!(facts.network.nameservers.as_deref(), Some(&["10.77.0.1".parse().unwrap()][..]));
    let sockets = facts.sockets.as_ref().unwrap();
    assert!(sockets.iter().any(|socket| socket.port == 22 && socket.process.is_some()), "{sockets:?}");
    assert!(facts.units.contains_key("unattended-upgrades.service"), "{:?}", facts.units);
    assert_eq!(facts.packages.unfinished.as_deref(), Some(&[][..]));
    assert_eq!((facts.leftovers.len(), facts.installed.len()), (0, 0));
    assert_eq!((server.fsyncs.len(), agent.fsyncs.len()), (100, 0));
    assert!(server.clock.is_some_and(|clock| clock.ahead() == 0), "one clock for all: {:?}", server.clock);
    let report = inspection.judge(&Waivers::default());
    for check in
        ["hostname-unique", "machine-id-unique", "address-present", "default-route", "networks-free", "ports-free"]
    {
        assert_eq!(found(&report, "node-0", check), (Status::Pass, String::new()));
    }
    for check in ["ports-reachable", "ports-reachable-udp", "jump-host-reachable", "other-cluster", "dpkg-finished"] {
        assert_eq!(found(&report, "node-1", check), (Status::Pass, String::new()));
    }
    assert_eq!(before, plant.listing());
    assert_eq!(plant.gap.escaped().unwrap(), escaped, "an inspection asks nobody outside");
    for node in plant.nodes {
        node.power_off().unwrap();
    }
}

#[test]
fn what_is_wrong_with_a_node_is_found() {
    let plant = Plant::new();
    // A port that is taken, one that is closed, what another cluster left, and a twin.
    plant.shell(0, "systemd-run --quiet --unit=taken python3 -m http.server 6443; for n in $(seq 100); do ss -Hltn | grep -q :6443 && exit 0; sleep 0.1; done; exit 1");
    plant.shell(
        1,
        "nft 'add table inet wall; add chain inet wall in { type filter hook input priority 0; policy accept; }; \
        add rule inet wall in tcp dport 10250 drop; add rule inet wall in udp dport 8472 drop'",
    );
    plant.shell(1, "mkdir -p /var/lib/rancher/k3s/server /etc/kubernetes; : > /etc/kubernetes/admin.conf");
    plant.shell(1, "hostname node-0; cp /etc/machine-id /root/own");
    plant.nodes[1].write("/etc/machine-id", std::fs::read(plant.nodes[0].path("/etc/machine-id")).unwrap()).unwrap();
    let report = plant.report();
    let fails = |node: &str, check: &str, words: &str| {
        let (status, text) = found(&report, node, check);
        assert!(status == Status::Fail && text.contains(words), "{check}: {status:?} {text}");
    };
    fails("node-0", "ports-free", "6443/tcp by python3");
    fails("node-0", "ports-reachable", "10250/tcp of node-1");
    fails("node-1", "leftovers", "/etc/kubernetes");
    fails("node-1", "leftovers", "/var/lib/rancher");
    fails("node-1", "hostname-unique", "node-0, as on node-0");
    fails("node-0", "machine-id-unique", "node-1");
    // Datagrams that nobody answers are no proof.
    let silent = found(&report, "node-0", "ports-reachable-udp");
    assert_eq!(silent, (Status::Warn, "no answer from 8472/udp of node-1".to_owned()));
    assert_eq!(found(&report, "node-1", "ports-reachable").0, Status::Pass);
    let table = report.to_string();
    assert!(table.contains("hostname-unique") && table.contains("node-0, node-1"), "{table}");

    // The jump host's clock is an hour ahead, and the bundle is of the year after.
    let created = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 366);
    let late = plant.inspect_at(3600, Some(Carried { created, size: 1 })).judge(&Waivers::default());
    let (status, text) = found(&late, "node-0", "clock-jump-host");
    assert!(status == Status::Fail && text.contains("behind the jump host"), "{text}");
    assert_eq!(found(&late, "node-0", "clock-bundle").0, Status::Fail);
    assert_eq!(found(&late, "node-0", "clock-nodes").0, Status::Pass);
    for node in plant.nodes {
        node.power_off().unwrap();
    }
}

#[test]
fn remedies_are_applied_once_and_outlive_a_reboot() {
    let mut plant = Plant::new();
    plant.shell(0, "ip route del default; echo 0 > /proc/sys/net/ipv4/ip_forward");
    let report = plant.report();
    assert_eq!(found(&report, "node-0", "default-route").0, Status::Warn);
    let (status, text) = found(&report, "node-0", "sysctls");
    assert!(status == Status::Warn && text.contains("net.ipv4.ip_forward = 0"), "{text}");

    // What this machine swaps to is none of the node's.
    plant.shell(0, "echo Filename > /root/swaps; mount --bind /root/swaps /proc/swaps");
    let route = plant.apply(0, Fix::DefaultRoute, &[]).unwrap();
    assert!(route[0].contains("/etc/systemd/system/airgap-default-route.service"), "{route:?}");
    let settings = plant.apply(0, Fix::Sysctls, &["net.ipv4.ip_forward=1"]).unwrap();
    assert_eq!(settings.len(), 2, "{settings:?}");
    let report = plant.report();
    assert_eq!(found(&report, "node-0", "default-route").0, Status::Pass);
    assert!(!found(&report, "node-0", "sysctls").1.contains("ip_forward"));
    // The way to others is as it was.
    assert_eq!(found(&report, "node-0", "ports-reachable").0, Status::Pass);

    let before = plant.listing();
    assert_eq!(plant.apply(0, Fix::DefaultRoute, &[]).unwrap(), [""; 0]);
    assert_eq!(plant.apply(0, Fix::Sysctls, &["net.ipv4.ip_forward=1"]).unwrap(), [""; 0]);
    assert_eq!(plant.apply(0, Fix::Swap, &[]).unwrap(), [""; 0]);
    assert_eq!(before, plant.listing());

    // A module that is not there is said, with the node's own words.
    let missing = plant.apply(0, Fix::Modules, &["no_such_module"]).unwrap_err().to_string();
    assert!(missing.contains("no_such_module"), "{missing}");
    plant.nodes[0]
        .write("/etc/fstab", "UUID=1 / ext4 defaults 0 1\n/swap.img\tnone swap sw 0 0\n#/old none swap sw 0 0\n")
        .unwrap();
    plant.apply(0, Fix::Swap, &[]).unwrap();
    let kept = std::fs::read_to_string(plant.nodes[0].path("/etc/fstab")).unwrap();
    let lines: Vec<_> = kept.lines().map(|line| line.starts_with('#')).collect();
    assert_eq!(lines, [false, true, true], "{kept}");

    plant.shell(0, "ip link delete dummy-airgap; echo 0 > /proc/sys/net/ipv4/ip_forward");
    plant.nodes[0].reboot().unwrap();
    plant.nodes[0].wait_for_service("airgap-default-route.service").unwrap();
    assert_eq!(plant.shell(0, "cat /proc/sys/net/ipv4/ip_forward"), "1\n");
    for node in plant.nodes {
        node.power_off().unwrap();
    }
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let plant = Plant::new();
    let host = plant.nodes[0].host("node-0");
    let slow = Command::script("sleep", "sleep 4711 & sleep 4711", &[]).within(std::time::Duration::from_millis(500));
    let error = plant.runtime.block_on(host.run(&slow)).unwrap_err();
    assert!(matches!(error, HostError::TimedOut { .. }), "{error}");
    let running =
        plant.nodes[0].shell("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done 2>/dev/null").unwrap();
    assert!(!running.stdout.lines().any(|line| line.trim() == "sleep 4711"), "{running}");
    let echoed = Command::script("echo", "cat; exit 7", &[]).reading(installer::host::Input::Bytes(b"said"[..].into()));
    let output = plant.runtime.block_on(host.run(&echoed)).unwrap();
    assert_eq!((output.stdout.as_slice(), output.exit), (&b"said"[..], installer::host::Exit::Code(7)));
}

#[test]
fn the_scripts_are_plain_shell_without_a_complaint() {
    let sources = airgap_tests::repository().join("installer/src");
    let scripts = ["facts/look.sh", "facts/fsync.sh", "facts/reach.sh", "claim.sh"].into_iter().map(str::to_owned);
    let fixes = ["modules", "sysctls", "swap", "route"].map(|name| format!("checks/fix/{name}.sh"));
    let mut command = std::process::Command::new(airgap_tests::tool("shellcheck").unwrap());
    command.arg("--shell=sh").args(scripts.chain(fixes).map(|name| sources.join(name)));
    for folder in ["rollout", "proof/egress"] {
        let files = std::fs::read_dir(sources.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let scripts: Vec<_> = files.filter(|file| file.extension().is_some_and(|ending| ending == "sh")).collect();
        assert!(!scripts.is_empty(), "{folder}");
        command.args(scripts);
    }
    run(&mut command).unwrap().success().unwrap();
}
