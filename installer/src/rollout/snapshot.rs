//! A snapshot of etcd before a cluster is upgraded: what stands in it is the only way back.

use std::time::Duration;

use super::version::Version;
use crate::distribution::Distribution;
use crate::host::{Command, Host, HostError};

/// How long it may take: etcd writes all that it holds.
const PATIENCE: Duration = Duration::from_secs(600);

/// Takes one on a server, by the program of its distribution, which names the node and the time behind the name. It lies where
/// that keeps its snapshots. Its name.
///
/// # Errors
/// [`HostError`], also when the program refuses.
pub(super) async fn take(host: &dyn Host, distribution: &dyn Distribution, to: &Version) -> Result<String, HostError> {
    let name = name(to);
    let command = ["etcd-snapshot", "save", "--name", &name];
    let words: Vec<&str> = std::iter::once(distribution.program()).chain(command).collect();
    host.expect(&Command::new("take a snapshot of etcd before the upgrade", &words).within(PATIENCE)).await?;
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
