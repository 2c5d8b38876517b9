//! From the tree to a component.

mod deployment;

use std::collections::HashMap;
use std::sync::Arc;

use super::{Component, WantedChart, WantedFile, WantedGit, WantedImage, WantedImageList, WantedPackage, values};
use crate::document::{carried_path, object_name};
use crate::yaml::{Fields, Location, Node, Problem, Problems, Sink, SourceFile, parse};
use crate::{BundleName, Platform};

/// The version of the format that is read.
const API_VERSION: &str = "airgap/v1";

/// The fields that a component and a stack share.
pub(crate) struct Contents {
    pub(crate) platforms: Vec<Platform>,
    pub(crate) images: Vec<WantedImage>,
    pub(crate) image_lists: Vec<WantedImageList>,
    pub(crate) charts: Vec<WantedChart>,
    pub(crate) files: Vec<WantedFile>,
    pub(crate) git: Vec<WantedGit>,
    pub(crate) packages: Vec<WantedPackage>,
}

/// Names of fields that later versions will give a meaning to.
const RESERVED: [&str; 1] = ["imageOverrides"];

pub(super) fn component(file: &Arc<SourceFile>) -> Result<Component, Problems> {
    document(file, "Component", |fields, sink, name| {
        let description = fields.text("description");
        let version = fields.text("version");
        let about = values::about(fields);
        let mut contents = listed(fields);
        let own = name.as_ref().map(|(name, _)| name);
        let deployment = deployment::deployment(fields, own, &mut contents.files, sink);
        contents.refuse_duplicates(sink);
        let Contents { platforms, images, image_lists, charts, files, git, packages } = contents;
        let repositories = fields.list("repositories", values::component_repository);
        let provides = values::offers(fields, "provides", "what a component provides", sink);
        let wants = values::offers(fields, "wants", "what a component wants", sink);
        let decisions = fields.list("decisions", values::decision_of_component);
        let waivers = fields.list("waivers", values::waiver);
        fields.reserved(&RESERVED);
        let (name, location) = name?;
        Some(Component {
            name,
            description,
            version,
            about,
            platforms,
            images,
            image_lists,
            charts,
            files,
            git,
            packages,
            repositories,
            deployment,
            provides,
            wants,
            decisions,
            waivers,
            location,
        })
    })
}

