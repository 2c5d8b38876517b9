//! Taking a cluster off a node again.
//!
//! The distribution's own script ends what runs and removes what it has made. What was brought for it goes then, and what
//! `preflight --fix` has set. Packages of the operating system stay: others may need them by now.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use manifests::site::{Endpoint, Node, Role};

use super::error::WorkError;
use super::survey::SurveyError;
use super::work::OURS;
use crate::claim::Claim;
use crate::distribution::{self, Distribution, data_folder};
use crate::host::{Command, Host, Input};

const TRACES: &str = include_str!("traces.sh");
const LEAVE: &str = include_str!("leave.sh");
/// How long it may take to end all pods and to remove all data.
const PATIENCE: Duration = Duration::from_secs(1800);
/// What no distribution's script removes, where a cluster was.
const COMMON: [&str; 5] =
    ["/etc/rancher/node", "/var/log/pods", "/var/log/containers", "/var/lib/calico", "/var/lib/cni"];
/// Folders that are made on the way to files, the deepest first.
const FOLDERS: [&str; 4] =
    ["/usr/local/lib/systemd/system", "/usr/local/lib/systemd", "/var/lib/rancher", "/etc/rancher"];

/// What of a cluster is on a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traces {
    /// The names of the distributions whose scripts are there.
    pub distributions: BTreeSet<&'static str>,
    /// What is there: paths and units.
    pub found: Vec<String>,
    /// Whether it came by an installation of ours.
    pub ours: bool,
    /// How many packages installations have brought. They stay.
    pub packages: usize,
    /// Whose cluster it is of, where that stands there and can be understood.
    pub claim: Option<Claim>,
    /// Whether the node could not be asked, so that nothing is known of it.
    pub unknown: bool,
}

/// What a node may hold of a distribution.
fn questions(node: &Node) -> String {
    let mut text = String::new();
    let mut ask = |kind: &str, name: &str| text.push_str(&format!("{kind} {name}\n"));
    for distribution in distribution::all() {
        ask("script", distribution.uninstall(node.role));
        for role in [Role::Server, Role::Agent] {
            ask("unit", distribution.unit(role));
        }
        ask("config", &format!("{}/config.yaml", distribution.configuration()));
        ask("path", distribution.configuration());
        ask("path", &data_folder(distribution, node));
        distribution.laid_out(node.role).iter().for_each(|path| ask("path", path));
    }
    if let Some(folder) = &node.data.distribution {
        ask("data", &folder.display().to_string());
    }
    let kubelet = node.data.kubelet.as_ref().map(|path| path.display().to_string());
    for kind in ["path", "kubelet"] {
        ask(kind, kubelet.as_deref().unwrap_or("/var/lib/kubelet"));
    }
    COMMON.iter().chain(&[OURS]).for_each(|path| ask("path", path));
    FOLDERS.iter().for_each(|folder| ask("folder", folder));
    text
}

impl Traces {
    /// Looks at a node, and changes nothing.
    ///
    /// # Errors
    /// [`SurveyError`].
    pub async fn look(host: &dyn Host, node: &Node) -> Result<Self, SurveyError> {
        let said = host.expect(&command("look what of a cluster is there", (TRACES, &[]), node)).await?;
        let answer =
            |line: &str| SurveyError::Answer { host: host.name().to_owned(), line: line.chars().take(200).collect() };
        Self::parse(&said, node.role).map_err(answer)
    }

    /// The answers; the line that is none, if one is.
    fn parse(said: &str, role: Role) -> Result<Self, &str> {
        let mut traces = Self::default();
        let (mut ours, mut packages) = (None, None);
        for line in said.lines() {
            match line.split_once(' ').ok_or(line)? {
                ("script", script) => {
                    let known = distribution::all().into_iter().find(|known| known.uninstall(role) == script);
                    traces.distributions.insert(known.ok_or(line)?.name());
                    traces.found.push(script.to_owned());
                }
                ("path" | "unit", name) => traces.found.push(name.to_owned()),
                ("claim", words) if traces.claim.is_none() => {
                    traces.claim = words.split_once(' ').and_then(|(site, cluster)| Claim::parse(site, cluster));
                }
                ("ours", "yes") if ours.is_none() => ours = Some(true),
                ("ours", "no") if ours.is_none() => ours = Some(false),
                ("packages", count) if packages.is_none() => packages = Some(count.parse().map_err(|_| line)?),
                _ => return Err(line),
            }
        }
        let (Some(ours), Some(packages)) = (ours, packages) else { return Err("not an answer to each question") };
        Ok(Self { ours, packages, ..traces })
    }

    /// Whether there is anything to take off.
    pub fn any(&self) -> bool {
        self.ours
    }

    /// Whether a cluster is there that is none of ours.
    pub fn foreign(&self) -> bool {
        !self.ours && !self.distributions.is_empty()
    }

    /// The site whose cluster it is of, if that is another than `own`.
    pub fn of_another(&self, own: Option<&Claim>) -> Option<&str> {
        let claim = self.claim.as_ref()?;
        own.is_none_or(|own| own.cluster != claim.cluster).then_some(claim.site.as_str())
    }

    /// The distribution that is there.
    pub fn distribution(&self) -> Option<&'static dyn Distribution> {
        self.distributions.first().and_then(|name| distribution::by_name(name))
    }
}

/// Takes everything off a node, and looks whether it is gone: also the address of the API, if that wanders between servers. What
/// came of it, for people.
///
/// # Errors
/// [`WorkError`].
pub async fn leave(host: &dyn Host, node: &Node, endpoint: &Endpoint) -> Result<String, WorkError> {
    let address = match endpoint {
        Endpoint::Vip { address, .. } => address.value.to_string(),
        Endpoint::Server | Endpoint::Balancer(_) => String::new(),
    };
    host.expect(&command("take the cluster off", (LEAVE, &[&address]), node).within(PATIENCE)).await?;
    let left = Traces::look(host, node).await?;
    if left.any() || !left.distributions.is_empty() {
        let problem = format!("`{}` is still there", left.found.join("`, `"));
        return Err(WorkError::NotThere { host: host.name().to_owned(), problem });
    }
    Ok(match left.packages {
        0 => "nothing of the cluster is left".into(),
        count => format!("nothing of the cluster is left but {count} packages: /var/lib/airgap-packages/brought"),
    })
}

fn command(what: &str, (script, arguments): (&str, &[&str]), node: &Node) -> Command {
    Command::script(what, script, arguments).reading(Input::Bytes(Arc::from(questions(node).into_bytes())))
}
