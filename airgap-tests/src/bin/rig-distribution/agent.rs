//! `rke2 agent`, `k3s agent`.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::children::until;
use crate::config::Config;
use crate::contract::contract;
use crate::join::{Handout, ask};
use crate::layout::{ready, say};
use crate::server::stay;
use crate::{hardening, node, runtime};

/// Starts an agent and stays.
pub(crate) fn run() -> Result<()> {
    let config = Config::load()?;
    hardening::refuse(&config, None)?;
    runtime::start(&config)?;
    let handout: Handout = ask(&config, "node")?;
    handout.unpack(&config.data)?;
    let server = config.one("server").context("server is missing in config.yaml")?;
    let host = server.trim_start_matches("https://").split([':', '/']).next().unwrap_or_default();
    let server = format!("https://{host}:6443");
    let api = node::start(&config, &handout.settings, &server)?;
    registered(&config, &api);
    say(&format!("level=info msg=\"{} agent is up and running\"", contract().name));
    ready()?;
    stay()
}

fn registered(config: &Config, api: &Api) {
    let path = format!("/api/v1/nodes/{}", config.name);
    until("this node is registered", Duration::from_millis(500), || api.get(&path));
}
