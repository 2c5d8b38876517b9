//! What nodes are told, from the text of a `site.yaml`.
#![allow(clippy::unwrap_used)]

use manifests::yaml::SourceFile;
use serde_json::json;

use super::first::{FirstManifest, KINDS};
use super::*;

/// A site that says everything of which the files speak.
const FULL: &str = "\
apiVersion: airgap/v1
kind: Site
name: plant
bundle: {name: platform, versions: '*'}
jumpHost: {address: 10.0.7.2}
ssh: {user: ops}
nodes:
- {name: server-1, address: 10.0.7.11, role: server}
- name: server-2
  address: 10.0.7.12
  role: server
  dataDirectories: {distribution: /data/rancher, kubelet: /data/kubelet, snapshots: /data/snapshots}
- {name: server-3, address: 10.0.7.13, role: server}
- name: gpu-1
  address: 10.0.7.21
  role: agent
  labels: {example.org/rack: r4, 'example.org/yes': 'yes'}
  taints: ['dedicated=gpu:NoSchedule', 'example.org/new:NoExecute']
cluster:
  endpoint: {vip: 10.0.7.10}
  sans: [api.plant.example.org]
  podCIDRs: [10.42.0.0/16]
  serviceCIDRs: [10.43.0.0/16]
  cni: {name: cilium, kubeProxyReplacement: true, encryption: wireguard, egressGateway: true}
registries:
  harbor.plant.example.org: {ca: ./harbor.pem, username: airgap, password: {env: HARBOR}}
  'registry.example.org:5001':
    endpoints: ['https://mirror.plant.example.org/v2', 'http://10.0.7.3:5000']
";

/// A site that says as little as it may.
const SMALL: &str = "\
apiVersion: airgap/v1
kind: Site
name: plant
bundle: {name: platform, versions: '*'}
jumpHost: {address: 10.0.7.2}
ssh: {user: ops}
nodes:
- {name: one, address: 10.0.7.11, role: server}
";

fn site(text: &str) -> Site {
    Site::parse(&SourceFile::new("site.yaml", text)).map_err(|problems| format!("{problems:?}")).unwrap()
}

/// The texts of `config.yaml` of the nodes of a site.
fn configs(distribution: &dyn Distribution, text: &str) -> String {
    let site = site(text);
    let of = |node: &Node| {
        format!(
            "--- {}\n{}",
            node.name,
            config(distribution, &site, node, &Bundled::default(), &Interfaces::default(), "secret").unwrap()
        )
    };
    site.nodes.iter().map(of).collect()
}

#[test]
fn what_the_bundle_leaves_out_of_its_distribution_is_disabled_on_servers() {
    let disable = json!(["rke2-snapshot-controller", "rke2-ingress-nginx"]);
    let distribution = json!({"name": "rke2", "version": "v1.30.6+rke2r1", "files": "rke2", "disable": disable});
    let platform = serde_json::from_value(json!({"distribution": distribution, "components": []})).unwrap();
    let bundled = Bundled::default().without_parts_of(&platform);
    let (site, told) = (site(FULL), "disable:\n- rke2-ingress-nginx\n- rke2-snapshot-controller\n");
    let config =
        |node: usize| config(&Rke2, &site, &site.nodes[node], &bundled, &Interfaces::default(), "secret").unwrap();
    assert!(config(0).contains(told), "{}", config(0));
    assert!(!config(3).contains("disable:"), "{}", config(3));
}

/// The text of `registries.yaml`.
fn registries(distribution: &dyn Distribution, text: &str, login: Option<(&str, &str)>) -> String {
    let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    let server = SiteServer { authority: "10.0.7.2:5000".into(), trusted: String::new(), login };
    assert!(!format!("{server:?}").contains("site's password"));
    let site = site(text);
    let bundled = bundled(&["docker.io/library/web:1", "quay.io/acme/tool:2"]);
    let registries = Registries { distribution, site: &site, server: &server, shared: bundled.shared(&site) };
    registries.text(&|host| Some(format!("password of {host}"))).unwrap()
}

/// What the charts of a distribution are told.
fn told(distribution: &dyn Distribution, text: &str) -> String {
    let [charts, _] = FirstManifest::all(distribution, &Bundled::default(), &site(text), &Interfaces::default());
    charts.text().unwrap()
}

fn bundled(images: &[&str]) -> Bundled {
    let images: Vec<_> = images.iter().map(|image| image.parse().unwrap()).collect();
    Bundled::among(images.iter())
}

