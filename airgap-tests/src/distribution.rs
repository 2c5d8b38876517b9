//! The stand-in distributions: the outer contract of RKE2 and of k3s around a real Kubernetes.
//!
//! They themselves can't be had where the tests run: their releases come from a page on the internet, their images from
//! registries there. An installer sees files, units, configuration, a port to join by and a cluster; all of that is here,
//! made from Debian's packages, from Go modules and from our own scripts. [`Release`] is the folder of a release of an
//! [`Edition`]; `src/bin/rig-distribution/` is the program in it and says where it differs from the real ones.

mod archive;
mod edition;
mod images;
mod release;

pub use edition::{Edition, Flavour};
pub use release::Release;

/// The pod's first container.
pub const PAUSE: &str = "rancher/mirrored-pause:3.6";
/// The name server.
pub const COREDNS: &str = "rancher/hardened-coredns:v1.11.3-build20241018";
/// What runs helm.
pub const CHART_JOB: &str = "rancher/klipper-helm:v0.9.3-build20241008";
/// What the real RKE2 carries its programs in. It does not start without this image, so neither does its stand-in.
pub const RUNTIME: &str = "rancher/rke2-runtime:VERSION";

/// The version of RKE2's release: that of the Kubernetes in it, as RKE2 counts.
pub fn version() -> String {
    Edition::rke2().version
}

/// The full reference of one of the images of an edition.
pub fn reference(image: &str, edition: &Edition) -> String {
    format!("docker.io/{}", image.replace("VERSION", &edition.version.replace('+', "-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_the_module_pins() {
        assert!(version().starts_with("v1.30."), "{}", version());
        let runtime = reference(RUNTIME, &Edition::rke2());
        assert_eq!(runtime, format!("docker.io/rancher/rke2-runtime:{}", version().replace('+', "-")));
    }
}
