//! Charts that lie in a git repository: packed as they lie there, and rendered as those of components are.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use manifests::Digest;
use manifests::kubernetes::NamespaceName;
use manifests::values::{self, Values};

use super::is_chart_file;
use super::path::{folder_of, is_in, join, name};
use crate::charts::package::package;
use crate::discovery::archive::chain;
use crate::discovery::request::ChartFolder;
use crate::discovery::walk::{Given, values_of};
use crate::discovery::{
    ChartRequest, Failure, LARGEST, Origin, RepositoryRequest, TreeRequest, Trouble, read_text, yaml,
};

/// Charts that are rendered of one repository.
const MOST: usize = 500;

/// Whether there is a chart in a repository.
pub(crate) fn has_charts(request: &RepositoryRequest) -> bool {
    request.trees.iter().any(|tree| tree.files.keys().any(|path| is_chart_file(path)))
}

/// The folders of charts. Those that a chart brings are rendered with it.
pub(super) fn folders(tree: &TreeRequest) -> BTreeSet<&str> {
    let all: BTreeSet<&str> =
        tree.files.keys().filter(|path| is_chart_file(path)).map(|path| folder_of(path)).collect();
    let is_brought = |folder: &str| {
        let mut parts = folder.match_indices("charts/").map(|(at, _)| folder[..at].trim_end_matches('/'));
        parts.any(|above| all.contains(above) && above != folder)
    };
    all.iter().copied().filter(|folder| !is_brought(folder)).collect()
}

/// Whether a file is one that Helm makes objects of.
pub(super) fn is_own(path: &str, charts: &BTreeSet<&str>) -> bool {
    charts.iter().any(|folder| {
        let below =
            |name: &str| is_in(path, &if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") });
        below("templates") || below("charts") || below("crds")
    })
}

/// The charts of a repository, packed into a folder; the same files are rendered once. And those that can't be packed.
pub(in crate::discovery) fn charts(request: &RepositoryRequest, work: &Path) -> (Vec<ChartRequest>, Vec<Failure>) {
    let (mut charts, mut failures, mut known) = (Vec::new(), Vec::new(), BTreeMap::new());
    for tree in &request.trees {
        let shared = Arc::new(tree.clone());
        for folder in folders(tree) {
            let chart = Chart { request, tree: &shared, folder };
            if chart.is_library() {
                continue;
            }
            if charts.len() + failures.len() >= MOST {
                failures.push(
                    chart.failure(format!("this is chart {} of the repository: no more are looked into", MOST + 1)),
                );
                return (charts, failures);
            }
            let request = chart.packed(work).and_then(|(archive, digest)| {
                let place = known.entry((folder.to_owned(), digest)).or_insert(charts.len());
                match charts.get_mut(*place).and_then(|known: &mut ChartRequest| known.folder.as_mut()) {
                    Some(known) => known.trees.push(Arc::clone(&shared)),
                    None => charts.push(chart.request(archive, digest)?),
                }
                Ok(())
            });
            failures.extend(request.err().map(|why| chart.failure(why)));
        }
    }
    (charts, failures)
}

struct Chart<'a> {
    request: &'a RepositoryRequest,
    tree: &'a Arc<TreeRequest>,
    folder: &'a str,
}

