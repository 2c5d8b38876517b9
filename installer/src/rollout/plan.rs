//! What will be done to the nodes, as data: a graph of steps, each with the reason why it is needed or not.

mod proof;

use std::fmt;

use manifests::Site;
use manifests::site::{Node, Role};
use serde::Serialize;

use super::survey::{FileState, PackageState, Survey};
use super::want::{NodeWant, Part};
use crate::deploy::Standing;
use crate::deploy::inventory::Inventory;

/// The steps, each behind those that it depends on.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Plan<K = Kind> {
    /// What will be done.
    pub steps: Vec<Step<K>>,
}

/// One step.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct Step<K = Kind> {
    /// The node; none: the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What it does.
    pub kind: K,
    /// The component that goes in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The same for people.
    pub title: String,
    /// Whether there is anything to do.
    pub needed: bool,
    /// Why, or why not.
    pub reason: String,
    /// The places in [`Plan::steps`] of those that have to be done before.
    pub after: Vec<usize>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What tries to leave is counted from here on.
    Watch,
    /// Packages of the operating system are installed.
    Packages,
    /// What components need of the kernel is loaded and set.
    Kernel,
    /// The node's clock follows the site's servers of time.
    Time,
    /// The programs of the distribution are laid out.
    Release,
    /// Images that it reads when it starts are laid beside them.
    Images,
    /// What it is told is written.
    Configuration,
    /// What was brought once and nothing asks for any more is removed.
    Clear,
    /// It is started, and waited for.
    Start,
    /// The node is drained, and it is started with another version.
    Upgrade,
    /// What the site no longer says to the distribution's own parts is taken back.
    Withdraw,
    /// The whole cluster is looked at.
    Ready,
    /// A component goes in.
    Component,
    /// A component that the bundle no longer has goes off.
    Drop,
    /// What was counted and which images there are is held against the bundle.
    Proof,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Watch => "watch",
            Self::Packages => "packages",
            Self::Kernel => "kernel",
            Self::Time => "time",
            Self::Release => "release",
            Self::Images => "images",
            Self::Configuration => "configuration",
            Self::Clear => "clear",
            Self::Start => "start",
            Self::Upgrade => "upgrade",
            Self::Withdraw => "withdraw",
            Self::Ready => "ready",
            Self::Component => "component",
            Self::Drop => "drop",
            Self::Proof => "proof",
        })
    }
}

/// How many paths are named in a reason.
const NAMED: usize = 4;

/// A node, what it shall hold and what it holds.
pub(crate) type Surveyed<'a> = (&'a Node, &'a NodeWant, &'a Survey);

