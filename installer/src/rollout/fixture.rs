//! Sites of many nodes as the tests of plans have them: stock servers, or a cluster that runs.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use manifests::site::{Node, Role};
use manifests::yaml::SourceFile;
use manifests::{Digest, Site};

use super::plan::Plan;
use super::survey::{FileState, PackageState, Survey};
use super::want::{NodeWant, Part, WantedFile};
use crate::distribution::{Carried, Release};

/// How many steps prepare each node.
pub(super) const PREPARING: usize = 5;

/// The nodes of a site with what they shall hold and what they hold.
pub(super) struct Nodes {
    pub(super) site: Site,
    pub(super) wants: Vec<NodeWant>,
    pub(super) surveys: Vec<Survey>,
}

impl Nodes {
    /// Nodes that hold nothing.
    pub(super) fn stock(servers: usize, agents: usize) -> Self {
        let site = site(servers, agents);
        let wants: Vec<NodeWant> = site.nodes.iter().map(want).collect();
        let surveys = wants.iter().map(|want| Survey {
            files: vec![FileState::Absent; want.files.len()],
            packages: vec![PackageState::Absent; want.packages.len()],
            ours: Vec::new(),
            version: None,
            active: false,
            enabled: false,
            started: None,
        });
        let surveys = surveys.collect();
        Self { site, wants, surveys }
    }

    /// Nodes that hold and run everything.
    pub(super) fn finished(servers: usize, agents: usize) -> Self {
        let mut nodes = Self::stock(servers, agents);
        for ((node, want), survey) in nodes.site.nodes.iter().zip(&nodes.wants).zip(&mut nodes.surveys) {
            survey.files.fill(FileState::Same);
            survey.packages.fill(PackageState::Same);
            (survey.active, survey.enabled) = (true, true);
            survey.started = Some(want.fingerprint(node));
            survey.version = Some(want.version.clone());
        }
        nodes
    }

    pub(super) fn plan(&self) -> Plan {
        let nodes: Vec<_> = self.site.nodes.iter().zip(&self.wants).zip(&self.surveys).collect();
        let nodes: Vec<_> = nodes.into_iter().map(|((node, want), survey)| (node, want, survey)).collect();
        Plan::between(&self.site, &nodes, "rke2 v1.30.6+rke2r1")
    }
}

fn site(servers: usize, agents: usize) -> Site {
    let mut text = String::from(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {name: platform, versions: \"*\"}\n\
         jumpHost: {address: 10.0.8.2}\nssh: {user: root}\ncluster: {endpoint: {vip: 10.0.7.250}}\nnodes:\n",
    );
    for number in 1..=servers + agents {
        let role = if number <= servers { "server" } else { "agent" };
        writeln!(text, "  - {{name: n{number}, address: 10.0.7.{number}, role: {role}}}").unwrap();
    }
    Site::parse(&SourceFile::new("site.yaml", &text)).map_err(|problems| format!("{problems:?}")).unwrap()
}

/// What any node shall hold: two files of each part, and three packages.
pub(super) fn want(node: &Node) -> NodeWant {
    let file = |part, path: &str| WantedFile { part, ..WantedFile::text(path, 0o644, path) };
    let program = Carried { path: "rke2/rke2.tar.gz".into(), digest: Digest::of(b"release"), size: 7 };
    NodeWant {
        version: "v1.30.6+rke2r1".parse().unwrap(),
        program: "/usr/local/bin/rke2",
        files: vec![
            file(Part::Release, "/usr/local/bin/rke2"),
            file(Part::Release, "/usr/local/bin/rke2-killall.sh"),
            file(Part::Images, "/var/lib/rancher/rke2/agent/images/core.tar.zst"),
            file(Part::Images, "/var/lib/rancher/rke2/agent/images/canal.tar.zst"),
            file(Part::Configuration, "/etc/rancher/rke2/config.yaml"),
            file(Part::Configuration, "/etc/rancher/rke2/registries.yaml"),
            file(Part::Kernel, "/etc/modules-load.d/airgap-components.conf"),
            file(Part::Kernel, "/etc/sysctl.d/91-airgap-components.conf"),
        ],
        packages: ["iptables", "nfs-common", "open-iscsi"].map(|name| (name.to_owned(), "1".to_owned())).into(),
        script: None,
        release: Arc::new(Release { program, members: Vec::new(), prefix: None, images: BTreeMap::new() }),
        unit: if node.role == Role::Server { "rke2-server.service" } else { "rke2-agent.service" },
    }
}
