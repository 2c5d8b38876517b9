//! Every system that customers named has a component. Names are those that people use.

use std::collections::BTreeSet;

use super::components;

/// The systems, and what brings each.
const SYSTEMS: &[(&str, &[&str])] = &[
    ("RKE2 v1.30.6", &["rke2"]),
    ("RKE2 v1.30.3", &["rke2-1-30-3"]),
    ("RKE2 of Kubernetes 1.26, for Rancher 2.7", &["rke2-1-26"]),
    ("k3s", &["k3s"]),
    ("kube-vip", &["kube-vip", "kube-vip-services"]),
    ("MetalLB", &["metallb", "metallb-addresses"]),
    ("metrics-server", &["metrics-server"]),
    ("vertical-pod-autoscaler", &["vertical-pod-autoscaler"]),
    ("cluster-autoscaler", &["cluster-autoscaler"]),
    ("HAProxy and keepalived", &["external-balancer"]),
    ("etcd snapshots", &["etcd-snapshots"]),
    ("Cilium", &["cilium"]),
    ("Calico", &["calico"]),
    ("Canal", &["canal"]),
    ("Flannel", &["flannel"]),
    ("ingress-nginx", &["ingress-nginx"]),
    ("Traefik", &["traefik"]),
    ("Kong", &["kong"]),
    ("Istio, with sidecars and ambient", &["istio", "istio-gateway", "istio-ambient"]),
    ("ExternalDNS, with a name server", &["external-dns", "bind9"]),
    ("Cloudflare Tunnel", &["cloudflare-tunnel"]),
    ("cert-manager", &["cert-manager", "trust-manager", "internal-ca"]),
    ("Vault", &["vault"]),
    ("Consul", &["consul"]),
    ("External Secrets Operator", &["external-secrets", "external-secrets-vault"]),
    ("Sealed Secrets", &["sealed-secrets"]),
    ("Longhorn", &["longhorn"]),
    ("MinIO", &["minio", "minio-operator", "minio-tenant"]),
    ("Rook and Ceph", &["rook-ceph", "rook-ceph-cluster"]),
    ("CSI NFS driver", &["csi-driver-nfs"]),
    ("snapshot controller", &["snapshot-controller"]),
    ("Velero", &["velero"]),
    ("EDB Postgres for Kubernetes", &["edb-postgres"]),
    ("CloudNativePG, with poolers and backups", &["cloudnative-pg", "postgresql", "barman-cloud"]),
    ("Rancher", &["rancher", "rancher-2-7", "rancher-backup"]),
    ("Argo CD, with an app of apps", &["argo-cd", "argo-cd-apps"]),
    ("Flux", &["flux"]),
    ("Tekton", &["tekton"]),
    ("Harbor", &["harbor"]),
    ("Gitea", &["gitea"]),
    ("GitLab Runner", &["gitlab-runner"]),
    ("Crossplane", &["crossplane", "crossplane-packages"]),
    ("Backstage", &["backstage"]),
    ("vcluster", &["vcluster"]),
    ("Prometheus, Alertmanager, Grafana", &["kube-prometheus-stack"]),
    ("Thanos", &["thanos"]),
    ("VictoriaMetrics", &["victoria-metrics"]),
    ("Loki", &["loki"]),
    ("Promtail, and Alloy, its successor", &["promtail", "alloy"]),
    ("Tempo", &["tempo"]),
    ("Jaeger", &["jaeger"]),
    ("OpenTelemetry", &["opentelemetry-operator", "opentelemetry-collector"]),
    ("ECK: Elasticsearch, Kibana, Logstash, Filebeat", &["eck-operator", "elastic-stack"]),
    ("PagerDuty and Slack", &["alert-receivers"]),
    ("OpenCost", &["opencost"]),
    ("Falco", &["falco"]),
    ("Kyverno", &["kyverno", "kyverno-policies"]),
    ("OPA Gatekeeper", &["gatekeeper"]),
    ("Trivy Operator", &["trivy-operator"]),
    ("kube-bench", &["kube-bench"]),
    ("Dex", &["dex"]),
    ("Keycloak", &["keycloak"]),
    ("oauth2-proxy", &["oauth2-proxy"]),
    ("audit policy", &["audit-policy"]),
    ("Pod Security Standards", &["pod-security"]),
    ("NetworkPolicy baseline", &["network-policy-baseline"]),
    ("quotas of tenants", &["tenant-quotas"]),
    ("Chaos Mesh", &["chaos-mesh"]),
    ("an application, for example", &["vet-clinic"]),
];

#[test]
fn every_system_has_its_component_and_every_component_its_system() {
    let there: BTreeSet<String> = components().iter().map(|component| component.name.to_string()).collect();
    let wanted: BTreeSet<String> =
        SYSTEMS.iter().flat_map(|(_, names)| *names).map(|name| (*name).to_owned()).collect();
    let missing: Vec<_> = wanted.difference(&there).collect();
    let unknown: Vec<_> = there.difference(&wanted).collect();
    assert!(missing.is_empty(), "systems without a component: {missing:?}");
    assert!(unknown.is_empty(), "components of no system that is named here: {unknown:?}");
}
