//! `rke2` and `k3s`, as the test rig has them: the stand-in distributions. What it is stands at the end of the program.
//!
//! The real ones can't be had where these tests run: their binaries come from release pages and their images from registries
//! on the internet. What an installer sees of them is a contract: a release of files, units, `config.yaml`,
//! `registries.yaml`, images in `agent/images`, a port to join by, a token, manifests in `server/manifests`,
//! a kubeconfig, and at the end a cluster. This program keeps that contract around a real Kubernetes, a real containerd,
//! a real etcd and the real helm controller. Differences that can be seen:
//!
//! - the parts of the control plane are children of this program, not static pods;
//! - the network between pods is a bridge on each node with static routes, whatever `cni` says (but for `none`);
//! - of the packaged charts there is CoreDNS only; there is no `crictl`;
//! - of a version that is not the one of the Kubernetes in the rig, kubelet says that it is of it, and nothing else is;
//! - agents talk to the API server of the server they joined by, without a balancer of their own;
//! - `rewrite` in `registries.yaml`, `system-default-registry` and S3 are refused instead of ignored.
//!
//! Of k3s besides:
//!
//! - nodes join by port 6445 of the server that they are told, not by its port 6443, where the API server alone answers;
//! - a single server keeps its state in etcd instead of SQLite; as there, no server can join it without `cluster-init`;
//! - the programs are Debian's and the rig's, not in `data/current/bin`; of its subcommands there is `kubectl`;
//! - kubelet calls itself by RKE2's version; of the packaged components there is CoreDNS only, as a chart.

mod agent;
mod api;
mod authority;
mod children;
mod config;
mod contract;
mod control_plane;
mod coredns;
mod etcd;
mod hardening;
mod images;
mod join;
mod kubelet;
mod layout;
mod manifests;
mod members;
mod network;
mod node;
mod registries;
mod runtime;
mod server;
mod supervisor;

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    match contract::begin().and_then(|()| run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            layout::say(&format!("level=fatal msg=\"{error:#}\""));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--version" | "-v"] => {
            let contract = contract::contract();
            writeln!(std::io::stdout(), "{} version {} (stand-in)", contract.name, contract.edition.version)?;
            Ok(())
        }
        ["server"] => server::run(),
        ["agent"] => agent::run(),
        ["etcd-snapshot", "save", rest @ ..] => etcd::save_snapshot(rest),
        ["kubectl", rest @ ..] if contract::contract().is_k3s() => kubectl(rest),
        _ => bail!("what the stand-in does: server, agent, etcd-snapshot save [--name NAME], --version"),
    }
}

/// `k3s kubectl`: kubectl, which finds the cluster by itself.
fn kubectl(words: &[&str]) -> Result<()> {
    let mut command = std::process::Command::new(layout::program("kubectl"));
    if std::env::var_os("KUBECONFIG").is_none() {
        command.env("KUBECONFIG", contract::contract().kubeconfig);
    }
    Err(command.args(words).exec().into())
}
