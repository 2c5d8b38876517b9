//! etcd: one member on each server.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::authority::{Subject, certificate_file, issue};
use crate::children::{Service, output};
use crate::config::Config;
use crate::layout::{Data, say};

/// How a member finds the others.
#[derive(Debug)]
pub(crate) struct Membership {
    /// `NAME=URL,…`
    pub(crate) members: String,
    /// `new` or `existing`.
    pub(crate) state: &'static str,
}

/// The URL at which other members reach that of a server.
pub(crate) fn peer_url(address: &str) -> String {
    format!("https://{address}:2380")
}

/// Writes its certificates and keeps it running.
pub(crate) fn start(config: &Config, membership: &Membership) -> Result<()> {
    let data = &config.data;
    let names: Vec<String> = ["127.0.0.1", "localhost", &config.address, &config.name].map(str::to_owned).to_vec();
    let subject = Subject { name: "etcd", group: None, alternative: &names };
    for (authority, name) in
        [("etcd/server-ca", "etcd/server"), ("etcd/peer-ca", "etcd/peer"), ("etcd/server-ca", "etcd/client")]
    {
        let credential = issue(data, authority, &subject)?;
        data.write(&certificate_file(name), credential.certificate)?;
        data.write(&format!("server/tls/{name}.key"), credential.key)?;
    }
    let tls = |name: &str| data.text(&format!("server/tls/etcd/{name}"));
    let peers = peer_url(&config.address);
    let clients = format!("https://127.0.0.1:2379,https://{}:2379", config.address);
    let words = [
        ("name", config.name.clone()),
        ("data-dir", data.text("server/db/etcd")),
        ("listen-client-urls", clients),
        ("advertise-client-urls", format!("https://{}:2379", config.address)),
        ("listen-peer-urls", peers.clone()),
        ("initial-advertise-peer-urls", peers),
        ("initial-cluster", membership.members.clone()),
        ("initial-cluster-state", membership.state.to_owned()),
        ("cert-file", tls("server.crt")),
        ("key-file", tls("server.key")),
        ("trusted-ca-file", tls("server-ca.crt")),
        ("client-cert-auth", "true".to_owned()),
        ("peer-cert-file", tls("peer.crt")),
        ("peer-key-file", tls("peer.key")),
        ("peer-trusted-ca-file", tls("peer-ca.crt")),
        ("peer-client-cert-auth", "true".to_owned()),
        // In milliseconds, as the real ones have it: with etcd's own, a slow disk makes the members elect again and again.
        ("heartbeat-interval", "500".to_owned()),
        ("election-timeout", "5000".to_owned()),
    ];
    let mut arguments: Vec<String> = words.iter().map(|(name, value)| format!("--{name}={value}")).collect();
    arguments.extend(config.arguments("etcd-arg"));
    fs::create_dir_all(data.at("server/db/etcd")).context("cannot make the folder of etcd")?;
    Service { program: "etcd".into(), arguments, log: data.at("agent/logs/etcd.log") }.keep()
}

/// Takes a new server in as a member and returns how it finds the others. Asked again, it says the same again. The member has no
/// vote until it has all that the others have: until then it can't keep them from a majority.
pub(crate) fn add_member(data: &Data, name: &str, address: &str) -> Result<String> {
    let peer = peer_url(address);
    let before = members(data)?;
    if !before.iter().any(|(_, url)| *url == peer) {
        if let Some((_, waiting)) = before.iter().find(|(name, _)| name.is_empty()) {
            bail!("{waiting} is joining: one server after the other");
        }
        etcdctl(data, &["member", "add", name, "--learner", &format!("--peer-urls={peer}")])?;
    }
    let list = members(data)?;
    let list = list.iter().map(|(known, url)| {
        let name = if *url == peer { name } else { known };
        format!("{name}={url}")
    });
    Ok(list.collect::<Vec<_>>().join(","))
}

/// Takes the member of a server out.
pub(crate) fn remove_member(data: &Data, name: &str) -> Result<()> {
    of_member(data, "remove", |member| member["name"] == name)
}

/// Gives the member that has no vote one, where it has all by now.
pub(crate) fn promote_learner(data: &Data) -> Result<()> {
    of_member(data, "promote", |member| member["isLearner"] == true && member["name"] != "")
}

/// Does something to the member that is meant, where there is one.
fn of_member(data: &Data, what: &str, is_meant: impl Fn(&Value) -> bool) -> Result<()> {
    let list = list(data)?;
    let Some(id) = list.iter().find(|member| is_meant(member)).and_then(|member| member["ID"].as_u64()) else {
        return Ok(());
    };
    etcdctl(data, &["member", what, &format!("{id:x}")]).map(drop)
}

/// Whether the member of this server answers, with a majority behind it.
pub(crate) fn is_well(data: &Data) -> bool {
    etcdctl(data, &["endpoint", "health"]).is_ok()
}

/// Whether a server's member has a vote.
pub(crate) fn has_vote(data: &Data, name: &str) -> Result<bool> {
    Ok(list(data)?.iter().any(|member| member["name"] == name && member["isLearner"] != true))
}

fn list(data: &Data) -> Result<Vec<Value>> {
    let mut list: Value = serde_json::from_str(&etcdctl(data, &["member", "list", "--write-out=json"])?)?;
    match list["members"].take() {
        Value::Array(members) => Ok(members),
        _ => bail!("etcd lists no members"),
    }
}

/// Names and URLs.
fn members(data: &Data) -> Result<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(list(data)?.iter().map(|member| (text(&member["name"]), text(&member["peerURLs"][0]))).collect())
}

fn etcdctl(data: &Data, words: &[&str]) -> Result<String> {
    let file = |name: &str| data.text(&format!("server/tls/etcd/{name}"));
    let [ca, certificate, key] = ["server-ca.crt", "client.crt", "client.key"].map(file);
    let common = [
        "ETCDCTL_API=3",
        "etcdctl",
        "--endpoints=https://127.0.0.1:2379",
        "--cacert",
        &ca,
        "--cert",
        &certificate,
        "--key",
        &key,
    ];
    output("env", &[&common[..], words].concat())
}

/// `etcd-snapshot save [--name NAME]`: `NAME-NODE-SECONDS` in `server/db/snapshots`.
pub(crate) fn save_snapshot(words: &[&str]) -> Result<()> {
    let name = match words {
        [] => "on-demand",
        ["--name", name] => name,
        _ => bail!("the stand-in knows only --name here"),
    };
    let config = Config::load()?;
    let folder = config.or("etcd-snapshot-dir", &config.data.text("server/db/snapshots"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {folder}"))?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).context("the clock is off")?;
    let file = Path::new(&folder).join(format!("{name}-{}-{}", config.name, now.as_secs()));
    etcdctl(&config.data, &["snapshot", "save", &file.display().to_string()])?;
    say(&format!("level=info msg=\"Snapshot {} saved.\"", file.display()));
    Ok(())
}
