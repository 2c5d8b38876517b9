//! The members of etcd: a server is started, or taken down, only while all others are well. etcd needs more than half of its
//! members, and one that is just joining counts already.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::api::Api;
use super::error::WorkError;
use crate::host::Said;

/// How long a member may take until it is well: it copies the whole database first.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is looked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long servers are asked for one whose API is well: none is while the members elect one of them.
const ANSWERING: Duration = Duration::from_secs(30);
/// The label of nodes that are members. A server of k3s with another database has none.
const MEMBERS: &str = "node-role.kubernetes.io/etcd=true";
/// The label of servers.
const SERVERS: &str = "node-role.kubernetes.io/control-plane=true";
/// Name, whether it is ready, and whether its member votes, a line each.
const SHOWN: &str = "jsonpath={range .items[*]}{.metadata.name} \
                     {.status.conditions[?(@.type==\"Ready\")].status} \
                     {.status.conditions[?(@.type==\"EtcdIsVoter\")].status}{\"\\n\"}{end}";

/// A server as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    /// Why it is not well, if it is not.
    pub(super) ails: Option<&'static str>,
}

impl Member {
    /// A line of the answer to [`SHOWN`]. Distributions before 2023 say nothing of votes.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let name = words.next().filter(|name| !name.is_empty())?.to_owned();
        let ails = match (words.next()?, words.next().unwrap_or_default()) {
            ("True", "True" | "") => None,
            ("True", _) => Some("its etcd has no vote yet"),
            _ => Some("it is not ready"),
        };
        Some(Self { name, ails })
    }
}

/// The first of these servers whose API says that it is well, if any is, or gets so soon.
pub(crate) async fn answering<'a>(servers: &[Api<'a>]) -> Option<Api<'a>> {
    let begun = Instant::now();
    while !servers.is_empty() {
        for api in servers {
            if matches!(api.is_well().await, Ok(true)) {
                return Some(*api);
            }
        }
        if begun.elapsed() > ANSWERING {
            break;
        }
        sleep(INTERVAL).await;
    }
    None
}

/// The servers of the cluster, whatever they keep their state in.
pub(super) async fn servers(api: Api<'_>) -> Result<Vec<Member>, WorkError> {
    list(api, SERVERS).await
}

async fn list(api: Api<'_>, label: &str) -> Result<Vec<Member>, WorkError> {
    let said = api.insist("list the servers", &["get", "nodes", "-l", label, "-o", SHOWN]).await?;
    Ok(said.lines().filter_map(Member::parse).collect())
}

/// Waits until all members of etcd but `besides` are well. How many there are.
///
/// # Errors
/// [`WorkError::Quorum`] that names those which are not.
pub(super) async fn wait(api: Api<'_>, besides: Option<&str>) -> Result<usize, WorkError> {
    let begun = Instant::now();
    loop {
        let mut members = list(api, MEMBERS).await?;
        members.retain(|member| Some(member.name.as_str()) != besides);
        let ailing = members.iter().filter_map(|member| Some(format!("{}: {}", member.name, member.ails?)));
        let ailing: Vec<String> = ailing.collect();
        if ailing.is_empty() {
            return Ok(members.len());
        }
        if begun.elapsed() > PATIENCE {
            let (well, all) = (members.len() - ailing.len(), members.len());
            let host = api.host.name().to_owned();
            return Err(WorkError::Quorum { host, well, all, said: Said::lines(&ailing.join("\n")) });
        }
        sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_member_is_well_when_it_is_ready_and_votes_or_says_nothing_of_votes() {
        let ails = |line: &str| Member::parse(line).map(|member| (member.name, member.ails));
        assert_eq!(ails("n1 True True"), Some(("n1".into(), None)));
        assert_eq!(ails("n1 True "), Some(("n1".into(), None)));
        assert_eq!(ails("n1 True False"), Some(("n1".into(), Some("its etcd has no vote yet"))));
        assert_eq!(ails("n1 Unknown True"), Some(("n1".into(), Some("it is not ready"))));
        assert_eq!(ails("n1  "), Some(("n1".into(), Some("it is not ready"))));
        assert_eq!(ails(""), None);
    }
}
