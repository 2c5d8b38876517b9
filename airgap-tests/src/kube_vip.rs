//! The real kube-vip, as a component whose image has its upstream name.

use anyhow::{Context, Result};

use crate::machine::Machine;
use crate::programs::tool;

/// The component. The version is that which `kube-vip/go.mod` pins.
const COMPONENT: &str = "apiVersion: airgap/v1\nkind: Component\nname: kube-vip\nimages:\n  \
                         - image: ghcr.io/kube-vip/kube-vip:v0.9.1\n    from: {ociLayout: ./kube-vip-image, name: '1'}\n";

/// Makes the image on a connected machine, and writes the component that carries it. Returns the name of its file.
///
/// # Errors
/// When the set-up has not built it, or a tool fails.
pub fn kube_vip(machine: &Machine) -> Result<&'static str> {
    let program = tool("kube-vip")?.canonicalize().context("kube-vip is no file")?.display().to_string();
    let image = ["--image", "kube-vip-image:1"];
    machine.run("umoci", &["init", "--layout", "kube-vip-image"])?;
    machine.run("umoci", &[&["new"], &image[..]].concat())?;
    let config = ["--architecture", "amd64", "--os", "linux", "--config.entrypoint", "/kube-vip"];
    machine.run("umoci", &[&["config"], &image[..], &config].concat())?;
    machine.run("umoci", &[&["insert"], &image[..], &[&program, "/kube-vip"]].concat())?;
    machine.write("kube-vip.yaml", COMPONENT)?;
    Ok("kube-vip.yaml")
}
