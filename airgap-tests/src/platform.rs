//! The images of a whole platform: one tree of Debian's packages, under the names that its parts have upstream.
//!
//! The real images come from registries on the internet, which can't be had where the tests run. These hold the same programs as
//! Debian packages them, in one layer that all of them share, so that a node has them all for the price of one.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::kept::kept;
use crate::machine::Machine;
use crate::network::Network;
use crate::node::{ArchiveSource, archive_sources, codename};
use crate::process::run_long;
use crate::programs::tool;
use crate::registry::Registry;

/// What is installed in the tree.
const PACKAGES: &str = "bind9,bind9-dnsutils,ca-certificates,curl,fcgiwrap,git,jq,nginx-light,postgresql,prometheus,\
                        prometheus-alertmanager,prometheus-node-exporter,redis-server";
/// What of these packages nothing here uses: half of the tree.
const LEFT_OUT: [&str; 9] = [
    "/usr/bin/promtool",
    "/usr/lib/*/libLLVM*",
    "/usr/lib/postgresql/*/lib/bitcode/*",
    "/usr/lib/postgresql/*/lib/llvmjit*",
    "/usr/share/doc/*",
    "/usr/share/i18n/*",
    "/usr/share/javascript/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
];
/// Its names in the registry `docker.io`.
const NAMES: [&str; 9] = [
    "example/git-server:2.39",
    "example/workbench:1.0",
    "internetsystemsconsortium/bind9:9.20",
    "library/nginx:1.22.1",
    "library/postgres:15",
    "library/redis:7.0.15",
    "prom/alertmanager:v0.25.0",
    "prom/node-exporter:v1.5.0",
    "prom/prometheus:v2.42.0",
];
/// One with a layer of its own: an application that is not packaged.
const APPLICATION: &str = "example/vet-clinic:1.0.0";
const START: &str = include_str!("platform/vet-clinic.sh");
const SETTINGS: &str = include_str!("platform/vet-clinic.conf");

/// The storage of a registry that has them, made now if this tree has none yet (minutes).
///
/// # Errors
/// When a tool is missing or fails.
pub(crate) fn storage() -> Result<PathBuf> {
    let sources: String = archive_sources()?.iter().map(ArchiveSource::line).collect();
    let mut key = DefaultHasher::new();
    (include_str!("platform.rs"), START, SETTINGS, &sources).hash(&mut key);
    kept("platform", &format!("{:016x}", key.finish()), |folder| make(folder, &sources))
}

fn make(storage: &Path, sources: &str) -> Result<()> {
    let host = Machine::on(Arc::new(Network::new(&[])?))?;
    let hub = Registry::start(&host, 5001, storage, None)?;
    tree(&host, sources)?;
    base(&host)?;
    for name in NAMES {
        push(&host, "base", name)?;
    }
    host.write("application/opt/vet-clinic/start", START)?;
    host.write("application/opt/vet-clinic/nginx.conf", SETTINGS)?;
    host.run("umoci", &["tag", "--image", "layout:base", "application"])?;
    host.run("umoci", &["insert", "--image", "layout:application", "application/opt", "/opt"])?;
    let command = ["--config.cmd", "sh", "--config.cmd", "/opt/vet-clinic/start"];
    host.run("umoci", &[&["config", "--image", "layout:application"], &command[..]].concat())?;
    push(&host, "application", APPLICATION)?;
    hub.stop()
}

/// The packages, installed from the archive that this machine itself uses.
fn tree(host: &Machine, sources: &str) -> Result<()> {
    let list = host.write("sources.list", sources)?;
    let tree = host.path("tree");
    let mut command = Command::new(tool("mmdebstrap")?);
    command.args(["--variant=minbase", "--format=directory", "--keyring=/usr/share/keyrings"]);
    command.arg(format!("--include={PACKAGES}"));
    command.args(LEFT_OUT.map(|path| format!("--dpkgopt=path-exclude={path}")));
    // The outside is reached from the caller's network.
    run_long(command.arg(codename()?).arg(&tree).arg(list))?.success().context("cannot make the tree")?;
    // Devices, and the database that its package has made.
    for folder in ["dev", "var/lib/postgresql"] {
        let path = tree.join(folder);
        fs::remove_dir_all(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    fs::set_permissions(&tree, fs::Permissions::from_mode(0o755)).context("cannot open the tree to all")
}

/// The tree as an image of one layer.
fn base(host: &Machine) -> Result<()> {
    let versions = fs::read_dir(host.path("tree/usr/lib/postgresql")).context("there is no PostgreSQL")?;
    let newest = versions.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).max();
    let newest = newest.context("there is no PostgreSQL")?;
    let path = format!("PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/{newest}/bin");
    let image = ["--image", "layout:base"];
    host.run("umoci", &["init", "--layout", "layout"])?;
    host.run("umoci", &[&["new"], &image[..]].concat())?;
    let config = ["--architecture", "amd64", "--os", "linux", "--config.env", &path, "--config.cmd", "sh"];
    host.run("umoci", &[&["config"], &image[..], &config].concat())?;
    let mut insert = host.command("umoci", &[&["insert"], &image[..], &["tree", "/"]].concat())?;
    run_long(&mut insert)?.success().context("cannot make a layer of the tree")?;
    Ok(())
}

fn push(host: &Machine, tag: &str, name: &str) -> Result<()> {
    let target = format!("docker://127.0.0.1:5001/{name}");
    let source = format!("oci:layout:{tag}");
    host.run("skopeo", &["copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", &source, &target])?;
    Ok(())
}
