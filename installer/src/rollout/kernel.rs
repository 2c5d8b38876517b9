//! What components need of a node's kernel: kept in files that the system reads at every boot, and in force from now on.

use std::collections::{BTreeMap, BTreeSet};

use manifests::document::Platform;

use super::error::WorkError;
use super::want::{Content, NodeWant, Part, WantedFile};
use crate::host::{Command, Host};

const KERNEL: &str = include_str!("kernel.sh");
/// The modules that are loaded, as modules-load.d(5) has them.
const MODULES: &str = "/etc/modules-load.d/airgap-components.conf";
/// The settings that are set, as sysctl.d(5) has them: behind those of `preflight --fix`.
const SYSCTLS: &str = "/etc/sysctl.d/91-airgap-components.conf";
/// What both begin with.
const HEAD: &str = "# Written by airgap-install, for components of the bundle.\n";

/// The files that say what the components of a platform need; none where they need nothing.
pub fn files(platform: &Platform) -> Vec<WantedFile> {
    let components = || platform.components.iter();
    let modules: BTreeSet<_> = components().flat_map(|component| &component.kernel_modules).collect();
    // A valid document has one value for each.
    let sysctls: BTreeMap<_, _> = components().flat_map(|component| &component.sysctls).collect();
    let modules = modules.iter().map(|module| format!("{module}\n")).collect();
    let sysctls = sysctls.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    let said: [(&str, String); 2] = [(MODULES, modules), (SYSCTLS, sysctls)];
    let said = said.into_iter().filter(|(_, lines)| !lines.is_empty());
    said.map(|(path, lines)| WantedFile {
        part: Part::Kernel,
        ..WantedFile::text(path, 0o644, &format!("{HEAD}{lines}"))
    })
    .collect()
}

/// Brings into force what the files of a node will say.
pub(super) async fn enforce(host: &dyn Host, want: &NodeWant) -> Result<(), WorkError> {
    let arguments = [MODULES, SYSCTLS].map(|path| said(want, path));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    host.expect(&Command::script("load and set what components need of the kernel", KERNEL, &arguments)).await?;
    Ok(())
}

/// What a file made here will say; nothing if it is not wanted.
fn said(want: &NodeWant, path: &str) -> String {
    let file = want.files.iter().find(|file| file.path == path);
    match file.map(|file| &file.content) {
        Some(Content::Text(text)) => String::from_utf8_lossy(&text.0).into_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, modules: &[&str], sysctls: &[(&str, &str)]) -> serde_json::Value {
        let sysctls: BTreeMap<_, _> = sysctls.iter().copied().collect();
        serde_json::json!({"name": name, "kernelModules": modules, "sysctls": sysctls})
    }

    fn platform(components: &[serde_json::Value]) -> Platform {
        let distribution = serde_json::json!({"name": "rke2", "version": "v1.30.6+rke2r1", "files": "rke2"});
        serde_json::from_value(serde_json::json!({"distribution": distribution, "components": components})).unwrap()
    }

    fn text(file: &WantedFile) -> String {
        let Content::Text(text) = &file.content else { panic!("made here") };
        String::from_utf8(text.0.to_vec()).unwrap()
    }

    #[test]
    fn what_components_need_is_written_once_in_the_order_of_names() {
        let files = files(&platform(&[
            component("longhorn", &["nfs", "iscsi_tcp"], &[]),
            component("elastic", &["nfs"], &[("vm.max_map_count", "262144"), ("fs.file-max", "1")]),
        ]));
        assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), [MODULES, SYSCTLS]);
        assert_eq!(text(&files[0]), format!("{HEAD}iscsi_tcp\nnfs\n"));
        assert_eq!(text(&files[1]), format!("{HEAD}fs.file-max = 1\nvm.max_map_count = 262144\n"));
    }

    #[test]
    fn nothing_is_written_where_nothing_is_needed() {
        assert!(files(&platform(&[component("web", &[], &[])])).is_empty());
    }
}
