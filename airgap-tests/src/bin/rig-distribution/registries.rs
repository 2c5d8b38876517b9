//! `registries.yaml`: where containerd pulls from instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::config::Config;
use crate::contract::contract;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Registries {
    mirrors: BTreeMap<String, Mirror>,
    configs: BTreeMap<String, Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Mirror {
    endpoint: Vec<String>,
    rewrite: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    auth: Option<Login>,
    tls: Option<Tls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Login {
    username: String,
    password: String,
    auth: String,
    identity_token: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tls {
    ca_file: String,
    cert_file: String,
    key_file: String,
    insecure_skip_verify: bool,
}

impl Registries {
    /// Reads it, if it is there.
    pub(crate) fn load() -> Result<Self> {
        let file = Path::new(contract().etc).join("registries.yaml");
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&file).context("cannot read registries.yaml")?;
        let read: Option<Self> = serde_yaml::from_str(&text).context("registries.yaml is broken")?;
        let read = read.unwrap_or_default();
        // Debian's containerd lacks it, and a rule that is not followed would look like one that is.
        if let Some((host, _)) = read.mirrors.iter().find(|(_, mirror)| !mirror.rewrite.is_empty()) {
            bail!("registries.yaml: the stand-in can't rewrite names, as is asked for {host}");
        }
        Ok(read)
    }

    /// Writes `certs.d/<host>/hosts.toml` for each host.
    pub(crate) fn write_hosts(&self, config: &Config) -> Result<()> {
        let folder = config.data.at("agent/etc/containerd/certs.d");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("cannot remove certs.d")?;
        }
        let alone = config.is_on("disable-default-registry-endpoint");
        for (host, mirror) in &self.mirrors {
            let name = if host == "*" { "_default" } else { host };
            let text = self.hosts(host, mirror, alone);
            config.data.write(&format!("agent/etc/containerd/certs.d/{name}/hosts.toml"), text)?;
        }
        Ok(())
    }

    fn hosts(&self, host: &str, mirror: &Mirror, alone: bool) -> String {
        // The upstream itself is asked last, unless that is forbidden.
        let upstream = match host {
            "*" => None,
            "docker.io" => Some("https://registry-1.docker.io".to_owned()),
            host => Some(format!("https://{host}")),
        };
        let last = mirror.endpoint.last().cloned();
        let server = if alone { last } else { upstream };
        let mut text = server.map(|server| format!("server = \"{server}\"\n")).unwrap_or_default();
        for endpoint in &mirror.endpoint {
            let (base, path) = split(endpoint);
            let path = if path.is_empty() || path == "/" { "/v2" } else { path };
            text.push_str(&format!("\n[host.\"{base}{path}\"]\n  capabilities = [\"pull\", \"resolve\"]\n"));
            if path != "/v2" {
                text.push_str("  override_path = true\n");
            }
            text.push_str(&self.trust(base));
        }
        text
    }

    fn trust(&self, base: &str) -> String {
        let host = base.split_once("://").map_or(base, |(_, host)| host);
        let Some(tls) = self.configs.get(host).or_else(|| self.configs.get("*")).and_then(|c| c.tls.as_ref()) else {
            return String::new();
        };
        let mut text = String::new();
        if !tls.ca_file.is_empty() {
            text.push_str(&format!("  ca = [\"{}\"]\n", tls.ca_file));
        }
        if !tls.cert_file.is_empty() {
            text.push_str(&format!("  client = [[\"{}\", \"{}\"]]\n", tls.cert_file, tls.key_file));
        }
        if tls.insecure_skip_verify {
            text.push_str("  skip_verify = true\n");
        }
        text
    }

    /// The part of containerd's configuration with the credentials.
    pub(crate) fn logins(&self, cri: &str) -> String {
        let logins = self.configs.iter().filter_map(|(host, endpoint)| Some((host, endpoint.auth.as_ref()?)));
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let logins = logins.map(|(host, login)| {
            let fields = [
                ("username", &login.username),
                ("password", &login.password),
                ("auth", &login.auth),
                ("identitytoken", &login.identity_token),
            ];
            let fields = fields.iter().filter(|(_, value)| !value.is_empty());
            let fields: String = fields.map(|(name, value)| format!("  {name} = {}\n", quoted(value))).collect();
            format!("\n[{cri}.registry.configs.{}.auth]\n{fields}", quoted(host))
        });
        logins.collect()
    }
}

/// An endpoint's scheme with host, and its path.
fn split(endpoint: &str) -> (&str, &str) {
    let start = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint.get(start..).and_then(|rest| rest.find('/')).map_or(endpoint.len(), |at| start + at);
    endpoint.split_at(end)
}
