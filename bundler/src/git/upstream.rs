//! What branches and tags a repository has, and which of them are meant.

use std::collections::BTreeMap;

use manifests::component::{GitCommit, GitRef};
use manifests::yaml::suggest::nearest;

use super::GitProblem;

/// What `git ls-remote` says.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    /// The branch that `HEAD` is.
    head: Option<GitRef>,
    /// Branches and tags by their whole names. Those that git takes and a bundle does not are left out.
    refs: BTreeMap<GitRef, GitCommit>,
}

impl Upstream {
    /// Reads what `git ls-remote --symref` wrote.
    pub(super) fn read(said: &str) -> Self {
        let mut upstream = Self::default();
        for (what, name) in said.lines().filter_map(|line| line.split_once('\t')) {
            match (what.strip_prefix("ref: "), name) {
                (Some(target), GitRef::HEAD) => upstream.head = target.parse().ok(),
                (Some(_), _) => {}
                (None, _) => upstream.refs.extend(name.parse().ok().zip(what.parse().ok())),
            }
        }
        upstream.refs.remove(&GitRef::head());
        upstream
    }

    /// The whole name of a branch or tag that is asked for at `place`, and what it is at.
    pub(super) fn find(&self, wanted: &GitRef, place: &str) -> Result<(GitRef, GitCommit), GitProblem> {
        let place = || place.to_owned();
        if wanted.is_head() {
            let known = self.head.as_ref().and_then(|head| self.refs.get_key_value(head));
            return known.map(own).ok_or_else(|| GitProblem::NoHead { place: place() });
        }
        let name = wanted.as_str();
        if name.starts_with("refs/") {
            return self.refs.get_key_value(wanted).map(own).ok_or_else(|| self.no_ref(name, place()));
        }
        let whole = |kind: &str| self.refs.get_key_value(&format!("refs/{kind}/{name}").parse::<GitRef>().ok()?);
        match (whole("heads"), whole("tags")) {
            (Some(found), None) | (None, Some(found)) => Ok(own(found)),
            (Some(_), Some(_)) => Err(GitProblem::TwoRefs { place: place(), name: name.to_owned() }),
            (None, None) => Err(self.no_ref(name, place())),
        }
    }

    fn no_ref(&self, name: &str, place: String) -> GitProblem {
        let short = |found: &GitRef| found.as_str().splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        let names: Vec<String> = self.refs.keys().map(short).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = match nearest(name, &names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it has {} branches and tags; `git ls-remote` lists them", names.len()),
        };
        GitProblem::NoRef { place, name: name.to_owned(), help }
    }
}

fn own((name, at): (&GitRef, &GitCommit)) -> (GitRef, GitCommit) {
    (name.clone(), at.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn upstream() -> Upstream {
        Upstream::read(&format!(
            "ref: refs/heads/main\tHEAD\n{A}\tHEAD\n{A}\trefs/heads/main\n{B}\trefs/heads/v1\n{B}\trefs/tags/v1\n\
             {B}\trefs/tags/v2\n{A}\trefs/tags/v2^{{}}\n{A}\trefs/heads/odd name\n{A}\trefs/pull/1/head\nnonsense\n"
        ))
    }

    fn find(name: &str) -> Result<String, String> {
        let found = upstream().find(&name.parse().unwrap(), "here");
        found.map(|(name, at)| format!("{name} {}", &at.as_str()[..1])).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_those_of_branches_and_tags() {
        assert_eq!(find("HEAD").unwrap(), "refs/heads/main a");
        assert_eq!(find("main").unwrap(), "refs/heads/main a");
        assert_eq!(find("v2").unwrap(), "refs/tags/v2 b");
        assert_eq!(find("refs/heads/v1").unwrap(), "refs/heads/v1 b");
        assert_eq!(find("v1").unwrap_err(), "here has a branch and a tag `v1`");
        assert_eq!(find("v3").unwrap_err(), "here has no branch and no tag `v3`");
    }

    #[test]
    fn a_head_that_is_no_branch_has_to_be_named() {
        let upstream = Upstream::read(&format!("{A}\tHEAD\n{A}\trefs/heads/main\n"));
        assert_eq!(upstream.find(&GitRef::head(), "here").unwrap_err().to_string(), "HEAD of here is no branch");
    }
}
