//! `rke2 server`, `k3s server`.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_lc_rs::rand;

use crate::authority::{self, certificate_file};
use crate::children::until;
use crate::config::Config;
use crate::contract::contract;
use crate::control_plane::{self, kubectl};
use crate::etcd::{self, Membership};
use crate::join::{Handout, Settings, ask, full_token, password};
use crate::layout::{ready, say};
use crate::supervisor::Supervisor;
use crate::{hardening, manifests, members, node, runtime};

/// Starts a server and stays.
pub(crate) fn run() -> Result<()> {
    let config = Config::load()?;
    refuse_what_is_missing(&config)?;
    hardening::refuse(&config, Some("etcd"))?;
    let listener = Supervisor::listen()?;
    runtime::start(&config)?;
    let (settings, membership) = found_or_join(&config)?;
    let (token, agent_token) = tokens(&config)?;
    etcd::start(&config, &membership)?;
    until("the member of etcd has a vote", Duration::from_millis(200), || {
        if etcd::is_well(&config.data) { Ok(()) } else { bail!("it does not answer, or has none yet") }
    });
    control_plane::start(&config, &settings)?;
    let (data, address) = (config.data.clone(), config.address.clone());
    // No node may join before there is an API to join.
    until("the API server is ready", Duration::from_millis(200), || {
        kubectl(&config.data, &["get", "--raw", "/readyz"])
    });
    Supervisor { data, settings: settings.clone(), address, passwords: (token, agent_token) }.start(listener)?;
    Handout::for_node(&config.data, &settings, (&config.name, &config.address), "https://127.0.0.1:6443")?
        .unpack(&config.data)?;
    node::start(&config, &settings, "https://127.0.0.1:6443")?;
    manifests::write_packaged(&config, &settings)?;
    let has_member = settings.takes_servers;
    until("this node is registered", Duration::from_millis(500), || members::label(&config, has_member));
    if has_member {
        members::keep(config.data.clone(), config.name.clone());
    }
    say(&format!("level=info msg=\"{} is up and running\"", contract().name));
    ready()?;
    manifests::deploy(&config)
}

fn refuse_what_is_missing(config: &Config) -> Result<()> {
    for part in ["disable-apiserver", "disable-etcd", "disable-controller-manager", "disable-scheduler"] {
        if config.is_on(part) {
            bail!("the stand-in has no servers of a part of the roles: {part}");
        }
    }
    Ok(())
}

/// A first server makes what the cluster stands on; a later one takes it over.
fn found_or_join(config: &Config) -> Result<(Settings, Membership)> {
    let own = format!("{}={}", config.name, etcd::peer_url(&config.address));
    if config.one("server").is_some() && !config.data.at("server/db/etcd/member").exists() {
        let handout: Handout = ask(config, "server")?;
        handout.unpack(&config.data)?;
        let members = handout.members.context("the server that was asked names no members of etcd")?;
        let settings = Settings::of(config)?;
        if (&settings.cluster_cidr, &settings.service_cidr)
            != (&handout.settings.cluster_cidr, &handout.settings.service_cidr)
        {
            bail!("critical configuration value mismatch between servers: cluster-cidr, service-cidr");
        }
        return Ok((handout.settings, Membership { members, state: "existing" }));
    }
    authority::make_missing(&config.data)?;
    control_plane::make_missing(config)?;
    Ok((Settings::of(config)?, Membership { members: own, state: "new" }))
}

/// The passwords of servers and of agents, which are also written where a person looks for them.
fn tokens(config: &Config) -> Result<(String, Option<String>)> {
    let kept = config.data.read("server/token");
    let given = config.token()?.or(kept).map(|token| password(token.trim()).to_owned());
    let token = match given {
        Some(token) => token,
        None => random()?,
    };
    let agent_token = config.one("agent-token").map(|token| password(token).to_owned());
    let authority = config.data.read(&certificate_file("server-ca")).context("no authority of servers")?;
    config.data.write("server/token", format!("{}\n", full_token(&authority, &token)))?;
    let for_agents = agent_token.as_ref().unwrap_or(&token);
    config.data.write("server/node-token", format!("{}\n", full_token(&authority, for_agents)))?;
    Ok((token, agent_token))
}

pub(crate) fn random() -> Result<String> {
    let mut bytes = [0_u8; 16];
    rand::fill(&mut bytes).ok().context("no randomness")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Stays for ever: what was started lives in threads.
pub(crate) fn stay() -> ! {
    loop {
        thread::park();
    }
}
