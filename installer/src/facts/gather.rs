//! Asking a node.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::reach::{Flow, Target, parse as parse_flows};
use super::{Facts, parse};
use crate::host::{Command, Host, HostError};

const LOOK: &str = include_str!("look.sh");
const FSYNC: &str = include_str!("fsync.sh");
const REACH: &str = include_str!("reach.sh");

/// How long a node may take to tell what it is. Each of the tools that may hang is left after five seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many writes are timed: enough for a 99th percentile.
pub const FSYNC_WRITES: u32 = 100;
/// The size of each in bytes: what etcd's log writes (etcd's own advice for `fio`: `--bs=2300 --fdatasync=1`).
pub const FSYNC_SIZE: u32 = 2300;
/// The most targets that are tried by one command, whose arguments are bounded.
const TARGETS: usize = 1000;

/// A node's clock against that of the jump host, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The jump host's before the node was asked.
    pub before: i64,
    /// The node's.
    pub node: i64,
    /// The jump host's when the answer was there.
    pub after: i64,
}

impl Clock {
    /// By how much the node is ahead, in milliseconds; below zero when it is behind. What the way there may have taken
    /// does not count: a clock that may be right is right.
    pub fn ahead(self) -> i64 {
        if self.node > self.after {
            self.node - self.after
        } else if self.node < self.before {
            self.node - self.before
        } else {
            0
        }
    }
}

/// What a node is. None when its answer was cut off.
///
/// # Errors
/// As [`Host::run`].
pub async fn look(host: &dyn Host, folders: &[PathBuf]) -> Result<Option<Facts>, HostError> {
    let arguments: Vec<_> = folders.iter().map(|path| path.to_string_lossy()).collect();
    let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
    let command = Command::script("tell what it is", LOOK, &arguments).within(PATIENCE);
    let said = host.expect(&command).await?;
    Ok(parse(&said, folders.len()))
}

/// A node's clock. None when it says no time.
///
/// # Errors
/// As [`Host::run`].
pub async fn read_clock(
    host: &dyn Host,
    now: &(dyn Fn() -> Timestamp + Send + Sync),
) -> Result<Option<Clock>, HostError> {
    let before = now().as_millisecond();
    let said = host.expect(&Command::new("read its clock", &["date", "+%s%3N"]).within(PATIENCE)).await?;
    let after = now().as_millisecond();
    Ok(said.trim().parse().ok().map(|node| Clock { before, node, after }))
}

/// How long small writes to a folder took until they were on the disk, the fastest first. Empty when that can't be told.
///
/// # Errors
/// As [`Host::run`].
pub async fn fsyncs(host: &dyn Host, folder: &std::path::Path) -> Result<Vec<Duration>, HostError> {
    let (count, size) = (FSYNC_WRITES.to_string(), FSYNC_SIZE.to_string());
    let arguments = [&*folder.to_string_lossy(), &count, &size];
    let output = host.run(&Command::script("time its disk", FSYNC, &arguments).within(PATIENCE)).await?;
    let said = String::from_utf8_lossy(&output.stdout);
    let seconds = said.lines().take(FSYNC_WRITES as usize).filter_map(|line| line.trim().parse::<f64>().ok());
    let mut times: Vec<_> = seconds.filter_map(|seconds| Duration::try_from_secs_f64(seconds).ok()).collect();
    times.sort_unstable();
    Ok(times)
}

/// What a node meets at ports of others.
///
/// # Errors
/// As [`Host::run`].
pub async fn reach(host: &dyn Host, targets: Vec<Target>) -> Result<Vec<Flow>, HostError> {
    let mut flows = Vec::with_capacity(targets.len());
    for some in targets.chunks(TARGETS) {
        let names: Vec<String> = some.iter().map(Target::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // 32 at a time, three seconds each at most.
        let patience = PATIENCE + Duration::from_secs(3 * names.len().div_ceil(32) as u64);
        let said = host.expect(&Command::script("reach other machines", REACH, &names).within(patience)).await?;
        flows.extend(parse_flows(&said, some.to_vec()));
    }
    Ok(flows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_may_be_right_is_right() {
        let ahead = |node| Clock { before: 1000, node, after: 1100 }.ahead();
        assert_eq!([ahead(1000), ahead(1050), ahead(1100)], [0; 3]);
        assert_eq!([ahead(400), ahead(1500)], [-600, 400]);
    }
}
