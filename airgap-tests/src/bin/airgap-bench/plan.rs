//! Plans: what is worked out of what is known of all nodes, from `site.yaml` to the text that programs get. One is of a large site, one of
//! the largest stack that comes with the software. And how long it takes to read all components and stacks of these.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use airgap_tests::Machine;
use anyhow::{Context, Result};
use installer::deploy::Standing;
use installer::distribution::{Carried, Release};
use installer::rollout::{self, Content, FileState, NodeWant, PackageState, Part, Plan, Survey, WantedFile};
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
/// The nodes of the stack that comes with the software, and its name.
const SHIPPED: (usize, &str) = (12, "enterprise-platform");
/// As many files as RKE2 has on a node, and packages as a large platform asks for.
const FILES: usize = 16;
const PACKAGES: usize = 40;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let machine = Machine::new()?;
    let result = machine.path("plan.json");
    let plan = |nodes: usize, stack: &str| -> Result<measure::Usage> {
        let mut ours = machine.command_at(&std::env::current_exe().context("a program has a path")?);
        ours.arg(AGAIN).arg(&result).arg(nodes.to_string()).arg(stack);
        measure::measure(&machine, &ours)
    };
    let shipped = plan(SHIPPED.0, SHIPPED.1)?;
    let list = |of: &str| {
        let folder = manifests_folder().join(of);
        measure::measure(&machine, &machine.ours("airgap-bundle", &[of, "--folder", &folder.display().to_string()])?)
    };
    let read = list("components")?.seconds + list("stacks")?.seconds;
    let seen = plan(NODES, "")?;
    let size = measure::size(&result)?;
    let detail = format!("{:.1} MB of JSON", size / 1e6);
    Ok(vec![
        Figure::new("plan of 200 nodes and 60 components", seen.seconds, " s", AtMost(1.0), detail),
        Figure::new("memory of the same", seen.memory, " MiB", AtMost(128.0), String::new()),
        Figure::new(
            "plan of enterprise-platform for 12 nodes",
            shipped.seconds,
            " s",
            AtMost(0.5),
            "with reading the stack".into(),
        ),
        Figure::new("reading all components and stacks", read, " s", AtMost(1.0), "two processes".into()),
    ])
}

/// What the process of its own does.
pub(crate) fn plan_here(arguments: &[String]) -> Result<()> {
    let [result, nodes, stack] = arguments else { anyhow::bail!("{AGAIN} RESULT NODES STACK") };
    let site = site(nodes.parse()?)?;
    let (components, more) = components(stack)?;
    let version = "v1.30.6+rke2r1".parse().map_err(|error| anyhow::anyhow!("no version: {error}"))?;
    let program = Carried { path: "rke2/rke2.tar.gz".into(), digest: Digest::of(b"release"), size: 7 };
    let release = Release { program, members: Vec::new(), prefix: None, images: BTreeMap::new() };
    let want = |node: &Node| NodeWant {
        files: (0..FILES).map(file).chain(more.iter().cloned()).collect(),
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
        ours: Vec::new(),
        files: vec![if number % 2 == 0 { FileState::Differs } else { FileState::Absent }; FILES + more.len()],
        packages: vec![PackageState::Absent; PACKAGES],
        active: number % 2 == 0,
        enabled: number % 2 == 0,
        version: (number % 2 == 0).then(|| Clone::clone(&version)),
        started: None,
    };
    let surveys: Vec<Survey> = wants.iter().enumerate().map(survey).collect();
    let nodes = site.nodes.iter().zip(&wants).zip(&surveys).map(|((node, want), survey)| (node, want, survey));
    let mut plan = Plan::between(&site, &nodes.collect::<Vec<_>>(), "rke2 v1.30.6+rke2r1");
    for name in &components {
        plan.add_component(name, Standing::needed("the cluster is not there yet"));
    }
    let names: Vec<&str> = site.nodes.iter().map(|node| node.name.as_str()).collect();
    let plan = plan.prove(&names, false);
    anyhow::ensure!(plan.steps.len() > site.nodes.len() * 5 + components.len(), "{} steps", plan.steps.len());
    std::fs::write(result, serde_json::to_vec(&plan)?).context("cannot write the plan")
}

fn manifests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests")
}

/// The components of a stack that comes with the software, and what they need of the kernel; without a name, a number of them.
fn components(stack: &str) -> Result<(Vec<String>, Vec<WantedFile>)> {
    if stack.is_empty() {
        return Ok(((0..COMPONENTS).map(|number| format!("component-{number}")).collect(), Vec::new()));
    }
    let path = manifests_folder().join("stacks").join(format!("{stack}.yaml"));
    let resolved = bundler::resolve::load(&path).map_err(|error| anyhow::anyhow!("{}: {error:?}", path.display()))?;
    let platform = resolved.platform.context("the stack names a distribution")?;
    let components: Vec<_> = platform.components.into_iter().map(|(component, _)| component).collect();
    let names = components.iter().map(|component| component.name.to_string()).collect();
    let distribution = platform.distribution;
    Ok((names, rollout::kernel::files(&manifests::document::Platform { distribution, components })))
}

fn site(nodes: usize) -> Result<Site> {
    let mut text = String::from(
        "apiVersion: airgap/v1\nkind: Site\nname: plant\nbundle: {name: platform, versions: \"*\"}\n\
         jumpHost: {address: 10.0.8.2}\nssh: {user: root}\ncluster: {endpoint: {vip: 10.0.7.250}}\nnodes:\n",
    );
    for number in 1..=nodes {
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