impl Chart<'_> {
    /// Its archive, as a file.
    fn packed(&self, work: &Path) -> Result<(PathBuf, Digest), String> {
        let reads_files = LazyCell::new(|| self.reads_files());
        let is_taken = |path: &str| takes(path) || *reads_files;
        let mut links = self.tree.links.iter().filter(|path| is_in(path, self.folder));
        if let Some(link) = links.find(|path| is_taken(self.below(path))) {
            return Err(format!("`{link}` in this chart is a link, which is not followed"));
        }
        let failed = |error: std::io::Error| error.to_string();
        let copy = tempfile::tempdir_in(work).map_err(failed)?;
        for (path, file) in self.tree.files.iter().filter(|(path, _)| is_in(path, self.folder)) {
            // A tree may have been written by hand, with names that lead out of it.
            let inside = join("", path).filter(|plain| plain == path).ok_or_else(|| format!("`{path}` is no path"))?;
            let to = copy.path().join(self.below(&inside));
            to.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
            std::fs::hard_link(file, &to).or_else(|_| std::fs::copy(file, &to).map(drop)).map_err(failed)?;
        }
        let packed = package(copy.path(), Timestamp::UNIX_EPOCH).map_err(|error| {
            let place = format!("{}/", copy.path().display());
            chain(&error).replace(&place, "").replace(place.trim_end_matches('/'), "the chart")
        })?;
        let digest = Digest::of(&packed.archive);
        let archive = work.join(format!("in-git-{}.tgz", digest.hex()));
        std::fs::write(&archive, &packed.archive).map_err(failed)?;
        Ok((archive, digest))
    }

    /// The path of a file of it, from its folder on.
    fn below<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.folder).unwrap_or(path).trim_start_matches('/')
    }

    /// Whether a template reads files, which may be any then.
    fn reads_files(&self) -> bool {
        let own = self.tree.files.iter().filter(|(path, _)| is_in(path, self.folder));
        let mut templates = own.filter(|(path, _)| is_template(self.below(path)));
        templates.any(|(_, file)| read_text(file, LARGEST).is_ok_and(|text| text.contains(".Files")))
    }

    /// Whether it has nothing but helpers for other charts: nobody installs it.
    fn is_library(&self) -> bool {
        let file = self.tree.files.get(&join(self.folder, "Chart.yaml").unwrap_or_default());
        let trees = file.and_then(|file| yaml::read(&read_text(file, LARGEST).ok()?).ok()).unwrap_or_default();
        trees.iter().any(|tree| tree.text_of("type") == Some("library"))
    }

    fn request(&self, archive: PathBuf, digest: Digest) -> Result<ChartRequest, String> {
        let RepositoryRequest { component, repository, .. } = self.request;
        let (at, folder) = (self.tree.at.clone(), self.folder.to_owned());
        let own = name(self.folder).to_ascii_lowercase().replace(['_', '.'], "-");
        let nameless = |_| "no release can be called after it".to_owned();
        let release = own.parse().or_else(|_| "release".parse()).map_err(nameless)?;
        let namespace: NamespaceName = "default".parse().map_err(|_| "no namespace is there for it".to_owned())?;
        Ok(ChartRequest {
            component: component.clone(),
            chart: format!("{repository}@{at}:{folder}"),
            release,
            namespace,
            archive,
            digest,
            values: Values::new(),
            variants: Vec::new(),
            site_values: Vec::new(),
            folder: Some(ChartFolder { repository: repository.clone(), folder, trees: vec![Arc::clone(self.tree)] }),
        })
    }

    fn failure(&self, why: String) -> Failure {
        let RepositoryRequest { component, repository, .. } = self.request;
        let (repository, at, file) = (repository.clone(), self.tree.at.clone(), self.folder.to_owned());
        let origin = Origin::Repository { repository, at, file, line: None };
        Failure { component: component.clone(), origin, variant: None, trouble: Trouble::NotFollowed { why } }
    }
}

/// Whether Helm makes something of a file of a chart by its name.
fn takes(path: &str) -> bool {
    let is_own = ["Chart.yaml", "Chart.lock", "requirements.yaml", "templates", "charts", "crds"].contains(&path);
    is_own || is_template(path) || path.starts_with("crds/") || path.starts_with("values")
}

fn is_template(path: &str) -> bool {
    path.starts_with("templates/") || path.starts_with("charts/")
}

/// Values out of files of a repository, the last of which counts most: relative to a folder, to the repository, or, with `$name/`
/// before it, to that of another source. None where one is not there that has to be.
pub(in crate::discovery) fn given_files(
    tree: &TreeRequest,
    folder: &str,
    given: &Given,
) -> Result<Option<Values>, String> {
    let mut all = Values::new();
    for file in &given.files {
        let place = match file.strip_prefix('$') {
            Some(rest) => rest.split_once('/').and_then(|(_, path)| join("", path)),
            None => join(folder, file),
        };
        let found = match place.and_then(|place| tree.files.get(&place)) {
            Some(found) => found,
            None if given.may_lack => continue,
            None => return Ok(None),
        };
        let own =
            read_text(found, LARGEST).and_then(|text| values_of(&text)).map_err(|why| format!("{file}: {why}"))?;
        all = values::merge(all, &own);
    }
    Ok(Some(all))
}
