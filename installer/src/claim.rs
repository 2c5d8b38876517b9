//! Whose a node is: the cluster that has begun to use it, as it stands on the node itself.
//!
//! It is written before anything else is, so that a node on which an installation was killed is known again, and one of
//! another cluster is not taken for ours.

use manifests::{BundleName, Digest, Site};

use crate::host::{Command, Host, HostError};

const SCRIPT: &str = include_str!("claim.sh");

/// Whose a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The site, for people.
    pub site: BundleName,
    /// Names the cluster, which another site of the same name has not.
    pub cluster: Digest,
}

impl Claim {
    /// Of the cluster of a site whose nodes know each other by `token`. The token is random, so its digest tells nothing
    /// of it.
    pub fn new(site: &Site, token: &str) -> Self {
        Self { site: site.name.clone(), cluster: Digest::of(format!("airgap cluster {token}").as_bytes()) }
    }

    /// Reads the words that stand on a node. None where they are not ours to understand.
    pub fn parse(site: &str, cluster: &str) -> Option<Self> {
        Some(Self { site: site.parse().ok()?, cluster: cluster.parse().ok()? })
    }

    /// Writes it on a node. One that is there already stays as it is.
    ///
    /// # Errors
    /// As [`Host::run`]; and [`HostError::Failed`] where the node is another cluster's.
    pub async fn lay(&self, host: &dyn Host) -> Result<(), HostError> {
        let words = [self.site.to_string(), self.cluster.to_string()];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        host.expect(&Command::script("remember whose it is", SCRIPT, &words)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_stands_on_a_node_is_read_strictly() {
        let digest = Digest::of(b"a cluster").to_string();
        let claim = Claim::parse("plant", &digest).unwrap();
        assert_eq!((claim.site.as_str(), claim.cluster.to_string()), ("plant", digest.clone()));
        for (site, cluster) in [("", digest.as_str()), ("no name", &digest), ("plant", ""), ("plant", "sha256:beef")] {
            assert_eq!(Claim::parse(site, cluster), None, "{site:?} {cluster:?}");
        }
    }
}
