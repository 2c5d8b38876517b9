//! What clients of git repositories need: git itself, and the two that deploy from repositories.

use std::collections::BTreeSet;

use super::clients::{basic, in_quotes, shell_word};
use super::{Endpoint, Examples};

/// Where the CA lies on a client, in what is printed.
const CA: &str = "/etc/airgap/ca.crt";

/// Git's own configuration: who asks, whom it believes, and which URL stands for which.
pub(super) fn configuration(endpoint: &Endpoint, examples: &Examples) -> String {
    let url = endpoint.url();
    let mut text = format!(
        "# the CA: copy {} to {CA}\n[http {}]\n",
        endpoint.authority_file.display(),
        quoted(&format!("{url}/"))
    );
    text.push_str(&format!("\tsslCAInfo = {CA}\n"));
    if let Some(login) = &endpoint.login {
        text.push_str(&format!("\textraHeader = \"Authorization: Basic {}\"\n", basic(login)));
    }
    for (path, names) in examples.repositories.iter().filter(|(_, names)| !names.is_empty()) {
        text.push_str(&format!("[url {}]\n", quoted(&format!("{url}{path}"))));
        names.iter().for_each(|name| text.push_str(&format!("\tinsteadOf = {}\n", quoted(name))));
    }
    text
}

/// Argo CD: its credentials for all repositories of the site, and whom it believes. It goes by the URL that an Application names, so
/// both are there for those from outside, too: for each by itself, since people may have logins of their own at such a host.
pub(super) fn argo_cd(endpoint: &Endpoint, examples: &Examples) -> String {
    let (url, ca) = (endpoint.url(), endpoint.authority_file.display());
    let mut text = String::new();
    for (path, names) in &examples.repositories {
        let from = names.first().map(|name| format!(", which is {name} outside")).unwrap_or_default();
        text.push_str(&format!("# {url}{path}{from}\n"));
    }
    if let Some(login) = &endpoint.login {
        let (user, password) = (&login.user, shell_word(&login.password));
        for place in std::iter::once(format!("{url}/git")).chain(outside(examples).map(in_quotes)) {
            text.push_str(&format!("argocd repocreds add {place} --upsert --username {user} --password {password}\n"));
        }
    }
    let site = endpoint.authority.rsplit_once(':').map_or(endpoint.authority.as_str(), |(host, _)| host);
    for host in std::iter::once(site).chain(outside_hosts(examples)) {
        text.push_str(&format!("argocd cert add-tls {host} --upsert --from {ca}\n"));
    }
    text
}

/// Flux: a Secret that a GitRepository names as its `secretRef`.
pub(super) fn flux(endpoint: &Endpoint) -> String {
    let mut text = String::from("kubectl --namespace flux-system create secret generic airgap-git");
    if let Some(login) = &endpoint.login {
        let password = shell_word(&login.password);
        text.push_str(&format!(" --from-literal=username={} --from-literal=password={password}", login.user));
    }
    text.push_str(&format!(" --from-file=ca.crt={}\n", endpoint.authority_file.display()));
    text
}

/// The URLs that repositories have outside, for clients that reach them here under these.
fn outside(examples: &Examples) -> impl Iterator<Item = &str> {
    let names = examples.repositories.iter().filter_map(|(_, names)| names.first());
    names.map(String::as_str).filter(|name| name.starts_with("https://"))
}

/// The hosts of these, each once.
fn outside_hosts(examples: &Examples) -> BTreeSet<&str> {
    outside(examples).filter_map(|name| name.strip_prefix("https://")?.split(['/', ':']).next()).collect()
}

/// A text as git's configuration has it.
fn quoted(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
