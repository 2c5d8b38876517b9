//! What a lock decides for a stack: each item that is asked for as it was when it was locked.

use manifests::component::{GitSource, ImageSource};
use manifests::lock::{LockedChart, LockedDiscovery, LockedFile, LockedGit, LockedImage, LockedMirror, LockedSystem};
use manifests::stack::Mirror;
use manifests::yaml::suggest::nearest;
use manifests::{ImageReference, Lock};

use super::{Folder, Request};
use crate::resolve::stack::{ResolvedChart, ResolvedFile, ResolvedGit, ResolvedImage, ResolvedStack, ResolvedSystem};

/// What of a lock is to be moved to what upstream has now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Update {
    /// Nothing: only what the stack asks for anew is looked for.
    #[default]
    Nothing,
    /// Everything.
    All,
    /// What is called so.
    Items(Vec<String>),
}

/// What a lock decides.
#[derive(Debug, Clone)]
pub struct Pins {
    lock: Option<Lock>,
    folder: Folder,
}

/// A name that is meant to be moved and that a lock does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the lock has no item `{name}`")]
#[diagnostic(code(usage))]
pub struct UnknownItem {
    name: String,
    #[help]
    help: String,
}

impl Pins {
    /// Nothing is decided.
    pub fn none() -> Self {
        Self { lock: None, folder: Folder::of("".as_ref()) }
    }

    /// What a lock decides, but for what is to be moved. `folder` is that of the stack.
    ///
    /// # Errors
    /// [`UnknownItem`] when the lock has none of a name.
    pub fn new(lock: Option<&Lock>, folder: Folder, update: &Update) -> Result<Self, UnknownItem> {
        let lock = match (lock, update) {
            (_, Update::All) | (None, _) => None,
            (lock, Update::Nothing) => lock.cloned(),
            (Some(lock), Update::Items(names)) => Some(without(lock.clone(), names)?),
        };
        Ok(Self { lock, folder })
    }

    /// An image that comes from a registry, if its lock is for what the stack asks for.
    pub fn image(&self, image: &ResolvedImage) -> Option<&LockedImage> {
        let (ImageSource::Registry | ImageSource::Image(_)) = image.source else { return None };
        let request = Request::image(image, &self.folder);
        let locked = self.lock.as_ref()?.images.iter().find(|locked| locked.image == image.reference)?;
        (Request::locked_image(locked) == request).then_some(locked)
    }

    /// What charts were seen to refer to.
    pub fn discovery(&self) -> Option<&LockedDiscovery> {
        self.lock.as_ref()?.discovery.as_ref()
    }

    /// A chart, wherever it comes from.
    pub fn chart_anywhere(&self, chart: &ResolvedChart) -> Option<&LockedChart> {
        let request = Request::chart(chart, &self.folder);
        self.lock.as_ref()?.charts.iter().find(|locked| Request::locked_chart(locked) == request)
    }

    /// A chart that does not come from disk.
    pub fn chart(&self, chart: &ResolvedChart) -> Option<&LockedChart> {
        self.chart_anywhere(chart).filter(|locked| locked.found.is_some())
    }

    /// A file that does not come from disk.
    pub fn file(&self, file: &ResolvedFile) -> Option<&LockedFile> {
        let manifests::component::FileSource::Url { .. } = file.source else { return None };
        let is_it = |locked: &&LockedFile| locked.component == file.component && locked.file == file.path;
        let locked = self.lock.as_ref()?.files.iter().find(is_it)?;
        (Request::locked_file(locked) == Request::file(file, &self.folder, Some(locked))).then_some(locked)
    }

    /// A git repository that does not come from disk.
    pub fn git(&self, git: &ResolvedGit) -> Option<&LockedGit> {
        let GitSource::Url(_) = git.wanted.source else { return None };
        self.git_anywhere(git)
    }

