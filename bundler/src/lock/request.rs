//! What an item asks for, in the same words for a stack and for its lock.

use std::fmt;

use manifests::component::{
    ChartSource, FileSource, GitCommit, GitRef, GitSource, ImageSource, Lfs, PackageRepository, Submodules, WantedGit,
};
use manifests::debian::Architecture;
use manifests::lock::{
    LockedChart, LockedFile, LockedGit, LockedImage, LockedMirror, LockedRepository, LockedRequest, LockedSystem,
};
use manifests::stack::Mirror;

use super::Folder;
use crate::git::shown_with_user;
use crate::http::shown;
use crate::resolve::stack::{ResolvedChart, ResolvedFile, ResolvedGit, ResolvedImage, ResolvedPackage, ResolvedSystem};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Of which kind it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// How it is asked for.
    pub fields: Vec<(&'static str, String)>,
}

/// A kind of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An image.
    Image,
    /// A chart.
    Chart,
    /// A file.
    File,
    /// A git repository.
    Git,
    /// What nodes run.
    System,
    /// A package for nodes of one architecture.
    Package,
    /// A repository that is carried whole.
    Mirror,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Chart => "chart",
            Self::File => "file",
            Self::Git => "git repository",
            Self::System => "system",
            Self::Package => "package",
            Self::Mirror => "mirror",
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

impl Request {
    /// An image of a stack.
    pub fn image(image: &ResolvedImage, folder: &Folder) -> Self {
        Self::of_image(
            image.reference.to_string(),
            joined(&image.platforms),
            image.attachments,
            image_source(&image.source, folder).unwrap_or_default(),
        )
    }

    /// An image of a lock.
    pub fn locked_image(image: &LockedImage) -> Self {
        let from = image.from.clone().unwrap_or_default();
        Self::of_image(image.image.to_string(), joined(&image.platforms), !image.without_attachments, from)
    }

    fn of_image(name: String, platforms: String, attachments: bool, from: String) -> Self {
        let attachments = attachments.to_string();
        let fields = vec![("platforms", platforms), ("attachments", attachments), ("from", from)];
        Self { kind: Kind::Image, name, fields }
    }

    /// A chart of a stack.
    pub fn chart(chart: &ResolvedChart, folder: &Folder) -> Self {
        let (from, wanted) = chart_source(&chart.source, folder);
        Self::of_chart(&chart.name, from, wanted)
    }

    /// A chart of a lock.
    pub fn locked_chart(chart: &LockedChart) -> Self {
        Self::of_chart(&chart.chart, chart.from.clone(), chart.wanted.clone())
    }

    fn of_chart(name: &str, from: String, wanted: Option<String>) -> Self {
        let fields = vec![("from", from), ("version", wanted.unwrap_or_default())];
        Self { kind: Kind::Chart, name: name.to_owned(), fields }
    }

    /// A file of a stack, where its lock has this digest: a stack need not say one for what is on disk.
    pub fn file(file: &ResolvedFile, folder: &Folder, locked: Option<&LockedFile>) -> Self {
        let (from, digest) = file_source(&file.source, folder);
        let digest = digest.or_else(|| locked.map(|locked| locked.digest.to_string())).unwrap_or_default();
        Self::of_file(format!("{}/{}", file.component, file.path), from, digest)
    }

    /// A file of a lock.
    pub fn locked_file(file: &LockedFile) -> Self {
        Self::of_file(format!("{}/{}", file.component, file.file), file.from.clone(), file.digest.to_string())
    }

    fn of_file(name: String, from: String, digest: String) -> Self {
        Self { kind: Kind::File, name, fields: vec![("from", from), ("sha256", digest)] }
    }

    /// A git repository of a stack.
    pub fn git(git: &ResolvedGit, folder: &Folder) -> Self {
        let WantedGit { name, source, reference, commit, refs, lfs, submodules, .. } = &git.wanted;
        let name = format!("{}/{name}", git.component);
        Self::of_git(name, git_source(source, folder), (reference, commit.as_ref(), refs), (*lfs, *submodules))
    }

