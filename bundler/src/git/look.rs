//! Looks for what a repository does not hold itself: files in LFS, and submodules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use manifests::component::{GitCommit, GitSource, Lfs, Submodules, WantedGit};
use url::Url;

use super::GitProblem;
use super::fetch::Wanted;
use super::program::{Call, Git};

/// What `git ls-tree` has for a submodule.
const LINK: &str = "160000 commit ";
/// So many are told by name.
const TOLD: usize = 20;

/// A repository that is carried beside another.
#[derive(Debug)]
pub(super) struct Neighbour {
    place: String,
    commit: Option<GitCommit>,
}

impl Neighbour {
    pub(super) fn of(git: &WantedGit) -> Self {
        Self { place: plain(&super::place(&git.source)), commit: git.commit.clone() }
    }
}

/// A submodule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Submodule {
    path: String,
    commit: String,
    /// Where it is cloned from; none where nothing says so.
    place: Option<String>,
}

/// Refuses what would be missing at the site, in all commits that branches and tags are at.
pub(super) async fn look(
    git: &Git,
    folder: &Path,
    wanted: &WantedGit,
    plan: &Wanted,
    neighbours: &[Neighbour],
) -> Result<(), GitProblem> {
    let mut missing = BTreeSet::new();
    for at in plan.refs.values().collect::<BTreeSet<_>>() {
        if wanted.lfs == Lfs::Refuse {
            refuse_lfs(git, folder, at).await?;
        }
        missing.extend(submodules(git, folder, at, &wanted.source).await?);
    }
    let is_carried = |submodule: &Submodule| {
        let of = |neighbour: &&Neighbour| submodule.place.as_deref().map(plain).as_ref() == Some(&neighbour.place);
        let mut same = neighbours.iter().filter(of);
        same.any(|neighbour| neighbour.commit.as_ref().is_some_and(|commit| commit.as_str() == submodule.commit))
    };
    missing.retain(|submodule| wanted.submodules == Submodules::Refuse || !is_carried(submodule));
    if missing.is_empty() { Ok(()) } else { Err(refused(&missing, wanted.submodules)) }
}

async fn refuse_lfs(git: &Git, folder: &Path, at: &GitCommit) -> Result<(), GitProblem> {
    let words = ["grep", "-z", "-l", "-I", "-F", "-e", "filter=lfs", at.as_str(), "--", ":(glob)**/.gitattributes"];
    let (status, found, said) = git.try_run(Call::new("look for LFS", &words).within(folder)).await?;
    match status {
        // It has found none.
        1 if found.is_empty() => Ok(()),
        0 => {
            let found = String::from_utf8_lossy(&found);
            let name = |path: &str| path.split_once(':').map_or(path, |(_, path)| path).escape_debug().to_string();
            let said_in = found.split('\0').filter(|path| !path.is_empty()).take(TOLD).map(name).collect();
            Err(GitProblem::Lfs { said_in })
        }
        _ => Err(GitProblem::Failed { what: "look for LFS".to_owned(), said }),
    }
}

async fn submodules(
    git: &Git,
    folder: &Path,
    at: &GitCommit,
    source: &GitSource,
) -> Result<Vec<Submodule>, GitProblem> {
    let call = Call::new("list the files", &["ls-tree", "-r", "-z", "--full-tree", at.as_str()]).within(folder);
    let listed = git.text(call).await?;
    let links = listed.split('\0').filter_map(|line| line.strip_prefix(LINK)?.split_once('\t'));
    let links: Vec<(&str, &str)> = links.collect();
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let blob = format!("--blob={at}:.gitmodules");
    let words = ["config", &blob, "-z", "--get-regexp", r"^submodule\..*\.(path|url)$"];
    // Without the file, or with a broken one, nothing says where they come from.
    let (_, said, _) = git.try_run(Call::new("read .gitmodules", &words).within(folder)).await?;
    let places = places(&String::from_utf8_lossy(&said), source);
    let submodule = |(commit, path): (&str, &str)| Submodule {
        path: path.to_owned(),
        commit: commit.to_owned(),
        place: places.get(path).cloned(),
    };
    Ok(links.into_iter().map(submodule).collect())
}

/// Where submodules are cloned from, by their paths.
fn places(said: &str, source: &GitSource) -> BTreeMap<String, String> {
    let mut known: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for (key, value) in said.split('\0').filter_map(|entry| entry.split_once('\n')) {
        if let Some(name) = key.strip_suffix(".path") {
            known.entry(name).or_default().0 = Some(value);
        } else if let Some(name) = key.strip_suffix(".url") {
            known.entry(name).or_default().1 = Some(value);
        }
    }
    let place = |(path, url): (Option<&str>, Option<&str>)| Some((path?.to_owned(), whole(url?, source)?));
    known.into_values().filter_map(place).collect()
}

/// A submodule's URL, which may stand on that of its repository.
fn whole(url: &str, source: &GitSource) -> Option<String> {
    if !url.starts_with("./") && !url.starts_with("../") {
        return Some(url.to_owned());
    }
    match source {
        GitSource::Url(base) => {
            let mut base = base.clone();
            base.set_path(&format!("{}/", base.path().trim_end_matches('/')));
            base.join(url).ok().map(|url: Url| url.to_string())
        }
        GitSource::Local(path) => Some(path.join(url).display().to_string()),
    }
}

/// A name that is the same for all common ways of writing it.
fn plain(place: &str) -> String {
    let place = place.trim_end_matches('/');
    place.strip_suffix(".git").unwrap_or(place).to_owned()
}

fn refused(missing: &BTreeSet<Submodule>, how: Submodules) -> GitProblem {
    let paths = missing.iter().take(TOLD).map(|submodule| submodule.path.escape_debug().to_string()).collect();
    let mut help = String::from("list each under `git:` of a component");
    if how == Submodules::Refuse {
        help.push_str(", and write `submodules: carry` for this one");
    }
    for Submodule { commit, place, path } in missing.iter().take(TOLD) {
        let name = path.rsplit('/').next().unwrap_or(path).escape_debug().to_string();
        let place =
            place.as_ref().map_or("# .gitmodules does not say where from".into(), |url| url.escape_debug().to_string());
        help.push_str(&format!("\n  - name: {name}\n    url: {place}\n    commit: {commit}"));
    }
    GitProblem::Submodules { paths, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submodule_may_stand_beside_its_repository() {
        let source = GitSource::Url(Url::parse("https://a.org/team/apps.git").unwrap());
        let said = "submodule.lib.path\nvendor/lib\0submodule.lib.url\n../lib.git\0submodule.x.url\nhttps://b.org/x\0\
                    submodule.x.path\nx\0submodule.lost.path\nlost\0";
        let places = places(said, &source);
        assert_eq!(places["vendor/lib"], "https://a.org/team/lib.git");
        assert_eq!(places["x"], "https://b.org/x");
        assert_eq!(places.len(), 2);
        assert_eq!(plain("https://a.org/team/lib.git/"), plain("https://a.org/team/lib"));
    }
}