/// Reads a document of a kind: its head here, the rest through `read`. All problems are gathered.
pub(crate) fn document<T>(
    file: &Arc<SourceFile>,
    kind: &'static str,
    read: impl FnOnce(&mut Fields<'_>, &Sink, Option<(BundleName, Location)>) -> Option<T>,
) -> Result<T, Problems> {
    let sink = Sink::default();
    let root = match parse(file, &sink) {
        Ok(root) => root,
        Err(problem) => {
            sink.add(*problem);
            Node::nothing(file)
        }
    };
    let value = if root.is_nothing() { None } else { whole(&root, kind, &sink, read) };
    match value {
        Some(value) if sink.is_empty() => Ok(value),
        _ => Err(sink.into_problems(file)),
    }
}

fn whole<T>(
    root: &Node,
    kind: &'static str,
    sink: &Sink,
    read: impl FnOnce(&mut Fields<'_>, &Sink, Option<(BundleName, Location)>) -> Option<T>,
) -> Option<T> {
    let what = match kind {
        "Stack" => "a stack",
        "Site" => "a site",
        _ => "a component",
    };
    let mut fields = Fields::of(root, what, sink)?;
    // Fields of another kind or version would only be a list of unknown ones: the head decides whether to go on.
    let version = fields.required("apiVersion", &format!("begin the file with `apiVersion: {API_VERSION}`"));
    let version = version.is_none_or(|node| is_version(node, sink));
    let found = fields.required("kind", &format!("write `kind: {kind}`"));
    let found = found.is_none_or(|node| is_kind(node, kind, sink));
    if !version || !found {
        return None;
    }
    let name = fields.required("name", "give it a name, such as `name: platform`");
    let name = name.and_then(|node| Some((node.parse::<BundleName>(sink)?, node.location.clone())));
    let value = read(&mut fields, sink, name);
    fields.finish();
    value
}

fn is_version(node: &Node, sink: &Sink) -> bool {
    match node.text(sink) {
        Some(API_VERSION) => true,
        Some(text) => {
            let message =
                format!("this file is written for `{text}`; this version of the software reads `{API_VERSION}`");
            let problem = Problem::new(&node.location, message, "another version");
            sink.add(problem.with_help(format!("write `{API_VERSION}`, or use the software that the file is for")));
            false
        }
        None => false,
    }
}

fn is_kind(node: &Node, kind: &str, sink: &Sink) -> bool {
    let Some(text) = node.text(sink) else { return false };
    if text == kind {
        return true;
    }
    let lower = kind.to_lowercase();
    let (message, help) = match text {
        "Stack" | "Component" | "Site" => (
            format!("this file holds a {}, but a {lower} is expected", text.to_lowercase()),
            format!("name a file that begins with `kind: {kind}`"),
        ),
        _ => (format!("`{text}` is not the kind of this file"), format!("write `kind: {kind}`")),
    };
    sink.add(Problem::new(&node.location, message, "this kind").with_help(help));
    false
}

/// Reads the fields that a component and a stack share.
pub(crate) fn contents(fields: &mut Fields<'_>, sink: &Sink) -> Contents {
    let contents = listed(fields);
    contents.refuse_duplicates(sink);
    contents
}

fn listed(fields: &mut Fields<'_>) -> Contents {
    let platforms = fields.list("platforms", values::platform);
    let mut images = fields.list("images", values::image);
    // To a registry, both are the same.
    images.extend(fields.list("artifacts", values::image));
    let image_lists = fields.list("imageLists", values::image_list);
    let charts = fields.list("charts", values::chart);
    let files = fields.list("files", values::file);
    let git = fields.list("git", values::git);
    let packages = fields.list("packages", values::package);
    Contents { platforms, images, image_lists, charts, files, git, packages }
}

impl Contents {
    fn refuse_duplicates(&self, sink: &Sink) {
        let images = self.images.iter().map(|image| (image.reference.to_string(), &image.location));
        refuse_duplicates("image", images, sink);
        // Two versions of one chart may be wanted: the way of an upgrade can need both.
        // One of them may be wanted as two releases.
        let release = |chart: &WantedChart| {
            chart.release.as_ref().or(chart.carried_as.as_ref()).and_then(|release| release.name.clone())
        };
        let shown = |chart: &WantedChart| {
            release(chart).map_or_else(|| chart.to_string(), |name| format!("{chart} as `{name}`"))
        };
        let charts = self.charts.iter().map(|chart| (shown(chart), &chart.location));
        refuse_duplicates("chart", charts, sink);
        refuse_duplicates("file", self.files.iter().map(|file| (file.path.clone(), &file.location)), sink);
        refuse_duplicates("git repository", self.git.iter().map(|git| (git.name.to_string(), &git.location)), sink);
        values::refuse_lost_checksums(&self.files, sink);
        self.refuse_files_as_repositories(sink);
        self.refuse_files_as_folders(sink);
        self.refuse_packages_twice(sink);
    }

    /// A repository is carried as a file, whose path is no other's.
    fn refuse_files_as_repositories(&self, sink: &Sink) {
        for git in &self.git {
            let path = carried_path(git.name.as_str());
            let is_its =
                |file: &str| file == path || object_name(file).is_some_and(|(name, _)| name == git.name.as_str());
            if let Some(file) = self.files.iter().find(|file| is_its(&file.path)) {
                let message = format!("file `{}` would be of the git repository `{}`", file.path, git.name);
                let problem =
                    Problem::new(&file.location, message, "this file").with_other(&git.location, "the repository");
                sink.add(problem.with_help("rename one of them"));
            }
        }
    }

    /// A package may be listed again for another series or architecture.
    fn refuse_packages_twice(&self, sink: &Sink) {
        let packages = self.packages.iter().flat_map(|package| {
            let everywhere = |all: bool| all.then(String::new);
            let series = package.series.iter().map(ToString::to_string).chain(everywhere(package.series.is_empty()));
            series.flat_map(move |series| {
                let architectures = package.architectures.iter().map(ToString::to_string);
                architectures.chain(everywhere(package.architectures.is_empty())).map(move |architecture| {
                    let place: Vec<&str> =
                        [series.as_str(), &architecture].into_iter().filter(|w| !w.is_empty()).collect();
                    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
                    (format!("{}{place}", package.package), &package.location)
                })
            })
        });
        refuse_duplicates("package", packages, sink);
    }

    /// `a` and `a/b` can't both be written to a disk.
    fn refuse_files_as_folders(&self, sink: &Sink) {
        let files: HashMap<&str, &Location> =
            self.files.iter().map(|file| (file.path.as_str(), &file.location)).collect();
        for file in &self.files {
            let above =
                file.path.match_indices('/').find_map(|(at, _)| Some((&file.path[..at], files.get(&file.path[..at])?)));
            if let Some((above, place)) = above {
                let message = format!("file `{}` would stand in the file `{above}`", file.path);
                let problem = Problem::new(&file.location, message, "in a file").with_other(place, "the file");
                sink.add(problem.with_help("rename one of them"));
            }
        }
    }
}

/// Says what stands in a list twice.
pub(crate) fn refuse_duplicates<'a>(what: &str, names: impl Iterator<Item = (String, &'a Location)>, sink: &Sink) {
    let mut seen = HashMap::new();
    for (name, location) in names {
        let message = format!("{what} `{name}` is listed twice");
        if let Some(first) = seen.insert(name, location) {
            let problem = Problem::new(location, message, "listed again").with_other(first, "first listed here");
            sink.add(problem.with_help("remove one of them"));
        }
    }
}
