//! What is known of kinds: which are Kubernetes' own, and in which fields operators look for images.

use crate::discovery::Object;
use crate::discovery::yaml::Tree;

/// Groups that Kubernetes has itself.
const BUILT_IN: [&str; 24] = [
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "extensions",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
/// Groups whose objects hold patterns for other objects: a container in them is none that runs.
const PATTERNS: [&str; 6] = [
    "kyverno.io",
    "policies.kyverno.io",
    "constraints.gatekeeper.sh",
    "templates.gatekeeper.sh",
    "mutations.gatekeeper.sh",
    "admissionregistration.k8s.io",
];

/// Fields that operators pull from: the group, the kinds (none for all of the group), and how the path ends.
const FIELDS: &[(&str, &[&str], &[&str])] = &[
    (
        "monitoring.coreos.com",
        &["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"],
        &["spec.image", "spec.thanos.image"],
    ),
    ("postgresql.cnpg.io", &["Cluster"], &["spec.imageName"]),
    ("postgresql.cnpg.io", &["ImageCatalog", "ClusterImageCatalog"], &["spec.images[].image"]),
    ("minio.min.io", &["Tenant"], &["spec.image", "spec.kes.image"]),
    ("ceph.rook.io", &["CephCluster"], &["spec.cephVersion.image"]),
    ("tekton.dev", &[], &["steps[].image", "sidecars[].image", "stepTemplate.image"]),
    (
        "argoproj.io",
        &["Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"],
        &["container.image", "script.image", "initContainers[].image", "sidecars[].image"],
    ),
    ("argoproj.io", &["ArgoCD"], &["spec.image"]),
    ("upgrade.cattle.io", &["Plan"], &["spec.upgrade.image", "spec.prepare.image"]),
    ("pkg.crossplane.io", &["Provider", "Configuration", "Function"], &["spec.package"]),
    (
        "opentelemetry.io",
        &["OpenTelemetryCollector", "TargetAllocator", "OpAMPBridge"],
        &["spec.image", "spec.targetAllocator.image"],
    ),
    (
        "opentelemetry.io",
        &["Instrumentation"],
        &["java.image", "nodejs.image", "python.image", "dotnet.image", "go.image", "apacheHttpd.image", "nginx.image"],
    ),
    ("longhorn.io", &["EngineImage"], &["spec.image"]),
    ("elasticsearch.k8s.elastic.co", &["Elasticsearch"], &["spec.image"]),
    ("kibana.k8s.elastic.co", &["Kibana"], &["spec.image"]),
    ("beat.k8s.elastic.co", &["Beat"], &["spec.image"]),
    ("logstash.k8s.elastic.co", &["Logstash"], &["spec.image"]),
    ("agent.k8s.elastic.co", &["Agent"], &["spec.image"]),
    ("apm.k8s.elastic.co", &["ApmServer"], &["spec.image"]),
    ("maps.k8s.elastic.co", &["ElasticMapsServer"], &["spec.image"]),
    ("enterprisesearch.k8s.elastic.co", &["EnterpriseSearch"], &["spec.image"]),
    ("k8s.keycloak.org", &["Keycloak"], &["spec.image"]),
    (
        "kafka.strimzi.io",
        &[],
        &["spec.image", "kafka.image", "zookeeper.image", "topicOperator.image", "userOperator.image"],
    ),
    ("kubevirt.io", &[], &["containerDisk.image"]),
    ("operators.coreos.com", &["CatalogSource"], &["spec.image"]),
];

/// Mappings whose fields make an image that operators pull: the group, and how the path to the mapping ends.
const SPLIT: &[(&str, &str)] = &[("operator.victoriametrics.com", "image")];

/// What an Application of Argo CD deploys from: one source, several, or one of which it commits first what comes of it.
pub(super) fn sources(spec: &Tree) -> impl Iterator<Item = &Tree> {
    let several = spec.get("sources").map(Tree::items).unwrap_or_default();
    spec.get("source").into_iter().chain(several).chain(spec.at(&["sourceHydrator", "drySource"]))
}

/// The group of a version; empty for the core.
pub(super) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether Kubernetes has a group itself.
pub(super) fn is_built_in(group: &str) -> bool {
    BUILT_IN.contains(&group)
}

/// Whether it is known where the operator of a group looks for images: its containers are those of pods.
pub(super) fn is_known(group: &str) -> bool {
    FIELDS.iter().any(|(of, ..)| *of == group)
}

/// Whether objects of a group hold patterns for others.
pub(super) fn is_pattern(group: &str) -> bool {
    PATTERNS.contains(&group)
}

/// Whether the operator of a kind pulls what stands at a path.
pub(super) fn is_known_field(object: &Object, shape: &str) -> bool {
    let group = group(&object.api_version);
    FIELDS.iter().filter(|(of, ..)| *of == group).any(|(_, kinds, ends)| {
        let is_kind = kinds.is_empty() || kinds.contains(&object.kind.as_str());
        is_kind && ends.iter().any(|end| ends_with(shape, end))
    })
}

/// Whether the operator of a kind pulls what the fields of a mapping at a path make together.
pub(super) fn is_known_split(object: &Object, shape: &str) -> bool {
    let group = group(&object.api_version);
    SPLIT.iter().any(|(of, end)| *of == group && ends_with(shape, end))
}

fn ends_with(shape: &str, end: &str) -> bool {
    shape.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
