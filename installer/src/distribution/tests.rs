//! What nodes are told, from the text of a `site.yaml`.
#![allow(clippy::unwrap_used)]

use manifests::yaml::SourceFile;

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
    let of = |node: &Node| format!("--- {}\n{}", node.name, config(distribution, &site, node, "secret").unwrap());
    site.nodes.iter().map(of).collect()
}

/// The text of `registries.yaml`.
fn registries(distribution: &dyn Distribution, text: &str, login: Option<(&str, &str)>) -> String {
    let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
    let server = SiteServer { authority: "10.0.7.2:5000".into(), trusted: String::new(), login };
    assert!(!format!("{server:?}").contains("site's password"));
    let site = site(text);
    let registries = Registries { distribution, site: &site, server: &server };
    registries.text(&|host| Some(format!("password of {host}"))).unwrap()
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
    insta::assert_snapshot!(Rke2.cni_configuration(&site(FULL)).unwrap());
    assert_eq!(K3s.cni_configuration(&site(FULL)), None, "k3s brings no chart of it");
    for cni in ["cilium", "canal", "calico", "flannel", "none"] {
        let text = format!("{SMALL}cluster: {{cni: {cni}}}\n");
        assert_eq!(Rke2.cni_configuration(&site(&text)), None, "{cni}: nothing is said");
    }
}
