//! A platform to make a cluster of, and the site that it is made at.

use std::fmt::Write as _;

use anyhow::Result;

use crate::distribution::{Edition, Release};
use crate::gap::JUMP;
use crate::machine::Machine;
use crate::servers::{OF_CONTAINERS, OPERATOR};

/// Builds a bundle of a distribution and the components of these files on a connected machine, `platform.tar.zst`, signed by
/// whoever has signed there before.
///
/// # Errors
/// When a part of the release is missing, or the bundle does not build.
pub fn deliver_platform(machine: &Machine, edition: &Edition, bundle: &str, components: &[&str]) -> Result<()> {
    machine.write("distribution.yaml", Release::of(edition)?.component()?)?;
    let components = [&["distribution.yaml"], components].concat();
    let components: String = components.iter().map(|file| format!("  - component: ./{file}\n")).collect();
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: platform\nversion: {bundle}\ncreated: 2026-01-01\n\
         platforms: [linux/amd64]\ndistribution: {{name: {}, version: {}}}\ncomponents:\n{components}",
        edition.flavour, edition.version,
    );
    machine.write("stack.yaml", stack)?;
    machine.bundle(&["build", "stack.yaml", "-o", "platform.tar.zst", "--key", "ci"])?.success()?;
    Ok(())
}

/// The text of a `site.yaml` for machines at these addresses: so many servers, the others agents, with the names `node-0` and so
/// on. What is said of the cluster besides is a part of a flow mapping.
pub fn site_yaml(port: &str, addresses: &[&str], servers: usize, cluster: &str) -> String {
    let mut text = format!(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {{name: platform, versions: \"*\"}}\n\
         jumpHost: {{address: {JUMP}, port: {port}}}\nssh: {{user: {OPERATOR}, key: ./servers}}\nbecome: sudo\n\
         cluster: {{{cluster}podCIDRs: [10.42.0.0/16], serviceCIDRs: [10.43.0.0/16]}}\nwaivers:\n",
    );
    // All nodes are containers of one machine, however busy and full that is. Writing to a string can't fail.
    for check in OF_CONTAINERS {
        let _ = writeln!(text, "  {check}: a container");
    }
    text.push_str("nodes:\n");
    for (number, address) in addresses.iter().enumerate() {
        let role = if number < servers { "server" } else { "agent" };
        let _ = writeln!(text, "  - {{name: node-{number}, address: {address}, role: {role}}}");
    }
    text
}
