//! The files of an image that say something, layer upon layer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::inventory::{Distribution, Package, PackageType, Unread};
use super::read::Find;

/// The most files of one image that say something.
const MAX_FINDS: usize = 200_000;
/// The most packages of one image.
const MAX_PACKAGES: usize = 200_000;

/// What an image's layers up to one leave of such files, by their paths. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    finds: BTreeMap<Arc<str>, Arc<Find>>,
    /// Layers that were not read to their ends.
    unread: Vec<Unread>,
}

/// A layer that is being laid upon others.
#[derive(Debug)]
pub(super) struct Layering {
    /// What is left of those below. What a layer takes away, it takes from these alone.
    below: Tree,
    own: BTreeMap<Arc<str>, Arc<Find>>,
    /// How many packages this layer has named, those that it has taken back among them.
    packages: usize,
}

/// There is more in an image than is read.
#[derive(Debug)]
pub(super) struct TooMany;

impl Tree {
    pub(super) fn add_layer(&self) -> Layering {
        Layering { below: self.clone(), own: BTreeMap::new(), packages: 0 }
    }
}

impl Layering {
    /// Something takes the place of what was at a path: of a file at least, of a whole folder where it is none itself.
    pub(super) fn replace(&mut self, path: &str, is_folder: bool) {
        for finds in [&mut self.below.finds, &mut self.own] {
            finds.remove(path);
            if !is_folder {
                remove_below(finds, path);
            }
        }
    }

    /// What was at a path and below it is gone.
    pub(super) fn remove(&mut self, path: &str) {
        self.below.finds.remove(path);
        remove_below(&mut self.below.finds, path);
    }

    /// What was below a folder is gone; nothing names that of the image itself.
    pub(super) fn clear(&mut self, folder: Option<&str>) {
        match folder {
            Some(folder) => remove_below(&mut self.below.finds, folder),
            None => self.below.finds.clear(),
        }
    }

    /// A file says something.
    pub(super) fn add(&mut self, path: &str, find: Find) -> Result<(), TooMany> {
        if let Find::Packages(found) | Find::Partly(found, _) = &find {
            self.packages += found.len();
        }
        // What is too much is not kept either.
        if self.packages > MAX_PACKAGES || self.is_full() {
            return Err(TooMany);
        }
        self.own.insert(path.into(), Arc::new(find));
        Ok(())
    }

    /// A file has another name. What it has been found to say, it says there too.
    pub(super) fn link(&mut self, path: &str, target: &str) {
        let find = self.own.get(target).or_else(|| self.below.finds.get(target)).cloned();
        if let Some(find) = find.filter(|_| !self.is_full()) {
            self.own.insert(path.into(), find);
        }
    }

    fn is_full(&self) -> bool {
        self.own.len() + self.below.finds.len() >= MAX_FINDS
    }

    pub(super) fn finish(mut self, unread: Option<Unread>) -> Tree {
        self.below.finds.extend(self.own);
        self.below.unread.extend(unread);
        self.below
    }
}

fn remove_below(finds: &mut BTreeMap<Arc<str>, Arc<Find>>, folder: &str) {
    let prefix = format!("{folder}/");
    let from: Arc<str> = prefix.as_str().into();
    let below: Vec<Arc<str>> =
        finds.range(from..).map(|(path, _)| path).take_while(|path| path.starts_with(&prefix)).cloned().collect();
    below.iter().for_each(|path| drop(finds.remove(path)));
}

/// What is in an image, all layers together.
#[derive(Debug, Clone)]
pub(super) struct Contents {
    pub(super) distribution: Option<Distribution>,
    pub(super) packages: Vec<Package>,
    pub(super) unread: Vec<Unread>,
}

impl Tree {
    pub(super) fn contents(self) -> Contents {
        let distribution =
            ["etc/os-release", "usr/lib/os-release"].into_iter().find_map(|path| self.distribution(path));
        let mut packages = Vec::new();
        let mut unread = self.unread.clone();
        for (path, find) in &self.finds {
            let found = match &**find {
                Find::Packages(found) => found,
                Find::Partly(found, problem) => {
                    unread.push(problem.clone());
                    found
                }
                Find::Unread(problem) => {
                    unread.push(problem.clone());
                    continue;
                }
                Find::Distribution(_) | Find::Licences(_) => continue,
            };
            if packages.len() + found.len() > MAX_PACKAGES {
                unread.push(Unread::file(path, &"there are more packages than are read"));
                break;
            }
            packages.extend(found.iter().map(|package| self.complete(package, path, distribution.as_ref())));
        }
        Contents { distribution, packages: merge(packages), unread }
    }