    /// A git repository of a lock.
    pub fn locked_git(locked: &LockedGit) -> Self {
        let LockedGit { git, component, from, wanted, at, beside, lfs, submodules, .. } = locked;
        let what = (wanted, at.as_ref(), beside);
        Self::of_git(format!("{component}/{git}"), from.clone(), what, (*lfs, *submodules))
    }

    fn of_git(
        name: String,
        from: String,
        (reference, commit, refs): (&GitRef, Option<&GitCommit>, &Vec<GitRef>),
        (lfs, submodules): (Lfs, Submodules),
    ) -> Self {
        let lfs = match lfs {
            Lfs::Refuse => "refuse",
            Lfs::Pointers => "pointers",
            Lfs::Carry => "carry",
        };
        let submodules = if submodules == Submodules::Carry { "carry" } else { "refuse" };
        let fields = vec![
            ("from", from),
            ("ref", reference.to_string()),
            ("commit", commit.map(ToString::to_string).unwrap_or_default()),
            ("refs", joined(refs)),
            ("lfs", lfs.to_owned()),
            ("submodules", submodules.to_owned()),
        ];
        Self { kind: Kind::Git, name, fields }
    }

    /// A system of a stack.
    pub fn system(system: &ResolvedSystem, folder: &Folder) -> Self {
        let base: Vec<String> = system.base.iter().map(|base| profile(base, folder)).collect();
        let fields = vec![
            ("architectures", joined(&system.architectures)),
            ("foreign", joined(&system.foreign)),
            ("base", base.join(", ")),
            ("repositories", listed(system.repositories.iter().map(repository))),
        ];
        Self { kind: Kind::System, name: system.series.to_string(), fields }
    }

    /// A system of a lock.
    pub fn locked_system(system: &LockedSystem) -> Self {
        let base: Vec<&str> = system.base.iter().map(|base| base.profile.as_str()).collect();
        let fields = vec![
            ("architectures", joined(&system.architectures)),
            ("foreign", joined(&system.foreign)),
            ("base", base.join(", ")),
            ("repositories", listed(system.repositories.iter().map(locked_repository))),
        ];
        Self { kind: Kind::System, name: system.series.to_string(), fields }
    }

    /// The packages of a system of a stack, in the order in which they are solved.
    pub fn packages(system: &ResolvedSystem) -> Vec<(Self, &ResolvedPackage)> {
        let mut requests = Vec::new();
        for architecture in &system.architectures {
            for package in system.packages.iter().filter(|package| package.architectures.contains(architecture)) {
                let name = format!("{} of {} for {architecture} ({})", package.name, system.series, package.component);
                let fields = of_package(package.version.as_ref(), package.recommends, package.foreign.as_ref());
                requests.push((Self { kind: Kind::Package, name, fields }, package));
            }
        }
        requests
    }

    /// The packages of a system of a lock.
    pub fn locked_packages(system: &LockedSystem) -> Vec<(Self, &LockedRequest)> {
        let mut requests = Vec::new();
        for wanted in &system.wanted {
            let LockedRequest { package, component, architecture, versions, recommends, foreign, .. } = wanted;
            let name = format!("{package} of {} for {architecture} ({component})", system.series);
            let fields = of_package(versions.as_ref(), *recommends, foreign.as_ref());
            requests.push((Self { kind: Kind::Package, name, fields }, wanted));
        }
        requests
    }

    /// A mirror of a stack.
    pub fn mirror(mirror: &Mirror) -> Self {
        Self::of_mirror(mirror.name.to_string(), repository(&mirror.repository))
    }

    /// A mirror of a lock.
    pub fn locked_mirror(mirror: &LockedMirror) -> Self {
        Self::of_mirror(mirror.mirror.to_string(), locked_repository(&mirror.repository))
    }

