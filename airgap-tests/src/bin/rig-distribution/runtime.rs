//! containerd, and the images that are there before anything runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::children::{Service, output};
use crate::config::Config;
use crate::contract::contract;
use crate::images::{self, PAUSE, reference};
use crate::kubelet;
use crate::layout::{CNI, CONTAINERD, PROGRAMS};
use crate::registries::Registries;

/// Starts containerd, takes in the images of `agent/images` and puts the programs into `bin`.
pub(crate) fn start(config: &Config) -> Result<()> {
    let data = &config.data;
    let registries = Registries::load()?;
    registries.write_hosts(config)?;
    for folder in ["agent/containerd", "agent/images", "agent/etc/containerd"] {
        fs::create_dir_all(data.at(folder)).with_context(|| format!("cannot make {folder}"))?;
    }
    fs::create_dir_all(CNI).with_context(|| format!("cannot make {CNI}"))?;
    data.write("agent/etc/containerd/config.toml", configuration(config, &registries))?;
    let arguments = vec!["--config".to_owned(), data.text("agent/etc/containerd/config.toml")];
    let log = data.at("agent/containerd/containerd.log");
    Service { program: "containerd".into(), arguments, log }.keep()?;
    wait()?;
    images::import(config)?;
    images::require_runtime(config)?;
    link_programs(config)
}

fn wait() -> Result<()> {
    let start = Instant::now();
    while let Err(error) = ctr(&["version"]) {
        if start.elapsed() > Duration::from_secs(60) {
            bail!("containerd did not come up: {error:#}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    // Where it may not watch files, say, it runs on without its service for Kubernetes, and nothing would ever come up.
    let plugins = ctr(&["plugins", "ls"])?;
    let cri = plugins.lines().find(|line| line.split_whitespace().nth(1) == Some("cri")).unwrap_or("no such plugin");
    if !cri.trim_end().ends_with("ok") {
        bail!("containerd has no service for Kubernetes: {cri}");
    }
    Ok(())
}

/// Runs `ctr` on the images of Kubernetes.
pub(crate) fn ctr(words: &[&str]) -> Result<String> {
    output("ctr", &[&["--address", CONTAINERD, "--namespace", "k8s.io"], words].concat())
}

fn configuration(config: &Config, registries: &Registries) -> String {
    let data = &config.data;
    let cri = "plugins.\"io.containerd.grpc.v1.cri\"";
    format!(
        "version = 2\nroot = \"{}\"\nstate = \"/run/k3s/containerd\"\n\n\
         [grpc]\n  address = \"{CONTAINERD}\"\n\n\
         [plugins.\"io.containerd.internal.v1.opt\"]\n  path = \"{}\"\n\n\
         [{cri}]\n  sandbox_image = \"{}\"\n  restrict_oom_score_adj = true\n\n\
         [{cri}.cni]\n  bin_dir = \"/usr/lib/cni\"\n  conf_dir = \"{CNI}\"\n\n\
         [{cri}.containerd]\n  snapshotter = \"{}\"\n\n\
         [{cri}.containerd.runtimes.runc]\n  runtime_type = \"io.containerd.runc.v2\"\n\n\
         [{cri}.containerd.runtimes.runc.options]\n  SystemdCgroup = false\n\n\
         [{cri}.registry]\n  config_path = \"{}\"\n{}",
        data.text("agent/containerd"),
        data.text("agent/containerd"),
        reference(PAUSE),
        config.or("snapshotter", "overlayfs"),
        data.text("agent/etc/containerd/certs.d"),
        registries.logins(cri),
    )
}

/// `bin`, as people put it into their `PATH`.
fn link_programs(config: &Config) -> Result<()> {
    let folder = format!("data/{}/bin", contract().edition.version.replace('+', "-"));
    let real = config.data.at(&folder);
    fs::create_dir_all(&real).with_context(|| format!("cannot make {}", real.display()))?;
    let kubelet = kubelet::of_this_edition(&real)?;
    let ours = [("kubectl", format!("{PROGRAMS}/kubectl")), ("kubelet", kubelet)];
    let theirs = [("containerd", "/usr/bin"), ("ctr", "/usr/bin"), ("runc", "/usr/sbin")];
    let theirs = theirs.map(|(name, folder)| (name, format!("{folder}/{name}")));
    for (name, target) in ours.into_iter().chain(theirs) {
        link(Path::new(&target), &real.join(name))?;
    }
    link(Path::new(&folder), &config.data.at("bin"))
}

fn link(target: &Path, place: &Path) -> Result<()> {
    if place.symlink_metadata().is_ok() {
        fs::remove_file(place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    symlink(target, place).with_context(|| format!("cannot link {}", place.display()))
}
