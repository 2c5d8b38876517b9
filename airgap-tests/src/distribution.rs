//! The stand-in distribution: RKE2's outer contract around a real Kubernetes.
//!
//! RKE2 itself can't be had where the tests run: its release comes from a page on the internet, its images from
//! registries there. An installer sees files, units, configuration, a port to join by and a cluster; all of that is here,
//! made from Debian's packages, from Go modules and from our own scripts. [`Release`] is the folder of a release;
//! `src/bin/rig-rke2/` is the program in it and says where it differs from the real one.

mod archive;
mod images;
mod release;

pub use release::Release;

/// The pod's first container.
pub const PAUSE: &str = "rancher/mirrored-pause:3.6";
/// The name server.
pub const COREDNS: &str = "rancher/hardened-coredns:v1.11.3-build20241018";
/// What runs helm.
pub const CHART_JOB: &str = "rancher/klipper-helm:v0.9.3-build20241008";
/// What the real one carries its programs in. It does not start without this image, so neither does the stand-in.
pub const RUNTIME: &str = "rancher/rke2-runtime:VERSION";

/// The version of the release: that of the Kubernetes in it, as RKE2 counts.
pub fn version() -> String {
    let pinned = include_str!("../kubernetes/go.mod").lines();
    let mut words = pinned.map(|line| line.split_whitespace().skip_while(|word| *word == "require"));
    let kubernetes = words.find_map(|mut words| (words.next()? == "k8s.io/kubernetes").then(|| words.next())?);
    format!("{}+rke2r1", kubernetes.unwrap_or("v0.0.0"))
}

/// The full reference of one of the images.
pub fn reference(image: &str) -> String {
    format!("docker.io/{}", image.replace("VERSION", &version().replace('+', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_the_module_pins() {
        assert!(version().starts_with("v1.30."), "{}", version());
        assert_eq!(reference(RUNTIME), format!("docker.io/rancher/rke2-runtime:{}", version().replace('+', "-")));
    }
}
