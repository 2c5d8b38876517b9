//! What stands before a node joins: it gets through to where it does, and it knows whom it will meet there.

use std::sync::Arc;
use std::time::Duration;

use manifests::Digest;
use manifests::site::{Endpoint, Role};
use tokio::time::{Instant, sleep};

use super::error::WorkError;
use super::work::OWNER;
use crate::distribution::{Joins, agent_token};
use crate::facts::{Protocol, Reached, Target, reach};
use crate::host::files::{self, NodeFile};
use crate::host::{Command, Host, Input};

/// How long somebody may take to answer there: a balancer looks now and then only which servers are up.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is tried.
const INTERVAL: Duration = Duration::from_secs(2);

/// Waits until a node that was never part of the cluster gets through to where it joins. One that finds nobody there tries for
/// ever and says little of it.
///
/// # Errors
/// [`WorkError::NoWay`] where it does not.
pub(super) async fn reach_there(host: &dyn Host, endpoint: &Endpoint, joins: &Joins) -> Result<(), WorkError> {
    let begun = Instant::now();
    loop {
        let target = Target { protocol: Protocol::Tcp, host: joins.host.to_string(), port: joins.port };
        let met = reach(host, vec![target]).await?.into_iter().next().map(|flow| flow.reached);
        let problem = match met {
            Some(Reached::Refused) => "nobody listens there",
            Some(Reached::Blocked) => "nothing answers",
            // It has nothing to try it with: then the distribution tries.
            _ => return Ok(()),
        };
        if begun.elapsed() > PATIENCE {
            let remedy = match endpoint {
                Endpoint::Balancer(_) => {
                    "let the node find the balancer, and the balancer lead this port to the servers that are up by then"
                }
                Endpoint::Server | Endpoint::Vip { .. } => "look what lets the node not through to the first server",
            };
            return Err(WorkError::NoWay { node: host.name().to_owned(), joins: joins.to_string(), problem, remedy });
        }
        sleep(INTERVAL).await;
    }
}

/// Tells a node the token, and by what it knows the cluster: else it would trust, and show the token, to whoever answers first.
/// Only the cluster itself can say that, once its first server runs, and `first` says it over SSH.
///
/// # Errors
/// [`WorkError`].
pub(super) async fn tell_token(
    host: &dyn Host,
    role: Role,
    first: &dyn Host,
    (folder, path): (&str, &str),
    token: &str,
) -> Result<(), WorkError> {
    // The file has the token, too, which is known here and need not be read.
    let shown = r"s/^\(K10[0-9a-f]\{64\}\)::.*/\1/p";
    let file = format!("{folder}/server/token");
    let ask = Command::new("say what the cluster is known by", &["/bin/sed", "-n", shown, &file]);
    let said = first.expect(&ask).await?;
    let Some(hash) = said.lines().next() else {
        return Err(WorkError::NotKnown { host: first.name().to_owned(), file });
    };
    let text = match role {
        Role::Server => format!("{hash}::server:{token}\n"),
        Role::Agent => format!("{hash}::node:{}\n", agent_token(token)),
    };
    let text: Arc<[u8]> = Arc::from(text.into_bytes());
    let file = NodeFile { path, mode: 0o600, owner: OWNER, digest: &Digest::of(&text) };
    files::put(host, &file, Input::Bytes(text)).await?;
    Ok(())
}