#[test]
fn what_nodes_of_rke2_are_told() {
    insta::assert_snapshot!(configs(&Rke2, FULL));
}

#[test]
fn what_nodes_of_k3s_are_told() {
    insta::assert_snapshot!(configs(&K3s, FULL));
}

#[test]
fn what_a_single_server_is_told() {
    insta::assert_snapshot!(format!("{}{}", configs(&Rke2, SMALL), configs(&K3s, SMALL)));
}

#[test]
fn a_balancer_is_where_nodes_join() {
    let text = FULL.replace("{vip: 10.0.7.10}", "{balancer: api.plant.example.org}");
    let joins: Vec<_> =
        configs(&Rke2, &text).lines().filter(|line| line.starts_with("server:")).map(str::to_owned).collect();
    assert_eq!(joins, ["server: https://api.plant.example.org:9345"; 3]);
}

#[test]
fn where_images_come_from() {
    let login = Some(("airgap", "site's password"));
    insta::assert_snapshot!(registries(&Rke2, FULL, login));
    assert_eq!(registries(&K3s, FULL, login), registries(&Rke2, FULL, login).replace("/rke2/", "/k3s/"));
}

#[test]
fn where_images_come_from_when_everybody_may_pull() {
    insta::assert_snapshot!(registries(&K3s, SMALL, None));
}

#[test]
fn what_the_chart_of_cilium_is_told() {
    insta::assert_snapshot!(told(&Rke2, FULL));
    assert_eq!(told(&K3s, FULL), "", "k3s brings no chart of it");
    for cni in ["cilium", "canal", "calico", "flannel", "none"] {
        let text = format!("{SMALL}cluster: {{cni: {cni}}}\n");
        assert_eq!(told(&Rke2, &text), "", "{cni}: nothing is said");
    }
}

/// All options at once, as far as both distributions take them.
const OPTIONS: &str = "
  snapshots: {schedule: '0 */6 * * *', retention: 12, compress: true}
  auditPolicy: default
  podSecurity: {level: baseline, exempt: [legacy]}
  embeddedRegistry: true
  dns: {upstream: [10.0.7.2, 10.0.7.3]}
";

/// [`FULL`] with more below `cluster`.
fn full_with(options: &str) -> String {
    FULL.replace("\nregistries:", &format!("\n{}\nregistries:", options.trim_matches('\n')))
}

