//! Packs a repository into one file: a git bundle of version 2.
//!
//! Source: <https://git-scm.com/docs/gitformat-bundle>. `git bundle create` would do nearly the same, but takes over what is
//! packed already, and so its bytes depend on how upstream keeps them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use manifests::Digest;
use manifests::component::GitCommit;
use manifests::digest::Hasher;

use super::GitProblem;
use super::fetch::Wanted;
use super::program::{Call, Git};

/// Makes `path` of what is in `folder`. Returns its digest and size.
pub(super) async fn pack(
    git: &Git,
    folder: &Path,
    wanted: &Wanted,
    commit: &GitCommit,
    path: &Path,
) -> Result<(Digest, u64), GitProblem> {
    let failed = |source| GitProblem::Work { path: path.to_owned(), source };
    let mut file = File::create(path).map_err(failed)?;
    file.write_all(header(wanted, commit).as_bytes()).map_err(failed)?;
    let options = [
        "pack-objects",
        "--quiet",
        "--revs",
        "--stdout",
        "--threads=1",
        "--delta-base-offset",
        "--no-reuse-delta",
        "--no-reuse-object",
        "--no-use-bitmap-index",
    ];
    let call = Call {
        input: Some(revisions(wanted).map_err(failed)?),
        output: Some(file),
        ..Call::new("pack the repository", &options).within(folder)
    };
    git.run(call).await?;
    let owned = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || hash(&owned)).await;
    hashed.map_err(io::Error::other).and_then(|hashed| hashed).map_err(failed)
}

/// What is in it: `HEAD` first, then what that is, then the rest by name.
fn header(wanted: &Wanted, commit: &GitCommit) -> String {
    let mut text = format!("# v2 git bundle\n{commit} HEAD\n");
    let (head, others): (Vec<_>, Vec<_>) = wanted.refs.iter().partition(|(name, _)| **name == wanted.head);
    for (name, at) in head.into_iter().chain(others) {
        text.push_str(&format!("{at} {name}\n"));
    }
    text.push('\n');
    text
}

/// What is packed with all that it stands on, as git reads it.
fn revisions(wanted: &Wanted) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    for at in wanted.refs.values().collect::<BTreeSet<_>>() {
        writeln!(file, "{at}")?;
    }
    file.rewind()?;
    Ok(file)
}

fn hash(path: &Path) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let size = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok((hasher.finish(), size))
}
