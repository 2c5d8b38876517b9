//! The plan of a large site: what is worked out of what is known of all nodes, from `site.yaml` to the text that programs get.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use airgap_tests::Machine;
use anyhow::{Context, Result};
use installer::deploy::Standing;
use installer::distribution::{Carried, Release};
use installer::rollout::{Content, FileState, NodeWant, PackageState, Part, Plan, Survey, WantedFile};
use manifests::site::{Node, Role};
use manifests::yaml::SourceFile;
use manifests::{Digest, Site};

use crate::figure::Bound::AtMost;
use crate::figure::Figure;
use crate::measure;

/// The first argument by which a bench starts itself again, to be measured as a process of its own.
pub(crate) const AGAIN: &str = "plan";

const NODES: usize = 200;
const COMPONENTS: usize = 60;
/// As many files as RKE2 has on a node, and packages as a large platform asks for.
const FILES: usize = 16;
const PACKAGES: usize = 40;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let machine = Machine::new()?;
    let result = machine.path("plan.json");
    let mut ours = machine.command_at(&std::env::current_exe().context("a program has a path")?);
    ours.arg(AGAIN).arg(&result);
    let seen = measure::measure(&machine, &ours)?;
    let size = measure::size(&result)?;
    let detail = format!("{:.1} MB of JSON", size / 1e6);
    Ok(vec![
        Figure::new("plan of 200 nodes and 60 components", seen.seconds, " s", AtMost(1.0), detail),
        Figure::new("memory of the same", seen.memory, " MiB", AtMost(128.0), String::new()),
    ])
}

/// What the process of its own does.
pub(crate) fn plan_here(arguments: &[String]) -> Result<()> {
    let [result] = arguments else { anyhow::bail!("{AGAIN} RESULT") };
    let site = site()?;
    let version = "v1.30.6+rke2r1".parse().map_err(|error| anyhow::anyhow!("no version: {error}"))?;
    let program = Carried { path: "rke2/rke2.tar.gz".into(), digest: Digest::of(b"release"), size: 7 };
    let release = Release { program, members: Vec::new(), prefix: None, images: BTreeMap::new() };
    let want = |node: &Node| NodeWant {
        files: (0..FILES).map(file).collect(),
        packages: (0..PACKAGES).map(|number| (format!("package-{number}"), "1.0".to_owned())).collect(),
        script: None,
        release: Arc::new(release.clone()),
        version: Clone::clone(&version),
        program: "/usr/local/bin/rke2",
        unit: if node.role == Role::Server { "rke2-server.service" } else { "rke2-agent.service" },
    };
    let wants: Vec<NodeWant> = site.nodes.iter().map(want).collect();
    // Half of them run already, with what was there before.
    let survey = |(number, _): (usize, &NodeWant)| Survey {
        files: vec![if number % 2 == 0 { FileState::Differs } else { FileState::Absent }; FILES],
        packages: vec![PackageState::Absent; PACKAGES],
        active: number % 2 == 0,
        enabled: number % 2 == 0,
        version: (number % 2 == 0).then(|| Clone::clone(&version)),
        started: None,
    };
    let surveys: Vec<Survey> = wants.iter().enumerate().map(survey).collect();
    let nodes = site.nodes.iter().zip(&wants).zip(&surveys).map(|((node, want), survey)| (node, want, survey));
    let mut plan = Plan::between(&site, &nodes.collect::<Vec<_>>(), "rke2 v1.30.6+rke2r1");
    for number in 0..COMPONENTS {
        plan.add_component(&format!("component-{number}"), Standing::needed("the cluster is not there yet"));
    }
    let names: Vec<&str> = site.nodes.iter().map(|node| node.name.as_str()).collect();
    let plan = plan.prove(&names, false);
    anyhow::ensure!(plan.steps.len() > NODES * 5 + COMPONENTS, "{} steps", plan.steps.len());
    std::fs::write(result, serde_json::to_vec(&plan)?).context("cannot write the plan")
}

fn site() -> Result<Site> {
    let mut text = String::from(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {name: platform, versions: \"*\"}\n\
         jumpHost: {address: 10.0.8.2}\nssh: {user: root}\ncluster: {endpoint: {vip: 10.0.7.250}}\nnodes:\n",
    );
    for number in 1..=NODES {
        let role = if number <= 3 { "server" } else { "agent" };
        writeln!(
            text,
            "  - {{name: n{number}, address: 10.0.7.{number}, role: {role}, labels: {{rack: \"r{}\"}}}}",
            number % 12
        )?;
    }
    Site::parse(&SourceFile::new("site.yaml", &text)).map_err(|problems| anyhow::anyhow!("{problems:?}"))
}

fn file(number: usize) -> WantedFile {
    let part = [Part::Release, Part::Images, Part::Configuration][number % 3];
    let path = format!("/usr/local/lib/file-{number}");
    WantedFile { mode: 0o644, digest: Digest::of(path.as_bytes()), path, part, content: Content::Unpacked }
}
