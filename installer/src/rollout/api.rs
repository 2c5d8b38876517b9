//! The cluster's API, asked by the program that a server has for it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::WorkError;
use super::version::Version;
use crate::host::{Command, Host, HostError, Said};

/// How long it is tried what has to be done, by an API that has just come up.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often.
const INTERVAL: Duration = Duration::from_secs(2);

/// What it knows of the API is kept among our own things, and not in root's home.
const CACHE: &str = "--cache-dir=/var/lib/airgap-node/kubectl";

/// A server's way to the API: its host, and the program with its first arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api<'a> {
    /// The server.
    pub(crate) host: &'a dyn Host,
    /// The program.
    pub(crate) kubectl: &'a [String],
}

impl Api<'_> {
    /// A command of the program.
    pub(super) fn command(&self, what: &str, words: &[&str]) -> Command {
        let argv = self.kubectl.iter().map(String::as_str).chain([CACHE]).chain(words.iter().copied());
        Command::new(what, &argv.collect::<Vec<_>>())
    }

    /// Asks the API; what it answers, or nothing while it does not.
    pub(super) async fn ask(&self, what: &str, words: &[&str]) -> Result<Option<String>, WorkError> {
        let command = self.command(what, &[&["--request-timeout=10s"], words].concat());
        let output = self.host.run(&command).await?;
        Ok(output.exit.succeeded().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }

    /// Asks for what has to be done or answered, for a while until it is.
    pub(super) async fn insist(&self, what: &str, words: &[&str]) -> Result<String, WorkError> {
        let command = self.command(what, &[&["--request-timeout=10s"], words].concat());
        let begun = Instant::now();
        loop {
            match self.host.expect(&command).await {
                Err(HostError::Failed { .. }) if begun.elapsed() < PATIENCE => sleep(INTERVAL).await,
                other => return Ok(other?),
            }
        }
    }

    /// Whether the API says that it is well. That takes more than half of the members of etcd.
    pub(crate) async fn is_well(&self) -> Result<bool, WorkError> {
        let said = self.ask("ask whether the API is ready", &["get", "--raw", "/readyz"]).await?;
        Ok(said.as_deref() == Some("ok"))
    }

    /// Whether a node is ready, with the Kubernetes of a version: what was said of it before it was started again still stands
    /// there for a while.
    pub(super) async fn is_ready(&self, node: &str, version: &Version) -> Result<bool, WorkError> {
        let status = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion}"#;
        let said = self.ask("ask for the node", &["get", "node", node, "-o", status]).await?;
        let said = said.unwrap_or_default();
        let Some(("True", runs)) = said.split_once(' ') else { return Ok(false) };
        Ok(runs.parse::<Version>().is_ok_and(|runs| runs.same_kubernetes(version)))
    }

    /// Whether a node has come to the cluster, with the Kubernetes of a version. It may wait for its network.
    pub(super) async fn is_known(&self, node: &str, version: &Version) -> Result<bool, WorkError> {
        let status = "jsonpath={.status.nodeInfo.kubeletVersion}";
        let said = self.ask("ask for the node", &["get", "node", node, "-o", status]).await?;
        Ok(said.unwrap_or_default().parse::<Version>().is_ok_and(|runs| runs.same_kubernetes(version)))
    }

    /// The API's own words about a node.
    pub(super) async fn conditions(&self, node: &str) -> Result<Said, WorkError> {
        let conditions = self.ask("ask for the node's conditions", &["describe", "node", node]).await?;
        Ok(Said::lines(&conditions.unwrap_or_else(|| "the API does not answer".into())))
    }
}