impl Plan {
    /// The plan that makes a cluster of `nodes`, which are all of the site's, in its order.
    pub fn between(site: &Site, nodes: &[Surveyed<'_>], release: &str) -> Self {
        let mut steps = Vec::new();
        for node in nodes {
            steps.extend(prepare(node, release, steps.len()));
        }
        // Everything is everywhere before anything starts: what is missing shows before a node changes.
        let prepared: Vec<usize> = (0..steps.len()).collect();
        let mut before = prepared;
        let (servers, agents): (Vec<_>, Vec<_>) = nodes.iter().partition(|(node, ..)| node.role == Role::Server);
        let alone = nodes.len() == 1;
        for node in servers {
            let step = start(node, alone, before);
            before = vec![steps.len()];
            steps.push(step);
        }
        let mut last = before.clone();
        let mut drained = before.clone();
        for node in agents {
            let mut step = start(node, alone, before.clone());
            // What is drained off one needs room on the others.
            if step.kind == Kind::Upgrade {
                step.after = std::mem::replace(&mut drained, vec![steps.len()]);
            }
            last.push(steps.len());
            steps.push(step);
        }
        let any = steps.iter().any(|step| step.needed);
        steps.push(Step {
            node: None,
            kind: Kind::Ready,
            component: None,
            title: format!("Look whether all {} nodes of {} are ready", nodes.len(), site.name),
            needed: any,
            reason: if any { "something changes" } else { "nothing changes" }.into(),
            after: last,
        });
        Self { steps }
    }

    /// Adds a component that nodes can't be ready without, such as their network: it goes in once the first server runs, and
    /// before any other node is started. Several go in in the order in which they are added.
    pub fn add_bootstrap(&mut self, name: &str, standing: Standing) {
        let is_start = |step: &Step| matches!(step.kind, Kind::Start | Kind::Upgrade);
        let Some(first) = self.steps.iter().position(is_start) else { return self.add_component(name, standing) };
        let others = self.steps[first + 1..].iter().take_while(|step| step.kind == Kind::Component).count();
        let (before, place) = (first + others, first + others + 1);
        for step in &mut self.steps {
            step.after.iter_mut().filter(|at| **at >= place).for_each(|at| *at += 1);
            if step.after.contains(&before) {
                step.after.push(place);
            }
        }
        self.steps.insert(place, component(name, standing, vec![before]));
    }

    /// Adds that it is taken back what the site no longer says to the distribution's own parts: before the cluster is looked at,
    /// for its charts are installed anew.
    pub fn add_withdrawal(&mut self, reason: impl Into<String>) {
        let Some(place) = self.steps.iter().position(|step| step.kind == Kind::Ready) else { return };
        self.look("something changes");
        let after = std::mem::replace(&mut self.steps[place].after, vec![place]);
        let withdrawal = Step {
            node: None,
            kind: Kind::Withdraw,
            component: None,
            title: "Take back what the site no longer says to the distribution's own parts".into(),
            needed: true,
            reason: reason.into(),
            after,
        };
        for step in &mut self.steps[place + 1..] {
            step.after.iter_mut().filter(|at| **at >= place).for_each(|at| *at += 1);
        }
        self.steps.insert(place, withdrawal);
    }

    /// Whether the cluster is looked at.
    pub fn looks(&self) -> bool {
        self.steps.iter().any(|step| step.kind == Kind::Ready && step.needed)
    }

    /// Has the cluster be looked at although nothing is done to a node.
    pub fn look(&mut self, reason: impl Into<String>) {
        if let Some(ready) = self.steps.iter_mut().find(|step| step.kind == Kind::Ready) {
            (ready.needed, ready.reason) = (true, reason.into());
        }
    }

    /// Adds a component behind all that is there: each goes in when the one before it is ready.
    pub fn add_component(&mut self, name: &str, standing: Standing) {
        let last = self.steps.len().checked_sub(1);
        self.steps.push(component(name, standing, last.into_iter().collect()));
    }

    /// Adds a component that the cluster has and the bundle has no longer: named, and taken off where that is asked for.
    pub fn drop_component(&mut self, inventory: &Inventory, prune: bool) {
        let Inventory { component, bundle, version, .. } = inventory;
        let last = self.steps.len().checked_sub(1);
        let reason = format!("it came with {bundle} {version}, and this bundle has it no longer");
        self.steps.push(Step {
            node: None,
            kind: Kind::Drop,
            component: Some(component.clone()),
            title: format!("Take {component} off"),
            needed: prune,
            reason: if prune { reason } else { format!("{reason}; it stays, for --prune is not given") },
            after: last.into_iter().collect(),
        });
    }

    /// Whether anything will be done to a node.
    pub fn changes_nodes(&self) -> bool {
        self.steps.iter().any(|step| step.needed && step.node.is_some() && step.kind != Kind::Watch)
    }
}

impl<K> Plan<K> {
    /// Whether anything will be done.
    pub fn changes_anything(&self) -> bool {
        self.steps.iter().any(|step| step.needed)
    }
}

fn component(name: &str, standing: Standing, after: Vec<usize>) -> Step {
    let Standing { needed, reason, .. } = standing;
    let (component, title) = (Some(name.to_owned()), format!("Deploy {name}"));
    Step { node: None, kind: Kind::Component, component, title, needed, reason, after }
}

/// The steps that bring to a node what it shall hold; the first stands at `from` in the plan. They hinder nothing that runs.
fn prepare((node, want, survey): &Surveyed<'_>, release: &str, from: usize) -> Vec<Step> {
    let step = |kind, title: String, (needed, reason): (bool, String)| Step {
        node: Some(node.name.to_string()),
        kind,
        component: None,
        title,
        needed,
        reason,
        after: Vec::new(),
    };
    let mut steps = Vec::new();
    if !want.packages.is_empty() {
        let title = format!("Install {} packages", want.packages.len());
        steps.push(step(Kind::Packages, title, packages(survey)));
    }
    for (part, kind, title) in [
        (Part::Kernel, Kind::Kernel, "Load and set what components need of the kernel".to_owned()),
        (Part::Time, Kind::Time, "Let its clock follow the site's servers of time".to_owned()),
        (Part::Release, Kind::Release, format!("Lay out {release}")),
        (Part::Images, Kind::Images, "Bring the images that it starts with".to_owned()),
        (Part::Configuration, Kind::Configuration, "Write its configuration".to_owned()),
    ] {
        let states = want.files.iter().zip(&survey.files).filter(|(file, _)| file.part == part);
        let states: Vec<FileState> = states.map(|(_, state)| *state).collect();
        if !states.is_empty() {
            let mut step = step(kind, title, files(&states));
            // Modules may come in packages; nothing else needs another.
            if kind == Kind::Kernel && !steps.is_empty() {
                step.after.push(from);
            }
            steps.push(step);
        }
    }
    let unwanted = survey.unwanted(want);
    if !unwanted.is_empty() {
        let title = format!("Remove {} that nothing asks for any more", counted(unwanted.len()));
        let mut step = step(Kind::Clear, title, (true, named(&unwanted)));
        // What names them is written anew before.
        step.after = (from..from + steps.len()).collect();
        steps.push(step);
    }
    steps
}

fn counted(files: usize) -> String {
    if files == 1 { "a file".to_owned() } else { format!("{files} files") }
}

/// Some paths, of which there may be many.
fn named(paths: &[&str]) -> String {
    let shown = paths[..paths.len().min(NAMED)].join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn packages(survey: &Survey) -> (bool, String) {
    let count = |wanted| survey.packages.iter().filter(|state| **state == wanted).count();
    match (count(PackageState::Absent), count(PackageState::Differs)) {
        (0, 0) => (false, "all are there".into()),
        (absent, 0) => (true, format!("{absent} are missing")),
        (0, differ) => (true, format!("{differ} are of another version")),
        (absent, differ) => (true, format!("{absent} are missing, {differ} are of another version")),
    }
}

fn files(states: &[FileState]) -> (bool, String) {
    let count = |wanted| states.iter().filter(|state| **state == wanted).count();
    match (count(FileState::Absent), count(FileState::Differs)) {
        (0, 0) => (false, "as it shall be".into()),
        (absent, 0) => (true, format!("{absent} of {} files are missing", states.len())),
        (0, differ) => (true, format!("{differ} of {} files differ", states.len())),
        (absent, differ) => (true, format!("{absent} of {} files are missing, {differ} differ", states.len())),
    }
}

fn start((node, want, survey): &Surveyed<'_>, alone: bool, after: Vec<usize>) -> Step {
    let (unit, to) = (want.unit, &want.version);
    let start = || (Kind::Start, format!("Start {unit} and wait until the node is ready"));
    let other = survey.version.as_ref().filter(|version| *version != to);
    let (needed, (kind, title), reason) = match (survey.active, other, &survey.started) {
        (true, Some(from), _) if alone => {
            let title = format!("Upgrade from {from} to {to}: start {unit} again and wait until the node is ready");
            (true, (Kind::Upgrade, title), format!("it runs {from}; not drained, there is no other node"))
        }
        (true, Some(from), _) => {
            let title =
                format!("Upgrade from {from} to {to}: drain the node, start {unit} again and wait until it is ready");
            (true, (Kind::Upgrade, title), format!("it runs {from}"))
        }
        (false, Some(from), _) => (true, start(), format!("it does not run, and ran {from} before")),
        (false, None, None) => (true, start(), "it has never run".into()),
        (false, None, Some(_)) => (true, start(), "it does not run".into()),
        (true, None, started) if *started != Some(want.fingerprint(node)) => {
            (true, start(), "it runs with what was there before".into())
        }
        (true, None, _) if !survey.enabled => (true, start(), "it would not come back after a reboot".into()),
        (true, None, _) => (false, start(), "it runs".into()),
    };
    Step { node: Some(node.name.to_string()), kind, component: None, title, needed, reason, after }
}

#[cfg(test)]
mod tests;
