//! One repository pushed: what is carried, and nothing that is the server's own.

use std::collections::BTreeMap;
use std::path::Path;

use registry::git::Unpacked;

use super::program::{Ended, git};
use super::{Access, Carried, Forge, GitPushError, place};

/// Where repositories are pushed to, and what is allowed there.
#[derive(Debug)]
pub struct Target {
    /// The server.
    pub access: Access,
    /// What makes repositories there that are missing; none where they have to be there.
    pub create: Option<Forge>,
    /// Whether branches and tags are overwritten that have something else.
    pub force: bool,
    /// Whether branches and tags go that the bundle does not have.
    pub prune: bool,
}

/// What was done for a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Whether it was made.
    pub created: bool,
    /// Branches and tags that were pushed.
    pub pushed: Vec<String>,
    /// Branches and tags that were removed.
    pub pruned: Vec<String>,
}

/// Branches and tags by their whole names, and what they are at.
type Names = BTreeMap<String, String>;

impl Carried {
    /// Where it is pushed to.
    pub fn place(&self, target: &Target) -> String {
        place(&target.access.base, &self.name)
    }

    /// Pushes it.
    ///
    /// # Errors
    /// [`GitPushError`]. Of one repository, all is pushed or nothing.
    pub async fn push(&self, target: &Target) -> Result<Pushed, GitPushError> {
        let unpacked = Unpacked::new(&std::env::temp_dir(), &self.bundle, &self.digest).await?;
        let created = match &target.create {
            Some(forge) => forge.make(&target.access, &self.name, unpacked.branch.as_deref())?,
            None => false,
        };
        let (folder, url) = (unpacked.folder.path(), self.place(target));
        let ours = names(&asked(folder, &[], "list what is carried", &["for-each-ref", LINE])?);
        let configuration = target.access.configuration();
        let listed = ["ls-remote", "--quiet", "--refs", &url, "refs/heads/*", "refs/tags/*"];
        let theirs = names(&asked(folder, &configuration, "list what the server has", &listed)?);
        let pushed: Vec<String> = ours.iter().filter(|(name, at)| theirs.get(*name) != Some(at)).map(own).collect();
        let gone = theirs.iter().filter(|(name, _)| target.prune && !ours.contains_key(*name));
        let pruned: Vec<String> = gone.map(own).collect();
        if !pushed.is_empty() || !pruned.is_empty() {
            send(folder, &configuration, (&url, target.force), (&pushed, &pruned))?;
        }
        Ok(Pushed { created, pushed, pruned })
    }
}

/// What lists branches and tags as `ls-remote` does.
const LINE: &str = "--format=%(objectname)%09%(refname)";

fn own((name, _): (&String, &String)) -> String {
    name.clone()
}

/// Runs git, and gives what it wrote.
fn asked(
    folder: &Path,
    configuration: &[(String, String)],
    what: &'static str,
    arguments: &[&str],
) -> Result<String, GitPushError> {
    match git(folder, configuration, arguments)? {
        Ended { success: true, stdout, .. } => Ok(stdout),
        Ended { said, .. } => Err(GitPushError::Failed { what, said }),
    }
}

/// Branches and tags in lines of what they are at and their names.
fn names(listed: &str) -> Names {
    let lines = listed.lines().filter_map(|line| line.split_once('\t'));
    let known = lines.filter(|(_, name)| name.starts_with("refs/heads/") || name.starts_with("refs/tags/"));
    known.map(|(at, name)| (name.to_owned(), at.to_owned())).collect()
}

fn send(
    folder: &Path,
    configuration: &[(String, String)],
    (url, force): (&str, bool),
    (pushed, pruned): (&[String], &[String]),
) -> Result<(), GitPushError> {
    let mut arguments = vec!["push", "--porcelain", "--atomic", "--no-verify"];
    if force {
        arguments.push("--force");
    }
    let pushed = pushed.iter().map(|name| format!("{name}:{name}"));
    let specs: Vec<String> = pushed.chain(pruned.iter().map(|name| format!(":{name}"))).collect();
    arguments.push(url);
    arguments.extend(specs.iter().map(String::as_str));
    let Ended { success, stdout, said } = git(folder, configuration, &arguments)?;
    if success {
        return Ok(());
    }
    let names = rejected(&stdout);
    if names.is_empty() {
        Err(GitPushError::Failed { what: "push", said })
    } else {
        Err(GitPushError::Rejected { names })
    }
}

/// What git did not push for something else being there: `!`, the names on both sides, and why. All others failed with them.
fn rejected(told: &str) -> Vec<String> {
    let lines = told.lines().filter_map(|line| line.strip_prefix("!\t")?.split_once('\t'));
    let other = lines.filter(|(_, why)| why.starts_with("[rejected]") && !why.contains("atomic"));
    other.filter_map(|(names, _)| names.split_once(':')).map(|(_, theirs)| theirs.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rejected_is_told_by_its_name_at_the_server() {
        let told = "To https://git.example.org/a/b.git\n!\trefs/heads/main:refs/heads/main\t[rejected] (non-fast-forward)\n\
                    !\trefs/tags/v1:refs/tags/v1\t[rejected] (already exists)\n\
                    !\trefs/heads/x:refs/heads/x\t[rejected] (atomic push failed)\n=\trefs/heads/y:refs/heads/y\t[up to date]\n\
                    !\trefs/heads/z:refs/heads/z\t[remote rejected] (hook declined)\nDone\n";
        assert_eq!(rejected(told), ["refs/heads/main", "refs/tags/v1"]);
    }
}
