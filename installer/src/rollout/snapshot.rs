//! A snapshot of etcd before a cluster is upgraded: what stands in it is the only way back.

use std::time::Duration;

use manifests::site::Role;

use super::version::Version;
use crate::distribution::Distribution;
use crate::host::{Command, Host, HostError};

const SNAPSHOT: &str = include_str!("snapshot.sh");
/// How long it may take: etcd writes all that it holds.
const PATIENCE: Duration = Duration::from_secs(600);

/// Takes one on a server that runs, by the program of its distribution, which names the node and the time behind the name. It lies
/// where that keeps its snapshots. Its name.
///
/// # Errors
/// [`HostError`], also when the program refuses.
pub(super) async fn take(host: &dyn Host, distribution: &dyn Distribution, to: &Version) -> Result<String, HostError> {
    let name = name(to);
    let words = [distribution.unit(Role::Server), distribution.program(), &name];
    let command = Command::script("take a snapshot of etcd before the upgrade", SNAPSHOT, &words);
    host.expect(&command.within(PATIENCE)).await?;
    Ok(name)
}

/// Names of snapshots are parts of file names and of names of objects.
fn name(to: &Version) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    format!("airgap-before-{}", to.to_string().chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_name_is_one_that_a_file_and_an_object_can_have() {
        assert_eq!(name(&"v1.30.7+rke2r1".parse().unwrap()), "airgap-before-v1.30.7-rke2r1");
    }
}
