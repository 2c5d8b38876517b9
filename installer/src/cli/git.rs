//! `git`.

use std::path::{Path, PathBuf};

use airgap_console::{OutputArgs, Table};
use clap::{Args, Subcommand};
use registry::store::Store;
use serde::Serialize;

use super::nodes::runtime;
use crate::engine::chain;
use crate::git::{Access, Carried, Forge, GitPushError, Pushed, Target, carried};

/// Hand out the git repositories that bundles carry
#[derive(Debug, Args)]
pub(super) struct GitArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Push carried repositories into a git server inside
    ///
    /// Branches and tags of the bundle are pushed, and nothing else is touched. What is there already is not pushed again.
    /// The machine's git does it.
    Push(PushArgs),
}

#[derive(Debug, Args)]
struct PushArgs {
    /// Where: the URL of an organisation or a user, below which each repository has its name
    #[arg(long, value_name = "URL")]
    to: String,
    /// Only the repositories of this component
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// Only this repository; may be given more than once [default: all]
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// Make repositories that are not there, through the API of such a server
    #[arg(long, value_enum, value_name = "KIND")]
    create: Option<Forge>,
    /// A file with `username=…` and `password=…` [default: AIRGAP_GIT_USERNAME and AIRGAP_GIT_PASSWORD]
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// Certificates (PEM) that the server's is checked against, in the place of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Overwrite branches and tags under which the server has something else
    #[arg(long)]
    force: bool,
    /// Remove branches and tags that the bundle does not have
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    repositories: Vec<Told>,
}

/// A repository, and what was done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    component: String,
    name: String,
    url: String,
    /// Whether it was made.
    created: bool,
    /// Branches and tags that were pushed.
    pushed: Vec<String>,
    /// Branches and tags that were removed.
    pruned: Vec<String>,
    /// Objects in LFS, which are not pushed.
    in_lfs: usize,
    /// Why nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Some repositories were not pushed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} of {all} git repositories were not pushed", .problems.len())]
struct NotPushed {
    all: usize,
    #[related]
    problems: Vec<OneNotPushed>,
}

/// One of them.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{name}")]
struct OneNotPushed {
    name: String,
    #[source]
    #[diagnostic_source]
    problem: GitPushError,
}

impl GitArgs {
    pub(super) fn run(self, state: &Path) -> miette::Result<()> {
        let Command::Push(args) = self.command;
        args.run(state)
    }
}

impl PushArgs {
    fn run(self, state: &Path) -> miette::Result<()> {
        registry::git::check()?;
        let access = Access::new(&self.to, self.credentials.as_deref(), self.ca.as_deref())?;
        let target = Target { access, create: self.create, force: self.force, prune: self.prune };
        let repositories = carried(&Store::at(state), self.component.as_deref(), &self.names)?;
        let (mut told, mut problems) = (Vec::new(), Vec::new());
        let runtime = runtime()?;
        for repository in &repositories {
            let pushed = runtime.block_on(repository.push(&target));
            told.push(Told::of(repository, repository.place(&target), &pushed));
            if let Err(problem) = pushed {
                problems.push(OneNotPushed { name: format!("{}/{}", repository.component, repository.name), problem });
            }
        }
        let all = repositories.len();
        self.output.print(&Report { schema_version: 1, repositories: told }, table)?;
        if problems.is_empty() { Ok(()) } else { Err(NotPushed { all, problems }.into()) }
    }
}

impl Told {
    fn of(repository: &Carried, url: String, pushed: &Result<Pushed, GitPushError>) -> Self {
        let Carried { component, name, in_lfs, .. } = repository;
        let nothing = Pushed { created: false, pushed: Vec::new(), pruned: Vec::new() };
        let done = pushed.as_ref().ok().cloned().unwrap_or(nothing);
        let Pushed { created, pushed: names, pruned } = done;
        Self {
            component: component.clone(),
            name: name.clone(),
            url,
            created,
            pushed: names,
            pruned,
            in_lfs: *in_lfs,
            problem: pushed.as_ref().err().map(|problem| chain(problem)),
        }
    }

    fn result(&self) -> String {
        if self.problem.is_some() {
            return "NOT PUSHED".to_owned();
        }
        let counted = |names: &[String], what: &str| (!names.is_empty()).then(|| format!("{} {what}", names.len()));
        let parts = [
            self.created.then(|| "created".to_owned()),
            counted(&self.pushed, "pushed"),
            counted(&self.pruned, "removed"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let done = if parts.is_empty() { "up to date".to_owned() } else { parts.join(", ") };
        if self.in_lfs == 0 { done } else { format!("{done}; without {} files in LFS", self.in_lfs) }
    }
}

fn table(report: &Report) -> String {
    let mut table = Table::new(&["COMPONENT", "REPOSITORY", "TO", "RESULT"]);
    for told in &report.repositories {
        table.row([told.component.clone(), told.name.clone(), told.url.clone(), told.result()]);
    }
    table.to_string()
}