/// The lines of `config.yaml` of a server and of an agent that `FULL` alone does not have.
fn told_besides(distribution: &dyn Distribution, options: &str) -> String {
    let (before, after) = (site(FULL), site(&full_with(options)));
    let text = |site: &Site, node: usize| {
        config(distribution, site, &site.nodes[node], &Bundled::default(), &Interfaces::default(), "secret").unwrap()
    };
    let besides = |node| {
        let known: Vec<String> = text(&before, node).lines().map(str::to_owned).collect();
        let more = text(&after, node);
        more.lines()
            .filter(|line| !known.contains(&(*line).to_owned()))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    format!("--- server-2\n{}--- gpu-1\n{}", besides(1), besides(3))
}

/// The files beside it.
fn files_of(distribution: &dyn Distribution, text: &str, node: usize) -> Vec<(String, String)> {
    let site = site(text);
    option_files(distribution, &site, &site.nodes[node], None).unwrap()
}

#[test]
fn what_nodes_are_told_of_options() {
    insta::assert_snapshot!(format!("{}{}", told_besides(&Rke2, OPTIONS), told_besides(&K3s, OPTIONS)));
    let off = "  snapshots: false\n";
    assert_eq!(told_besides(&Rke2, off), "--- server-2\netcd-disable-snapshots: true\n--- gpu-1\n");
    assert_eq!(told_besides(&K3s, off), told_besides(&Rke2, off));
    let plain = configs(&K3s, &full_with("  secretsEncryption: false\n"));
    assert!(!plain.contains("secrets-encryption") && configs(&K3s, FULL).contains("secrets-encryption: true"));
    assert_eq!(told_besides(&Rke2, "  profile: cis\n"), "--- server-2\nprofile: cis\n--- gpu-1\nprofile: cis\n");
}

#[test]
fn the_files_that_options_need_lie_beside_the_configuration() {
    let text = full_with(OPTIONS);
    let of_server = files_of(&Rke2, &text, 0);
    let names: Vec<&str> = of_server.iter().map(|(path, _)| path.as_str()).collect();
    let folder = "/etc/rancher/rke2/airgap-";
    assert_eq!(names, ["audit-policy.yaml", "pod-security.yaml", "resolv.conf"].map(|name| format!("{folder}{name}")));
    insta::assert_snapshot!(of_server[1].1);
    let name_servers = "nameserver 10.0.7.2\nnameserver 10.0.7.3\n".to_owned();
    assert_eq!(of_server[2].1, name_servers);
    assert_eq!(
        files_of(&Rke2, &text, 3),
        [(format!("{folder}resolv.conf"), name_servers)],
        "an agent has no API server"
    );
    let of_k3s = files_of(&K3s, &text, 0);
    assert_eq!(of_k3s[0], ("/etc/rancher/k3s/airgap-audit-policy.yaml".to_owned(), of_server[0].1.clone()));
    assert_eq!(files_of(&Rke2, FULL, 0), [], "nothing is said, so the distribution's own choices hold");
}

/// The policy that is built in is one that the API server takes; one of the site's takes its place.
#[test]
fn what_is_written_down_is_the_sites_to_say() {
    let built_in = files_of(&K3s, &full_with("  auditPolicy: default\n"), 0);
    manifests::site::check_audit_policy(&SourceFile::new("audit.yaml", &built_in[0].1)).unwrap();
    let site = site(&full_with("  auditPolicy: {file: ./audit.yaml}\n"));
    let own = option_files(&Rke2, &site, &site.nodes[0], Some("of the site")).unwrap();
    assert_eq!(own, [("/etc/rancher/rke2/airgap-audit-policy.yaml".to_owned(), "of the site".to_owned())]);
}

#[test]
fn charts_of_the_distribution_are_told_what_the_site_says_over_the_rest() {
    let charts =
        "  charts: {rke2-coredns: {values: {replicas: 3}}, rke2-cilium: {values: {bpf: {masquerade: false}}}}\n";
    insta::assert_snapshot!(told(&Rke2, &full_with(charts)));
}

/// The interface of a node, through which the default route leads or does not.
fn at(node: &str, name: &str, is_default: bool) -> (String, Interface) {
    (node.to_owned(), Interface { name: name.to_owned(), is_default })
}

#[test]
fn flannel_is_told_the_interface_where_the_default_route_leads_elsewhere() {
    let site = site(SMALL);
    let of = |distribution: &dyn Distribution, text: &str, interfaces: &Interfaces| {
        let site = self::site(text);
        distribution.chart_values(&site, interfaces)
    };
    let flannel = |text: &str, interfaces: &Interfaces| {
        let mut values = of(&Rke2, text, interfaces);
        assert!(values.len() < 2 && of(&K3s, text, interfaces).is_empty());
        values
            .remove("rke2-canal")
            .or_else(|| values.remove("rke2-flannel"))
            .map(|values| Value::Object(values).to_string())
    };
    let canal =
        FULL.replace("{name: cilium, kubeProxyReplacement: true, encryption: wireguard, egressGateway: true}", "canal");
    let nodes = ["server-1", "server-2", "server-3", "gpu-1"];
    let alike = |is_default| nodes.map(|node| at(node, "eth1", is_default)).into_iter().collect::<Interfaces>();
    assert_eq!(flannel(&canal, &alike(true)), None);
    assert_eq!(flannel(&canal, &alike(false)).as_deref(), Some(r#"{"flannel":{"iface":"eth1"}}"#));
    let mixed = nodes.map(|node| at(node, if node == "gpu-1" { "eno2" } else { "eth1" }, node != "gpu-1"));
    let mixed: Interfaces = mixed.into_iter().collect();
    let pattern = r#"{"flannel":{"regexIface":"^(10\\.0\\.7\\.11|10\\.0\\.7\\.12|10\\.0\\.7\\.13|10\\.0\\.7\\.21)$"}}"#;
    assert_eq!(flannel(&canal, &mixed).as_deref(), Some(pattern));
    let arguments = r#"{"flannel":{"args":["--ip-masq","--kube-subnet-mgr","--iface=eth1"]}}"#;
    assert_eq!(flannel(&canal.replace("canal", "flannel"), &alike(false)).as_deref(), Some(arguments));
    // Cilium finds it by the node's address.
    assert_eq!(flannel(FULL, &alike(false)), None);
    // k3s has flannel within, and each node is told its own.
    let told = |interfaces: Interfaces| {
        config(&K3s, &site, &site.nodes[0], &Bundled::default(), &interfaces, "secret").unwrap()
    };
    assert!(told([at("one", "eth1", false)].into_iter().collect()).contains("flannel-iface: eth1\n"));
    assert!(!told([at("one", "eth1", true)].into_iter().collect()).contains("flannel-iface"));
}

#[test]
fn nodes_that_share_images_are_told_of_each_registry() {
    insta::assert_snapshot!(registries(&Rke2, &full_with(OPTIONS), None));
}

#[test]
fn the_address_that_wanders_is_brought_up_by_the_bundles_own_image() {
    let image = "ghcr.io/kube-vip/kube-vip:v0.9.2";
    let manifest_with = |text: &str, interfaces: &Interfaces| {
        let bundled = bundled(&["docker.io/library/web:1", image]);
        let [charts, vip] = FirstManifest::all(&K3s, &bundled, &site(text), interfaces);
        assert_eq!((charts.name, charts.objects.len(), vip.name), ("airgap-charts", 0, "airgap-kube-vip"));
        let known = |object: &Value| {
            KINDS.contains(&(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap()))
        };
        assert!(vip.objects.iter().all(known), "what can't be found again can't be taken back");
        vip.text().unwrap()
    };
    let manifest = |text: &str| manifest_with(text, &Interfaces::default());
    insta::assert_snapshot!(manifest(&FULL.replace("{vip: 10.0.7.10}", "{vip: 10.0.7.10, interface: bond0}")));
    assert!(!manifest(FULL).contains("vip_interface"), "it finds that of the default route itself");
    // On each server that which has the server's own address.
    let named =
        [("server-1", "bond0"), ("server-2", "eno1"), ("server-3", "bond0")].map(|(node, name)| at(node, name, true));
    insta::assert_snapshot!(manifest_with(FULL, &named.into_iter().collect()));
    assert!(manifest(&FULL.replace("vip: 10.0.7.10", "vip: 'fd00::10'")).contains("value: \"128\""));
    assert_eq!(manifest(&FULL.replace("vip: 10.0.7.10", "balancer: 10.0.7.10")), "");
}

/// What is asked for and can't be had, as it is told.
fn refused(distribution: &dyn Distribution, images: &[&str], text: &str) -> String {
    let problems =
        refuse(distribution, &bundled(images), &site(text)).err().map(Problems::into_list).unwrap_or_default();
    let show = |problem: &Problem| {
        format!("{}: {problem}\n    help: {}\n", problem.location(), problem.help().unwrap_or_default())
    };
    problems.iter().map(show).collect()
}

#[test]
fn what_can_not_be_had_is_refused_at_its_line() {
    let carried = ["ghcr.io/kube-vip/kube-vip:v0.9.2"];
    assert_eq!(refused(&Rke2, &carried, &full_with(OPTIONS)), "");
    assert_eq!(refused(&K3s, &carried, &full_with(OPTIONS)), "");
    let asked = "cluster: {profile: cis, snapshots: {retention: 3}, charts: {rke2-corends: {values: {}}, traefik: {values: {}}}, \
                 secretsEncryption: false}\n";
    let several = [carried[0], "ghcr.io/kube-vip/kube-vip:v0.8.9"];
    insta::assert_snapshot!(
        [
            refused(&Rke2, &[], FULL),
            refused(&K3s, &several, FULL),
            refused(&Rke2, &[], &format!("{SMALL}{asked}")),
            refused(&K3s, &[], &format!("{SMALL}{asked}")),
        ]
        .join("\n")
    );
}

/// What the profile looks for on a machine: RKE2 does not start without it.
#[test]
fn a_profile_needs_settings_of_the_kernel_and_a_user_of_etcd() {
    let site = site(&full_with("  profile: cis\n"));
    let settings = ("/usr/local/share/rke2/rke2-cis-sysctl.conf", "/etc/sysctl.d/60-rke2-cis.conf");
    let of = |role| Rke2.preparation(&site, role);
    assert_eq!(of(Role::Server), Some(Preparation { settings, user: Some("etcd") }));
    assert_eq!(of(Role::Agent), Some(Preparation { settings, user: None }));
    assert_eq!(Rke2.preparation(&self::site(FULL), Role::Server), None);
}
