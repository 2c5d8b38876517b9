//! What a node is handed when it joins, and how it asks for it.

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use manifests::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::authority::{AUTHORITIES, Credential, Subject, certificate_file, issue, key_file, kubeconfig};
use crate::children::{output, until};
use crate::config::Config;
use crate::contract::contract;
use crate::etcd;
use crate::layout::Data;

/// What all nodes of a cluster have to agree on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) cluster_cidr: String,
    pub(crate) service_cidr: String,
    pub(crate) cluster_dns: String,
    pub(crate) cluster_domain: String,
    pub(crate) cni: String,
    pub(crate) kube_proxy: bool,
    /// Whether other servers may join: with k3s, not one that keeps its state for itself.
    pub(crate) takes_servers: bool,
}

impl Settings {
    pub(crate) fn of(config: &Config) -> Result<Self> {
        let mut settings = Self {
            cluster_cidr: config.or("cluster-cidr", "10.42.0.0/16"),
            service_cidr: config.or("service-cidr", "10.43.0.0/16"),
            cluster_dns: String::new(),
            cluster_domain: config.or("cluster-domain", "cluster.local"),
            cni: config.or("cni", "canal"),
            kube_proxy: !config.is_on("disable-kube-proxy"),
            takes_servers: !contract().is_k3s() || config.is_on("cluster-init") || config.one("server").is_some(),
        };
        settings.cluster_dns = config.or("cluster-dns", &settings.service(10)?);
        Ok(settings)
    }

    /// The address of the API server's service.
    pub(crate) fn first_service(&self) -> Result<String> {
        self.service(1)
    }

    fn service(&self, number: u32) -> Result<String> {
        let base = self.service_cidr.split('/').next().unwrap_or_default();
        let base: Ipv4Addr = base.parse().with_context(|| format!("service-cidr {} is none", self.service_cidr))?;
        Ok(Ipv4Addr::from_bits(base.to_bits() + number).to_string())
    }
}

/// Files by their place in the folder of state, and the settings.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Handout {
    pub(crate) settings: Settings,
    files: BTreeMap<String, String>,
    /// For a server: the members of etcd.
    pub(crate) members: Option<String>,
}

impl Handout {
    /// For a node, whatever its role.
    pub(crate) fn for_node(data: &Data, settings: &Settings, (name, address): (&str, &str), api: &str) -> Result<Self> {
        let read = |place: String| data.read(&place).with_context(|| format!("{place} is missing"));
        let mut files = BTreeMap::new();
        for authority in ["server-ca", "client-ca"] {
            files.insert(format!("agent/{authority}.crt"), read(certificate_file(authority))?);
        }
        let user = format!("system:node:{name}");
        let kubelet = Subject { name: &user, group: Some("system:nodes"), alternative: &[] };
        let alternative = [name, address, "127.0.0.1"].map(str::to_owned);
        let serving = Subject { name, group: None, alternative: &alternative };
        let proxy = Subject { name: "system:kube-proxy", ..Subject::default() };
        let mut add = |name: &str, credential: &Credential| {
            files.insert(format!("agent/{name}.crt"), credential.certificate.clone());
            files.insert(format!("agent/{name}.key"), credential.key.clone());
        };
        add("serving-kubelet", &issue(data, "server-ca", &serving)?);
        let kubelet = issue(data, "client-ca", &kubelet)?;
        add("client-kubelet", &kubelet);
        let proxy = issue(data, "client-ca", &proxy)?;
        let authority = read(certificate_file("server-ca"))?;
        for (name, credential) in [("kubelet", &kubelet), ("kubeproxy", &proxy)] {
            files.insert(format!("agent/{name}.kubeconfig"), kubeconfig(api, &authority, credential));
        }
        Ok(Self { settings: settings.clone(), files, members: None })
    }

    /// For another server: the keys of everything, and a place in etcd.
    pub(crate) fn for_server(data: &Data, settings: &Settings, (name, address): (&str, &str)) -> Result<Self> {
        if !settings.takes_servers {
            bail!("this server keeps its state for itself: it takes `cluster-init` for others to join");
        }
        let mut places = vec!["server/cred/encryption-config.json".to_owned()];
        places.extend(["service.key", "service.pub"].map(|name| format!("server/tls/{name}")));
        places.extend(AUTHORITIES.iter().flat_map(|name| [certificate_file(name), key_file(name)]));
        let mut files = BTreeMap::new();
        for place in places {
            let content = data.read(&place).with_context(|| format!("{place} is missing"))?;
            files.insert(place, content);
        }
        let members = Some(etcd::add_member(data, name, address)?);
        Ok(Self { settings: settings.clone(), files, members })
    }

    /// Puts the files in their places.
    pub(crate) fn unpack(&self, data: &Data) -> Result<()> {
        self.files.iter().try_for_each(|(place, content)| data.write(place, content))
    }
}

/// The password within a token: `K10<hash of the authority>::server:<password>`, or the password alone.
pub(crate) fn password(token: &str) -> &str {
    token.split_once("::").map_or(token, |(_, rest)| rest.split_once(':').map_or(rest, |(_, password)| password))
}

/// The whole token of a cluster.
pub(crate) fn full_token(authority: &str, password: &str) -> String {
    format!("K10{}::server:{password}", Digest::of(authority.as_bytes()).hex())
}

/// Where the server that a node is told answers those that join.
fn supervisor(server: &str) -> String {
    match server.strip_suffix(":6443") {
        Some(host) if contract().is_k3s() => format!("{host}:{}", contract().supervisor),
        _ => server.to_owned(),
    }
}

/// Asks the server that this node is to join by, until it answers.
pub(crate) fn ask<T: DeserializeOwned>(config: &Config, what: &str) -> Result<T> {
    let server = config.one("server").context("server is missing in config.yaml: an agent needs one")?;
    let token = config.token()?.context("token is required to join a cluster")?;
    if !server.starts_with("https://") {
        bail!("server {server} is no https:// URL");
    }
    let server = supervisor(server);
    Ok(until(&format!("joining by {server}"), Duration::from_secs(1), || {
        let authority = output(
            "curl",
            &[
                "-sS",
                "--fail-with-body",
                "--insecure",
                "--noproxy",
                "*",
                "--max-time",
                "10",
                &format!("{server}/cacerts"),
            ],
        )?;
        if let Some(hash) = token.strip_prefix("K10").and_then(|rest| rest.split("::").next())
            && hash != Digest::of(authority.as_bytes()).hex()
        {
            bail!("token CA hash does not match the Cluster CA certificate hash");
        }
        let file = config.data.text("agent/server-ca.crt");
        config.data.write("agent/server-ca.crt", &authority)?;
        // Not on the command line, where others could read it.
        let secret = config.data.text("agent/curl");
        config.data.write("agent/curl", format!("user = \"node:{}\"\n", password(&token)))?;
        let url = format!("{server}/v1-stand-in/{what}?name={}&address={}", config.name, config.address);
        let answer = output(
            "curl",
            &[
                "-sS",
                "--fail-with-body",
                "--noproxy",
                "*",
                "--max-time",
                "60",
                "--cacert",
                &file,
                "--config",
                &secret,
                &url,
            ],
        );
        fs::remove_file(&secret).ok();
        serde_json::from_str(&answer?).context("the server's answer is no JSON")
    }))
}