    fn distribution(&self, path: &str) -> Option<Distribution> {
        match &**self.finds.get(path)? {
            Find::Distribution(distribution) => Some(distribution.clone()),
            _ => None,
        }
    }

    /// A package with what other files say of it.
    fn complete(&self, package: &Package, path: &str, distribution: Option<&Distribution>) -> Package {
        let mut package = Package { places: vec![path.to_owned()], ..package.clone() };
        if let PackageType::Deb | PackageType::Apk | PackageType::Rpm = package.kind {
            package.belongs_to(distribution);
        }
        let described = format!("usr/share/doc/{}/copyright", package.name);
        if let (PackageType::Deb, Some(Find::Licences(licences))) =
            (&package.kind, self.finds.get(described.as_str()).map(|find| &**find))
        {
            package.licences.clone_from(licences);
        }
        package
    }
}

/// Each package once, in order, with all that is said of it and everywhere that it is found.
pub(super) fn merge(mut packages: Vec<Package>) -> Vec<Package> {
    packages.sort_by(|a, b| a.identity().cmp(&b.identity()).then_with(|| a.places.cmp(&b.places)));
    packages.dedup_by(|later, first| {
        let same = later.identity() == first.identity();
        if same {
            first.places.append(&mut later.places);
            first.licences.append(&mut later.licences);
        }
        same
    });
    for package in &mut packages {
        for list in [&mut package.places, &mut package.licences] {
            list.sort();
            list.dedup();
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(name: &str) -> Find {
        Find::Packages(vec![Package::new(PackageType::Npm, name, Some("1".to_owned()))])
    }

    fn layer(below: &Tree, change: impl FnOnce(&mut Layering)) -> Tree {
        let mut layering = below.add_layer();
        change(&mut layering);
        layering.finish(None)
    }

    fn names(tree: &Tree) -> Vec<String> {
        tree.clone().contents().packages.into_iter().map(|package| package.name).collect()
    }

    #[test]
    fn later_layers_replace_and_remove_what_is_below_and_not_what_is_their_own() {
        let base = layer(&Tree::default(), |layer| {
            for name in ["a", "b", "c/d", "c/e", "cc"] {
                layer.add(name, find(name)).unwrap();
            }
        });
        assert_eq!(names(&layer(&base, |it| it.replace("a", false))), ["b", "c/d", "c/e", "cc"]);
        assert_eq!(names(&layer(&base, |it| it.replace("c", true))), ["a", "b", "c/d", "c/e", "cc"]);
        assert_eq!(names(&layer(&base, |it| it.replace("c", false))), ["a", "b", "cc"]);
        assert_eq!(names(&layer(&base, |it| it.remove("c"))), ["a", "b", "cc"]);
        let opaque = layer(&base, |it| {
            it.add("c/new", find("new")).unwrap();
            it.clear(Some("c"));
            it.remove("a");
            it.link("linked", "b");
        });
        assert_eq!(names(&opaque), ["b", "cc", "new"]);
        let linked: Vec<_> = opaque.contents().packages.into_iter().map(|package| package.places).collect();
        assert_eq!(linked[0], ["b", "linked"]);
        assert_eq!(names(&layer(&base, |it| it.clear(None))), [""; 0]);
    }

    #[test]
    fn packages_of_the_system_learn_their_distribution_and_their_licences() {
        let tree = layer(&Tree::default(), |it| {
            let distribution = Distribution { id: "debian".into(), version: Some("12".into()), name: None };
            it.add("usr/lib/os-release", Find::Distribution(distribution)).unwrap();
            it.add("usr/share/doc/libc6/copyright", Find::Licences(vec!["LGPL-2.1".into()])).unwrap();
            let packages = Find::Packages(vec![Package::new(PackageType::Deb, "libc6", Some("2".into()))]);
            it.add("var/lib/dpkg/status", packages).unwrap();
        });
        let package = tree.contents().packages.remove(0);
        assert_eq!((package.namespace.as_deref(), package.distro.as_deref()), (Some("debian"), Some("debian-12")));
        assert_eq!(package.licences, ["LGPL-2.1"]);
    }
}
