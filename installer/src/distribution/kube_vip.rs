//! What brings up the address that wanders between servers: kube-vip, on all servers, one of which has the address and says so by
//! ARP (NDP for IPv6). It asks the API by the cluster's own way, so the address needs no other address to be there first.

use std::net::IpAddr;

use manifests::Site;
use manifests::site::Endpoint;
use serde_json::{Value, json};

use super::Interfaces;

/// Where the image comes from, whatever its version.
pub(super) const IMAGE: &str = "ghcr.io/kube-vip/kube-vip";
const NAME: &str = "kube-vip";
/// Its pods, as a selector of labels in a query.
pub(crate) const PODS: &str = "app.kubernetes.io%2Fname%3Dkube-vip";
const NAMESPACE: &str = "kube-system";
/// The port of the API.
const PORT: &str = "6443";

/// The objects; none where the API is reached by another way.
pub(super) fn objects(site: &Site, image: Option<&str>, interfaces: &Interfaces) -> Vec<Value> {
    let (Endpoint::Vip { address, interface }, Some(image)) = (&site.network.endpoint, image) else {
        return Vec::new();
    };
    let groups = match interface {
        Some(said) => vec![(Some(said.as_str()), Vec::new())],
        None => groups(site, interfaces),
    };
    let alone = groups.len() == 1;
    let daemons = groups.into_iter().enumerate().map(|(number, (interface, nodes))| {
        let name = if number == 0 { NAME.to_owned() } else { format!("{NAME}-{}", number + 1) };
        let mut daemon = daemon(&name, &address.value, interface, image);
        if !alone {
            daemon["spec"]["template"]["spec"]["affinity"] = only_on(&nodes);
        }
        daemon
    });
    access().into_iter().chain(daemons).collect()
}

/// The servers by the interface that has their own address, in the order of the site. Left to itself kube-vip takes that of the
/// default route, which leads nowhere on a node that had none.
fn groups<'a>(site: &'a Site, interfaces: &'a Interfaces) -> Vec<(Option<&'a str>, Vec<&'a str>)> {
    let mut groups: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
    for server in site.servers() {
        let name = server.name.as_str();
        let interface = interfaces.of(name);
        match groups.iter_mut().find(|(known, _)| *known == interface) {
            Some((_, nodes)) => nodes.push(name),
            None => groups.push((interface, vec![name])),
        }
    }
    groups
}

fn only_on(nodes: &[&str]) -> Value {
    let term = json!({"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": nodes}]});
    json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}})
}

/// Who has the address is written into a lease: that is all it may touch.
fn access() -> Vec<Value> {
    let named = || json!({"name": NAME, "namespace": NAMESPACE});
    vec![
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named()}),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": named(),
            "rules": [{
                "apiGroups": ["coordination.k8s.io"],
                "resources": ["leases"],
                "verbs": ["create", "get", "list", "update", "watch"],
            }],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": named(),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
        }),
    ]
}

fn daemon(name: &str, address: &IpAddr, interface: Option<&str>, image: &str) -> Value {
    let labels = json!({"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": name});
    json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "serviceAccountName": NAME,
                    "hostNetwork": true,
                    "priorityClassName": "system-node-critical",
                    "nodeSelector": {"node-role.kubernetes.io/control-plane": "true"},
                    // No taint of a server turns it away.
                    "tolerations": [{"operator": "Exists"}],
                    "containers": [{
                        "name": NAME,
                        "image": image,
                        "imagePullPolicy": "IfNotPresent",
                        "args": ["manager"],
                        "env": environment(address, interface),
                        "securityContext": {
                            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
                            "readOnlyRootFilesystem": true,
                        },
                    }],
                },
            },
        },
    })
}

fn environment(address: &IpAddr, interface: Option<&str>) -> Vec<Value> {
    // The address alone, whatever the network around it.
    let prefix = if address.is_ipv4() { "32" } else { "128" };
    let address = address.to_string();
    let words = [
        ("address", address.as_str()),
        ("port", PORT),
        ("vip_arp", "true"),
        // The name of the one before was used until v0.8.
        ("vip_cidr", prefix),
        ("vip_subnet", prefix),
        ("vip_leaderelection", "true"),
        ("vip_leasename", "plndr-cp-lock"),
        // Kubernetes's own figures. The members of etcd take five to ten seconds to elect one of them, in which nothing is renewed,
        // and kube-vip ends where it could not renew: with its own default, of three seconds, the address would go each time.
        ("vip_leaseduration", "15"),
        ("vip_renewdeadline", "10"),
        ("vip_retryperiod", "2"),
        ("cp_enable", "true"),
        ("cp_namespace", NAMESPACE),
        ("svc_enable", "false"),
        // Nothing listens but the API itself.
        ("prometheus_server", "127.0.0.1:2112"),
    ];
    let interface = interface.map(|interface| ("vip_interface", interface));
    let mut all: Vec<Value> =
        words.into_iter().chain(interface).map(|(name, value)| json!({"name": name, "value": value})).collect();
    all.push(json!({"name": "vip_nodename", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}));
    all
}
