//! `registries.yaml`: every registry is the site's server. Names stay as they are: containerd adds the registry that it was
//! asked for as `?ns=`, so nothing is rewritten, and two registries with the same path don't meet. Where nodes share images,
//! each registry is named besides: what only `*` stands for is not shared (k3s issue 13526).

use std::collections::BTreeSet;
use std::fmt;

use manifests::Site;
use serde_json::{Map, Value, json};

use super::Distribution;

/// The site's server, as a node reaches it.
#[derive(Clone)]
pub struct SiteServer {
    /// `host:port`.
    pub authority: String,
    /// The certificates that it is known by, as PEM.
    pub trusted: String,
    /// User and password; none where everybody may pull.
    pub login: Option<(String, String)>,
}

impl fmt::Debug for SiteServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteServer").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// The files that say where images come from.
#[derive(Debug, Clone, Copy)]
pub struct Registries<'a> {
    /// The distribution that reads them.
    pub distribution: &'a dyn Distribution,
    /// The site.
    pub site: &'a Site,
    /// Its server.
    pub server: &'a SiteServer,
    /// The registries whose images nodes share with each other.
    pub shared: &'a BTreeSet<String>,
}

/// The password of a registry of the site's own, by its host.
pub(crate) type Passwords<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Registries<'_> {
    /// The path of the certificates of a registry of the site's own.
    fn ca_path(&self, host: &str) -> String {
        format!("{}/registry-{}.crt", self.distribution.configuration(), host.replace([':', '/'], "-"))
    }

    /// The paths and sources of further certificates that the text names.
    pub fn certificates(&self) -> Vec<(String, &manifests::site::LocalFile)> {
        let own = self.site.registries.iter();
        own.filter_map(|(host, registry)| Some((self.ca_path(host), registry.ca.as_ref()?))).collect()
    }

    /// The text. It holds passwords.
    ///
    /// # Errors
    /// When it can't be written as YAML.
    pub(crate) fn text(&self, passwords: Passwords<'_>) -> Result<String, serde_yaml::ser::Error> {
        let SiteServer { authority, login, .. } = self.server;
        let mut mirrors = Map::new();
        let mut configs = Map::new();
        for host in self.shared.iter().map(String::as_str).chain(["*"]) {
            mirrors.insert(host.into(), json!({"endpoint": [format!("https://{authority}")]}));
        }
        configs.insert(authority.clone(), entry(Some(super::authority_path(self.distribution)), login.clone()));
        for (host, registry) in &self.site.registries {
            let named: Vec<String> =
                registry.endpoints.iter().map(|url| url.as_str().trim_end_matches('/').to_owned()).collect();
            let endpoints = if named.is_empty() { vec![format!("https://{host}")] } else { named };
            let login = registry.login.as_ref().and_then(|login| Some((login.user.clone(), passwords(host)?)));
            let ca = registry.ca.as_ref().map(|_| self.ca_path(host));
            for endpoint in &endpoints {
                // The key is what stands between the scheme and the path.
                let authority = endpoint.split("://").nth(1).unwrap_or(endpoint).split('/').next().unwrap_or(host);
                configs.insert(authority.to_owned(), entry(ca.clone(), login.clone()));
            }
            mirrors.insert(host.clone(), json!({"endpoint": endpoints}));
        }
        let text = serde_yaml::to_string(&json!({"mirrors": mirrors, "configs": configs}))?;
        Ok(format!("{}{text}", super::config::HEAD))
    }
}

fn entry(ca: Option<String>, login: Option<(String, String)>) -> Value {
    let mut entry = Map::new();
    if let Some(ca) = ca {
        entry.insert("tls".into(), json!({"ca_file": ca}));
    }
    if let Some((username, password)) = login {
        entry.insert("auth".into(), json!({"username": username, "password": password}));
    }
    Value::Object(entry)
}
