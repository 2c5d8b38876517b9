//! What a bundle or a lock holds, in the same words for both.

use std::collections::{BTreeMap, BTreeSet};

use manifests::document::{Document, Item, carried_path, object_path};
use manifests::evidence::SET;
use manifests::{BundleName, Digest, ImageReference, Lock};

use super::mirrors::Figures;
use crate::advisories::Findings;
use crate::charts::name_of_locked;
use crate::sbom::Licences;

/// What a bundle or a lock holds.
#[derive(Debug)]
pub struct Contents {
    /// The name of the stack.
    pub(super) name: BundleName,
    /// The bundle's version; none for a lock.
    pub(super) version: Option<String>,
    /// Images and charts; of a bundle also sets of files, of packages and mirrors.
    pub(super) items: Vec<Held>,
    /// Files by component and path.
    pub(super) files: BTreeMap<(String, String), (Digest, u64)>,
    /// Versions and sizes of packages by series, name and architecture.
    pub(super) packages: BTreeMap<PackageKey, BTreeMap<String, u64>>,
    /// Mirrors: the releases of their suites, and what is in them.
    pub(super) mirrors: BTreeMap<BundleName, (Vec<String>, Figures)>,
    /// What each component asks for.
    pub(super) components: BTreeMap<String, BTreeSet<String>>,
    /// The licences in it; none for a lock, which knows of none.
    pub(super) licences: Option<Licences>,
    /// Whether its images were looked into.
    pub(super) looked_into: bool,
    /// What databases say of it, where any was asked.
    pub(super) advisories: Option<Findings>,
    /// Every blob with its size; none for a lock.
    pub(super) blobs: Option<BTreeMap<Digest, u64>>,
}

/// Series, name and architecture.
pub(super) type PackageKey = (String, String, String);

/// An item.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) kind: String,
    /// The name without a tag.
    pub(super) name: String,
    /// The tag, or the digest.
    pub(super) tag: String,
    pub(super) digest: Digest,
    /// Bytes of everything that is carried of it, where that is known.
    pub(super) size: Option<u64>,
}

impl Contents {
    /// A lock's that holds nothing.
    pub fn nothing(name: BundleName) -> Self {
        Self {
            name,
            version: None,
            items: Vec::new(),
            files: BTreeMap::new(),
            packages: BTreeMap::new(),
            mirrors: BTreeMap::new(),
            components: BTreeMap::new(),
            licences: None,
            looked_into: false,
            advisories: None,
            blobs: None,
        }
    }

    /// What a bundle holds. `size` tells how many bytes an item has, where that is known.
    pub fn of_bundle(document: &Document, size: impl Fn(&Item) -> Option<u64>) -> Self {
        let blobs = document.blobs.iter().map(|blob| (blob.digest, blob.size)).collect();
        let version = Some(document.version.to_string());
        let mut contents = Self { version, blobs: Some(blobs), ..Self::nothing(document.name.clone()) };
        // What was found out about the rest follows from it, and stands in no lock.
        let is_evidence = |item: &Item| item.as_files().is_some_and(|set| set.name == SET);
        for item in document.items.iter().filter(|item| !is_evidence(item)) {
            contents.add_item(item, size(item));
        }
        contents
    }

    /// The same with the licences that its images and charts name.
    #[must_use]
    pub fn with_licences(self, licences: Licences) -> Self {
        Self { licences: Some(licences), ..self }
    }

    /// The same with what a look inside its images shows: all licences, and what databases say, where any was asked.
    #[must_use]
    pub fn looked_into(self, licences: Licences, advisories: Option<Findings>) -> Self {
        Self { licences: Some(licences), advisories, looked_into: true, ..self }
    }