    /// A git repository, wherever it comes from.
    pub fn git_anywhere(&self, git: &ResolvedGit) -> Option<&LockedGit> {
        let request = Request::git(git, &self.folder);
        self.lock.as_ref()?.git.iter().find(|locked| Request::locked_git(locked) == request)
    }

    /// A system with all that is asked for on it.
    pub fn system(&self, system: &ResolvedSystem) -> Option<&LockedSystem> {
        let locked = self.lock.as_ref()?.systems.iter().find(|locked| locked.series == system.series)?;
        let same = Request::locked_system(locked) == Request::system(system, &self.folder)
            && Request::locked_packages(locked)
                .iter()
                .map(|(request, _)| request)
                .eq(Request::packages(system).iter().map(|(request, _)| request));
        same.then_some(locked)
    }

    /// A mirror.
    pub fn mirror(&self, mirror: &Mirror) -> Option<&LockedMirror> {
        let request = Request::mirror(mirror);
        self.lock.as_ref()?.mirrors.iter().find(|locked| Request::locked_mirror(locked) == request)
    }

    /// The part of a stack that the lock says nothing of, or that lies on disk.
    pub fn rest_of(&self, stack: &ResolvedStack) -> ResolvedStack {
        let mut rest = stack.clone();
        rest.images.retain(|image| self.image(image).is_none());
        rest.charts.retain(|chart| self.chart(chart).is_none());
        rest.files.retain(|file| self.file(file).is_none());
        rest.git.retain(|git| self.git(git).is_none());
        rest.systems.retain(|system| self.system(system).is_none());
        rest.mirrors.retain(|mirror| self.mirror(mirror).is_none());
        rest
    }
}

/// The lock without what is called so.
fn without(mut lock: Lock, names: &[String]) -> Result<Lock, UnknownItem> {
    for name in names {
        let reference = name.parse::<ImageReference>().ok();
        let before = count(&lock);
        let known = lock.clone();
        lock.images.retain(|image| Some(&image.image) != reference.as_ref());
        lock.charts.retain(|chart| chart.chart != *name);
        lock.files.retain(|file| file.file != *name && format!("{}/{}", file.component, file.file) != *name);
        lock.git.retain(|git| git.git.as_str() != name && format!("{}/{}", git.component, git.git) != *name);
        lock.systems.retain(|system| system.series.as_str() != name);
        lock.mirrors.retain(|mirror| mirror.mirror.as_str() != name);
        if count(&lock) == before {
            return Err(unknown(name, &known));
        }
    }
    Ok(lock)
}

fn count(lock: &Lock) -> usize {
    let named = lock.images.len() + lock.charts.len() + lock.files.len() + lock.git.len();
    named + lock.systems.len() + lock.mirrors.len()
}

fn unknown(name: &str, lock: &Lock) -> UnknownItem {
    let packages = lock.systems.iter().find(|system| system.packages.iter().any(|one| one.package.as_str() == name));
    let help = match packages {
        Some(system) => format!("packages of a series move together: name the series, `{}`", system.series),
        None => {
            let names = names(lock);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            match nearest(name, &names) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "name an image, a chart, a file, a git repository, a series or a mirror as the lock has it"
                    .to_owned(),
            }
        }
    };
    UnknownItem { name: name.to_owned(), help }
}

fn names(lock: &Lock) -> Vec<String> {
    let images = lock.images.iter().map(|image| image.image.to_string());
    let charts = lock.charts.iter().map(|chart| chart.chart.clone());
    let files = lock.files.iter().map(|file| format!("{}/{}", file.component, file.file));
    let git = lock.git.iter().map(|git| format!("{}/{}", git.component, git.git));
    let systems = lock.systems.iter().map(|system| system.series.to_string());
    let mirrors = lock.mirrors.iter().map(|mirror| mirror.mirror.to_string());
    images.chain(charts).chain(files).chain(git).chain(systems).chain(mirrors).collect()
}
