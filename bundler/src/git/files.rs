//! The files of the carried commits that are looked through: read by plumbing alone. So nothing of a repository runs, no attribute
//! hides or changes a file, and no link is followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::Path;

use manifests::component::GitRef;

use super::GitProblem;
use super::fetch::Wanted;
use super::program::{Call, Git};
use crate::discovery::TreeRequest;
use crate::discovery::repository::{is_chart_file, is_kustomization, is_of_objects};

/// Bytes of one file that are read.
const LARGEST: u64 = 48 << 20;
/// Bytes of a file that only a kustomization may make something of: no ConfigMap holds more.
const LARGEST_OTHER: u64 = 1 << 20;
/// Bytes and files of one repository that are looked through.
const MOST_BYTES: u64 = 1 << 30;
const MOST_FILES: usize = 50_000;

/// A file of a commit.
#[derive(Debug)]
struct Entry {
    path: String,
    mode: String,
    blob: String,
    size: u64,
}

/// Brings what is looked through into a folder that is not there yet. The tree of `HEAD` comes first; a tree that several names have
/// comes once.
pub(super) async fn read(
    git: &Git,
    folder: &Path,
    wanted: &Wanted,
    into: &Path,
) -> Result<Vec<TreeRequest>, GitProblem> {
    let failed = |source| GitProblem::Work { path: into.to_owned(), source };
    let (mut trees, mut known, mut blobs) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    let (head, others): (Vec<_>, Vec<_>) = wanted.refs.keys().partition(|name| **name == wanted.head);
    for name in head.into_iter().chain(others) {
        let tree = format!("{name}^{{tree}}");
        let call = Call::new("find the files", &["rev-parse", "--verify", "--quiet", &tree]).within(folder);
        // A tag may be at something that is no commit, and that nothing deploys.
        let (0, tree, _) = git.try_run(call).await? else { continue };
        let tree = String::from_utf8_lossy(&tree).trim().to_owned();
        if known.insert(tree.clone()) {
            let call = Call::new("list the files", &["ls-tree", "-r", "-z", "-l", "--full-tree", &tree]).within(folder);
            let entries = entries(&git.text(call).await?);
            trees.push(chosen(short(name), &entries, into, &mut blobs));
        }
    }
    std::fs::create_dir(into).map_err(failed)?;
    if blobs.values().sum::<u64>() > MOST_BYTES || blobs.len() > MOST_FILES {
        let why = format!("it has more than {MOST_FILES} files or {MOST_BYTES} bytes that may be objects");
        trees.iter_mut().for_each(|tree| {
            tree.files.clear();
            tree.unread.insert(String::new(), why.clone());
        });
        return Ok(trees);
    }
    let list = blobs.keys().fold(String::new(), |list, blob| list + blob + "\n");
    let input = temporary(list.as_bytes()).map_err(failed)?;
    let output = tempfile::tempfile().and_then(|file| Ok((file.try_clone()?, file)));
    let (output, mut written) = output.map_err(failed)?;
    let call = Call::new("read the files", &["cat-file", "--batch", "--buffer"]).within(folder);
    git.run(Call { input: Some(input), output: Some(output), ..call }).await?;
    let owned = into.to_owned();
    let split = tokio::task::spawn_blocking(move || written.rewind().and_then(|()| split(written, &owned))).await;
    split.map_err(io::Error::other).and_then(|split| split).map_err(failed)?;
    Ok(trees)
}

/// The name as people write it.
fn short(name: &GitRef) -> &str {
    let name = name.as_str();
    name.strip_prefix("refs/heads/").or(name.strip_prefix("refs/tags/")).unwrap_or(name)
}

/// What `git ls-tree -l` lists.
fn entries(listed: &str) -> Vec<Entry> {
    let entry = |line: &str| {
        let (about, path) = line.split_once('\t')?;
        let mut words = about.split_whitespace();
        let (mode, _, blob) = (words.next()?, words.next()?, words.next()?);
        let size = words.next()?.parse().unwrap_or(0);
        Some(Entry { path: path.to_owned(), mode: mode.to_owned(), blob: blob.to_owned(), size })
    };
    listed.split('\0').filter_map(entry).collect()
}