    fn add_item(&mut self, item: &Item, size: Option<u64>) {
        let (Some(reference), Some(descriptor)) = (item.reference(), item.descriptor()) else { return };
        // A chart is its archive: the artifact around it is made here, or is its registry's.
        let digest = item.as_chart().map_or(descriptor.digest, |chart| chart.archive);
        let component = item.as_image().and_then(|image| image.component.as_ref());
        let component = component.or_else(|| item.as_chart().and_then(|chart| chart.component.as_ref()));
        if let Some(component) = component {
            self.asks(component, format!("{} {reference} {digest}", item.kind()));
        }
        let (name, tag) = split(&reference);
        self.items.push(Held { kind: item.kind().to_owned(), name, tag, digest, size });
        for file in item.as_files().iter().flat_map(|set| &set.files) {
            self.add_file(item.as_files().map_or("", |set| &set.name), &file.path, file.digest, file.size);
        }
        if let Some(set) = item.as_packages() {
            for package in &set.packages {
                let names = (&set.series, &package.name, &package.architecture);
                self.add_package(names, package.version.to_string(), package.size);
            }
            for wanted in &set.wanted {
                self.asks(&wanted.component, format!("package {} {} {}", set.series, wanted.package, wanted.version));
            }
        }
        if let Some(mirror) = item.as_mirror() {
            let suites = mirror.suites.iter().map(|suite| format!("{} {}", suite.suite, suite.date)).collect();
            let figures = Figures { packages: mirror.packages, size: mirror.size };
            self.mirrors.insert(mirror.name.clone(), (suites, figures));
        }
    }

    /// What a lock holds.
    pub fn of_lock(lock: &Lock) -> Self {
        let mut contents = Self::nothing(lock.stack.clone());
        for image in &lock.images {
            let reference = image.image.to_string();
            contents.asks(image.component.as_str(), format!("image {reference} {}", image.digest));
            contents.add("image", &reference, image.digest, image.size);
        }
        for chart in &lock.charts {
            let reference = name_of_locked(chart).map_or_else(|_| chart.chart.clone(), |name| name.to_string());
            contents.asks(chart.component.as_str(), format!("chart {reference} {}", chart.digest));
            contents.add("chart", &reference, chart.digest, chart.size);
        }
        for file in &lock.files {
            contents.add_file(file.component.as_str(), &file.file, file.digest, file.size);
        }
        for git in &lock.git {
            let (component, name) = (git.component.as_str(), git.git.as_str());
            contents.add_file(component, &carried_path(name), git.digest, git.size);
            for object in git.in_lfs.iter().flat_map(|lfs| &lfs.objects) {
                contents.add_file(component, &object_path(name, &object.digest), object.digest, object.size);
            }
        }
        for system in &lock.systems {
            for package in &system.packages {
                let names = (&system.series, &package.package, &package.architecture);
                contents.add_package(names, package.version.to_string(), package.size);
            }
            for wanted in &system.wanted {
                let name = wanted.found.as_ref().unwrap_or(&wanted.package);
                let what = format!("package {} {name} {}", system.series, wanted.version);
                contents.asks(wanted.component.as_str(), what);
            }
        }
        for mirror in &lock.mirrors {
            let date = |suite: &manifests::lock::LockedSuite| {
                format!("{} {}", suite.suite, suite.date.map(|date| date.to_string()).unwrap_or_default())
            };
            let suites = mirror.repository.suites.iter().map(date).collect();
            let figures = Figures { packages: mirror.packages, size: mirror.size };
            contents.mirrors.insert(mirror.mirror.clone(), (suites, figures));
        }
        contents
    }

    /// Whether it is a lock's, which knows nothing of archives.
    pub(super) fn is_lock(&self) -> bool {
        self.blobs.is_none()
    }

    fn add(&mut self, kind: &str, reference: &str, digest: Digest, size: u64) {
        let (name, tag) = split(reference);
        self.items.push(Held { kind: kind.to_owned(), name, tag, digest, size: Some(size) });
    }

    fn add_file(&mut self, component: &str, path: &str, digest: Digest, size: u64) {
        self.asks(component, format!("file {path} {digest}"));
        self.files.insert((component.to_owned(), path.to_owned()), (digest, size));
    }

    fn add_package(
        &mut self,
        (series, name, architecture): (&impl ToString, &impl ToString, &impl ToString),
        version: String,
        size: u64,
    ) {
        let key = (series.to_string(), name.to_string(), architecture.to_string());
        self.packages.entry(key).or_default().insert(version, size);
    }

    fn asks(&mut self, component: &str, what: String) {
        self.components.entry(component.to_owned()).or_default().insert(what);
    }
}

fn split(reference: &str) -> (String, String) {
    match reference.parse::<ImageReference>() {
        Ok(parsed) => (parsed.repository().to_string(), parsed.manifest_name()),
        Err(_) => (reference.to_owned(), String::new()),
    }
}
