//! The archive that this machine itself uses, as its apt knows it. Nothing of it is written down in the repository.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::run;
use crate::programs::tool;

/// One suite of the archive of this machine's release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArchiveSource {
    /// Where it is.
    pub uri: String,
    /// The suite, as this machine's sources name it.
    pub suite: String,
    /// The component.
    pub component: String,
}

impl ArchiveSource {
    /// The line of a `sources.list`.
    pub fn line(&self) -> String {
        format!("deb {} {} {}\n", self.uri, self.suite, self.component)
    }
}

/// The code name of this machine's release.
///
/// # Errors
/// When `/etc/os-release` has none.
pub fn codename() -> Result<String> {
    let text = std::fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(name.context("/etc/os-release has no VERSION_CODENAME")?.trim_matches('"').to_owned())
}

/// The suites of this machine's release: the release itself, its updates and its security updates. Other repositories
/// that the machine has are left out.
///
/// # Errors
/// When apt lists none.
pub fn archive_sources() -> Result<Vec<ArchiveSource>> {
    let codename = codename()?;
    let mut command = Command::new(tool("apt-get")?);
    let format = "$(CODENAME) $(REPO_URI) $(RELEASE) $(COMPONENT)";
    command.args(["indextargets", "--format", format, "Created-By: Packages"]);
    let listing = run(&mut command)?.success()?.stdout;
    let mut sources: Vec<_> = listing.lines().filter_map(|line| parse(line, &codename)).collect();
    sources.sort();
    sources.dedup();
    if !sources.iter().any(|source| source.suite == codename) {
        bail!("apt knows no archive of {codename} on this machine: run apt-get update");
    }
    Ok(sources)
}

fn parse(line: &str, codename: &str) -> Option<ArchiveSource> {
    let mut words = line.split(' ');
    let named = words.next()?;
    let ours = named == codename || named.strip_prefix(codename).is_some_and(|rest| rest.starts_with('-'));
    let [uri, suite, component] = [words.next()?, words.next()?, words.next()?].map(str::to_owned);
    (ours && words.next().is_none()).then_some(ArchiveSource { uri, suite, component })
}