    fn of_mirror(name: String, repository: String) -> Self {
        Self { kind: Kind::Mirror, name, fields: vec![("repository", repository)] }
    }
}

fn of_package(
    versions: Option<&impl ToString>,
    recommends: bool,
    foreign: Option<&Architecture>,
) -> Vec<(&'static str, String)> {
    vec![
        ("versions", versions.map(ToString::to_string).unwrap_or_default()),
        ("recommends", recommends.to_string()),
        ("foreign", foreign.map(ToString::to_string).unwrap_or_default()),
    ]
}

/// Where an image on disk lies; none for one of a registry.
pub(super) fn image_source(source: &ImageSource, folder: &Folder) -> Option<String> {
    let (kind, local) = match source {
        ImageSource::Registry => return None,
        ImageSource::Image(image) => return Some(format!("image {image}")),
        ImageSource::OciLayout(local) => ("ociLayout", local),
        ImageSource::OciArchive(local) => ("ociArchive", local),
        ImageSource::DockerArchive(local) => ("dockerArchive", local),
    };
    let name = local.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    Some(format!("{kind} {}{name}", folder.path(&local.path)))
}

/// Where a chart comes from, and the version that is wanted.
pub(super) fn chart_source(source: &ChartSource, folder: &Folder) -> (String, Option<String>) {
    match source {
        ChartSource::Repository { url, version } => (shown(url), Some(version.to_string())),
        ChartSource::Oci { repository, version } => (format!("oci://{repository}"), Some(version.to_string())),
        ChartSource::Local { path } => (folder.path(path), None),
    }
}

/// Where a file comes from, and its digest where the stack says it.
pub(crate) fn file_source(source: &FileSource, folder: &Folder) -> (String, Option<String>) {
    match source {
        FileSource::Url { url, sha256 } => (shown(url), sha256.map(|digest| digest.to_string())),
        FileSource::Local { path, sha256 } => (folder.path(path), sha256.map(|digest| digest.to_string())),
    }
}

/// Where a git repository comes from.
pub(super) fn git_source(source: &GitSource, folder: &Folder) -> String {
    match source {
        GitSource::Url(url) => shown_with_user(url),
        GitSource::Local(path) => folder.path(path),
    }
}

/// A profile of nodes.
pub(super) fn profile(base: &manifests::stack::Base, folder: &Folder) -> String {
    match base {
        manifests::stack::Base::Essential => base.to_string(),
        manifests::stack::Base::File(path) => folder.path(path),
    }
}

fn repository(repository: &PackageRepository) -> String {
    let suites: Vec<String> = repository.suites.iter().map(ToString::to_string).collect();
    let parts = (&repository.components, joined(&repository.architectures), repository.priority);
    in_words(&shown(&repository.url), repository.snapshot.as_ref().map(shown), &suites, parts)
}

fn locked_repository(repository: &LockedRepository) -> String {
    let suites: Vec<String> = repository.suites.iter().map(|suite| suite.suite.clone()).collect();
    let parts = (&repository.components, joined(&repository.architectures), repository.priority);
    in_words(&repository.repository, repository.snapshot.clone(), &suites, parts)
}

fn in_words(
    url: &str,
    snapshot: Option<String>,
    suites: &[String],
    (components, architectures, priority): (&Vec<String>, String, Option<i16>),
) -> String {
    let mut words = vec![url.to_owned()];
    words.extend(snapshot.map(|snapshot| format!("at {snapshot}")));
    words.push(format!("({})", suites.join(", ")));
    words.extend((!components.is_empty()).then(|| components.join(", ")));
    words.extend((!architectures.is_empty()).then(|| format!("for {architectures}")));
    words.extend(priority.map(|priority| format!("with priority {priority}")));
    words.join(" ")
}

fn joined<T: fmt::Display>(words: &[T]) -> String {
    listed(words.iter().map(ToString::to_string))
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