/// What of a commit's files is looked through; `blobs` are read with their sizes.
fn chosen(at: &str, entries: &[Entry], into: &Path, blobs: &mut BTreeMap<String, u64>) -> TreeRequest {
    let folders = |is_it: fn(&str) -> bool| {
        let paths = entries.iter().map(|entry| entry.path.as_str()).filter(|path| is_it(path));
        paths.map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder)).collect::<BTreeSet<_>>()
    };
    let (charts, kustomizations) = (folders(is_chart_file), folders(is_kustomization));
    let mut tree = TreeRequest { at: at.to_owned(), ..TreeRequest::default() };
    for entry in entries {
        let Entry { path, mode, blob, size } = entry;
        let is_object = is_of_objects(path);
        match mode.as_str() {
            "120000" => {
                tree.links.insert(path.clone());
            }
            // The chart would be rendered without it.
            "160000" if is_brought(path, &charts) => {
                let why = "it is a submodule, and a part of the chart that it lies in".to_owned();
                tree.unread.insert(path.clone(), why);
            }
            mode if !mode.starts_with("100") => {}
            _ if *size > LARGEST && is_object => {
                tree.unread.insert(path.clone(), format!("it has more than {LARGEST} bytes"));
            }
            _ if is_object
                || *size <= LARGEST && is_below(path, &charts)
                || *size <= LARGEST_OTHER && is_below(path, &kustomizations) =>
            {
                blobs.insert(blob.clone(), *size);
                if tree.files.insert(path.clone(), into.join(blob)).is_some() {
                    tree.unread.insert(path.clone(), "two files have this name, which is no text".to_owned());
                }
            }
            _ => {}
        }
    }
    tree
}

/// Whether a path lies in one of some folders.
fn is_below(path: &str, folders: &BTreeSet<&str>) -> bool {
    let mut above = path.match_indices('/').map(|(at, _)| &path[..at]).chain([""]);
    above.any(|folder| folders.contains(folder))
}

/// Whether a folder is one in which a chart has another.
fn is_brought(path: &str, charts: &BTreeSet<&str>) -> bool {
    let above = path.rsplit_once('/').and_then(|(above, _)| above.strip_suffix("charts"));
    above.is_some_and(|chart| charts.contains(chart.trim_end_matches('/')))
}

/// Cuts what `git cat-file --batch` wrote into files that are called as the blobs.
fn split(written: File, into: &Path) -> io::Result<()> {
    let mut written = BufReader::new(written);
    let mut head = String::new();
    while written.read_line(&mut head)? > 0 {
        let mut words = head.split_whitespace();
        let (Some(blob), Some("blob"), Some(Ok(size))) =
            (words.next(), words.next(), words.next().map(str::parse::<u64>))
        else {
            return Err(io::Error::other(format!("git has no file `{}`", head.trim())));
        };
        let mut file = File::create(into.join(blob))?;
        if io::copy(&mut (&mut written).take(size), &mut file)? != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        written.read_exact(&mut [0])?;
        head.clear();
    }
    Ok(())
}

fn temporary(text: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text)?;
    file.rewind()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submodule_that_is_a_part_of_a_chart_is_told() {
        let listed =
            "100644 blob aa 3\tweb/Chart.yaml\x00160000 commit bb -\tweb/charts/sub\x00160000 commit cc -\tlib\x00";
        let tree = chosen("main", &entries(listed), Path::new("files"), &mut BTreeMap::new());
        assert_eq!(tree.unread.keys().collect::<Vec<_>>(), ["web/charts/sub"]);
        assert_eq!(tree.files.keys().collect::<Vec<_>>(), ["web/Chart.yaml"]);
    }
}
