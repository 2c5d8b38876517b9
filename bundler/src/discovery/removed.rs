//! Versions of Kubernetes' own API that clusters have no more, and kinds that they have.
//!
//! Helm knows all versions that there ever were, whatever the version of Kubernetes that it renders for; a chart that asks it
//! is told that they are there.

/// Versions of groups, with the minor version of Kubernetes from which on it is gone.
const GONE: [(&str, u64); 28] = [
    ("apps/v1beta1", 16),
    ("apps/v1beta2", 16),
    ("extensions/v1beta1", 22),
    ("batch/v2alpha1", 21),
    ("batch/v1beta1", 25),
    ("policy/v1beta1", 25),
    ("autoscaling/v2beta1", 25),
    ("autoscaling/v2beta2", 26),
    ("networking.k8s.io/v1beta1", 22),
    ("admissionregistration.k8s.io/v1beta1", 22),
    ("apiextensions.k8s.io/v1beta1", 22),
    ("apiregistration.k8s.io/v1beta1", 22),
    ("authentication.k8s.io/v1beta1", 22),
    ("authorization.k8s.io/v1beta1", 22),
    ("certificates.k8s.io/v1beta1", 22),
    ("coordination.k8s.io/v1beta1", 22),
    ("rbac.authorization.k8s.io/v1alpha1", 22),
    ("rbac.authorization.k8s.io/v1beta1", 22),
    ("scheduling.k8s.io/v1alpha1", 22),
    ("scheduling.k8s.io/v1beta1", 22),
    ("discovery.k8s.io/v1beta1", 25),
    ("events.k8s.io/v1beta1", 25),
    ("node.k8s.io/v1alpha1", 22),
    ("node.k8s.io/v1beta1", 25),
    ("storage.k8s.io/v1beta1", 27),
    ("flowcontrol.apiserver.k8s.io/v1beta1", 26),
    ("flowcontrol.apiserver.k8s.io/v1beta2", 29),
    ("flowcontrol.apiserver.k8s.io/v1beta3", 32),
];
/// Groups of which all versions are known, with those that are or were there. There will hardly be others.
const KNOWN: [(&str, &[&str]); 4] = [
    ("apps", &["v1", "v1beta1", "v1beta2"]),
    ("batch", &["v1", "v1beta1", "v2alpha1"]),
    ("policy", &["v1", "v1beta1"]),
    ("extensions", &["v1beta1"]),
];
/// Kinds that charts ask for, with the minor version of Kubernetes that has them first. Helm says of no kind that it is there.
const KINDS: [(&str, u64); 14] = [
    ("apiextensions.k8s.io/v1/CustomResourceDefinition", 16),
    ("apps/v1/DaemonSet", 9),
    ("apps/v1/Deployment", 9),
    ("apps/v1/StatefulSet", 9),
    ("autoscaling/v1/HorizontalPodAutoscaler", 2),
    ("autoscaling/v2/HorizontalPodAutoscaler", 23),
    ("batch/v1/CronJob", 21),
    ("batch/v1/Job", 5),
    ("networking.k8s.io/v1/Ingress", 19),
    ("networking.k8s.io/v1/IngressClass", 19),
    ("networking.k8s.io/v1/NetworkPolicy", 7),
    ("policy/v1/PodDisruptionBudget", 21),
    ("rbac.authorization.k8s.io/v1/ClusterRole", 8),
    ("storage.k8s.io/v1/StorageClass", 6),
];

/// Whether Kubernetes 1.`minor` lacks a version of its own API: `policy/v1beta1`.
pub(crate) fn is_gone(api_version: &str, minor: u64) -> bool {
    !is_known(api_version) || GONE.iter().any(|(gone, from)| *gone == api_version && minor >= *from)
}

/// Whether some Kubernetes lacks a version of its own API.
pub(crate) fn may_be_gone(api_version: &str) -> bool {
    is_gone(api_version, u64::MAX)
}

/// Not for a version that Kubernetes never had in one of its groups.
fn is_known(api_version: &str) -> bool {
    let Some((group, version)) = api_version.split_once('/') else { return true };
    KNOWN.iter().all(|(of, versions)| *of != group || versions.contains(&version))
}

/// The kinds of Kubernetes 1.`minor` that charts ask for.
pub(super) fn kinds(minor: u64) -> impl Iterator<Item = &'static str> {
    KINDS.iter().filter(move |(_, first)| minor >= *first).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_there_until_they_are_gone() {
        for (api, minor, gone) in [
            ("batch/v1beta1", 24, false),
            ("batch/v1beta1", 25, true),
            ("batch/v1", 40, false),
            ("apps/v2", 20, true),
            ("v1", 40, false),
            ("autoscaling/v2", 40, false),
            ("shop.example.org/v1beta1", 40, false),
        ] {
            assert_eq!(is_gone(api, minor), gone, "{api} {minor}");
        }
    }
}
