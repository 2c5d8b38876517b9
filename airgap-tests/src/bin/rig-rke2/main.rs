//! `rke2`, as the test rig has it: the stand-in distribution.
//!
//! The real RKE2 can't be had where these tests run: its binary comes from a release page and its images from registries
//! on the internet. What an installer sees of it is a contract: a release of files, units, `config.yaml`,
//! `registries.yaml`, images in `agent/images`, the supervisor on port 9345, a token, manifests in `server/manifests`,
//! `rke2.yaml`, and at the end a cluster. This program keeps that contract around a real Kubernetes, a real containerd,
//! a real etcd and the real helm controller. Differences that can be seen:
//!
//! - the parts of the control plane are children of this program, not static pods;
//! - the network between pods is a bridge on each node with static routes, whatever `cni` says (but for `none`);
//! - of the packaged charts there is CoreDNS only; there is no `crictl`;
//! - agents talk to the API server of the server they joined by, without a balancer of their own;
//! - `rewrite` in `registries.yaml`, `system-default-registry` and S3 are refused instead of ignored.

mod agent;
mod api;
mod authority;
mod children;
mod config;
mod control_plane;
mod coredns;
mod etcd;
mod images;
mod join;
mod layout;
mod manifests;
mod network;
mod node;
mod registries;
mod runtime;
mod server;
mod supervisor;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    match run() {
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
            writeln!(std::io::stdout(), "rke2 version {} (stand-in)", airgap_tests::distribution::version())?;
            Ok(())
        }
        ["server"] => server::run(),
        ["agent"] => agent::run(),
        ["etcd-snapshot", "save", rest @ ..] => etcd::save_snapshot(rest),
        _ => bail!("what the stand-in does: server, agent, etcd-snapshot save [--name NAME], --version"),
    }
}
