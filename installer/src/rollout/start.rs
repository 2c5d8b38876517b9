//! Starting the distribution on a node, and waiting until the node is ready.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::work::WorkError;
use crate::distribution::Preparation;
use crate::host::{Command, Host, Said};

const PREPARE: &str = include_str!("prepare.sh");
const START: &str = include_str!("start.sh");
const WATCH: &str = include_str!("watch.sh");
const MARK: &str = include_str!("mark.sh");

/// How long a node may take until it is ready. The first server unpacks its images first; slow disks take minutes for it.
const PATIENCE: Duration = Duration::from_secs(1200);
/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(2);
/// Stopping may wait for what runs.
const STOPPING: Duration = Duration::from_secs(300);
/// A unit that began so often does not come up by being waited for.
const RESTARTS: u32 = 10;

/// A server's way to the API: its host, and the program with its first arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Api<'a> {
    /// The server.
    pub(super) host: &'a dyn Host,
    /// The program.
    pub(super) kubectl: &'a [String],
}

impl Api<'_> {
    /// Asks the API; what it answers, or nothing while it does not.
    pub(super) async fn ask(&self, what: &str, words: &[&str]) -> Result<Option<String>, WorkError> {
        let mut argv: Vec<&str> = self.kubectl.iter().map(String::as_str).collect();
        argv.push("--request-timeout=10s");
        argv.extend(words);
        let output = self.host.run(&Command::new(what, &argv)).await?;
        Ok(output.exit.succeeded().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }

    /// Whether a node is ready.
    pub(super) async fn is_ready(&self, node: &str) -> Result<bool, WorkError> {
        let status = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
        let said = self.ask("ask for the node", &["get", "node", node, "-o", status]).await?;
        Ok(said.as_deref() == Some("True"))
    }
}

/// Makes ready what the distribution looks for before it starts.
pub(super) async fn prepare(host: &dyn Host, preparation: &Preparation) -> Result<(), WorkError> {
    let arguments = [preparation.settings.1, preparation.user.unwrap_or_default()];
    host.expect(&Command::script("make the system ready for the profile", PREPARE, &arguments)).await?;
    Ok(())
}

/// Starts `unit` on `host` and waits until it runs.
pub(super) async fn start(host: &dyn Host, unit: &str) -> Result<(), WorkError> {
    let start = Command::script(format!("start {unit}"), START, &[unit]).within(STOPPING);
    host.expect(&start).await?;
    let begun = Instant::now();
    let watch = Command::script(format!("look at {unit}"), WATCH, &[unit]);
    loop {
        let said = host.expect(&watch).await?;
        let (first, words) = said.split_once('\n').unwrap_or((&said, ""));
        let failed = |problem: String| WorkError::Unit {
            host: host.name().to_owned(),
            unit: unit.to_owned(),
            problem,
            said: Said::lines(words),
        };
        match first.split(' ').collect::<Vec<_>>()[..] {
            ["state", "active", _] => return Ok(()),
            ["state", "failed", _] => return Err(failed("it failed".into())),
            ["state", _, restarts] if restarts.parse::<u32>().is_ok_and(|count| count >= RESTARTS) => {
                return Err(failed(format!("it ended {restarts} times")));
            }
            _ if begun.elapsed() > PATIENCE => {
                return Err(failed(format!("it is not up after {} s", PATIENCE.as_secs())));
            }
            _ => sleep(INTERVAL).await,
        }
    }
}

/// Waits until the API that is asked says that it is well and that the node is ready.
pub(super) async fn wait_until_ready(api: Api<'_>, node: &str) -> Result<(), WorkError> {
    let begun = Instant::now();
    loop {
        let well = api.ask("ask whether the API is ready", &["get", "--raw", "/readyz"]).await?;
        if well.as_deref() == Some("ok") && api.is_ready(node).await? {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            let conditions = api.ask("ask for the node's conditions", &["describe", "node", node]).await?;
            let said = Said::lines(&conditions.unwrap_or_else(|| "the API does not answer".into()));
            let (host, seconds) = (api.host.name().to_owned(), PATIENCE.as_secs());
            return Err(WorkError::NotReady { node: node.to_owned(), host, seconds, said });
        }
        sleep(INTERVAL).await;
    }
}

/// Remembers on the node what its distribution runs with.
pub(super) async fn mark(host: &dyn Host, fingerprint: &str) -> Result<(), WorkError> {
    host.expect(&Command::script("remember what it runs with", MARK, &[fingerprint])).await?;
    Ok(())
}
