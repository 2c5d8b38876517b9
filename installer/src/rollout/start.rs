//! Starting the distribution on a node, and waiting until the node is ready.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::api::Api;
use super::error::WorkError;
use super::version::Version;
use crate::distribution::Preparation;
use crate::host::{Command, Host, HostError, Said};

const PREPARE: &str = include_str!("prepare.sh");
const START: &str = include_str!("start.sh");
const WATCH: &str = include_str!("watch.sh");
const MARK: &str = include_str!("mark.sh");

/// What `mark.sh` writes.
const STARTED: &str = "/var/lib/airgap-node/started";
/// How long a node may take until it is ready. The first server unpacks its images first; slow disks take minutes for it.
const PATIENCE: Duration = Duration::from_secs(1200);
/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(2);
/// Stopping may wait for what runs.
const STOPPING: Duration = Duration::from_secs(300);
/// A unit that began so often does not come up by being waited for.
const RESTARTS: u32 = 10;

/// Makes ready what the distribution looks for before it starts.
pub(super) async fn prepare(host: &dyn Host, preparation: &Preparation) -> Result<(), WorkError> {
    let arguments = [preparation.settings.1, preparation.user.unwrap_or_default()];
    host.expect(&Command::script("make the system ready for the profile", PREPARE, &arguments)).await?;
    Ok(())
}

/// Starts `unit` on `host`, which is of a version, and waits until it runs.
pub(super) async fn start(host: &dyn Host, unit: &str, version: &Version) -> Result<(), WorkError> {
    let start = Command::script(format!("start {unit}"), START, &[unit, &version.to_string()]).within(STOPPING);
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

/// Whether a unit runs.
pub(super) async fn runs(host: &dyn Host, unit: &str) -> Result<bool, HostError> {
    let ask = Command::new("say whether it runs", &["/bin/systemctl", "is-active", "--quiet", unit]);
    Ok(host.run(&ask).await?.exit.succeeded())
}

/// Whether a distribution was brought up on a machine, now or at any time.
pub(super) async fn was_brought_up(host: &dyn Host) -> Result<bool, HostError> {
    let ask = Command::new("say whether it was brought up", &["/usr/bin/test", "-e", STARTED]);
    Ok(host.run(&ask).await?.exit.succeeded())
}

/// Whether a machine shuts down, is just starting again, or can't be asked any more.
pub(super) async fn goes_down(host: &dyn Host) -> bool {
    let ask = Command::new("say whether it runs", &["/bin/systemctl", "is-system-running"]);
    match host.run(&ask).await {
        Ok(output) => matches!(
            output.stdout.trim_ascii(),
            b"stopping" | b"offline" | b"unknown" | b"initializing" | b"starting" | b""
        ),
        Err(error) => error.is_passing(),
    }
}

/// How far a node has to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// It is a node of the cluster, which may lack its network.
    Known,
    /// It takes pods.
    Ready,
}

/// Waits until the API that is asked says that it is well and that the node has come so far, with a version.
pub(super) async fn wait(api: Api<'_>, node: &str, version: &Version, until: Until) -> Result<(), WorkError> {
    let begun = Instant::now();
    loop {
        let has_come = match until {
            Until::Known => api.is_known(node, version).await?,
            Until::Ready => api.is_ready(node, version).await?,
        };
        if has_come && api.is_well().await? {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            let said = api.conditions(node).await?;
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
