//! From components to one list of each kind.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use manifests::component::{
    ChartSource, Decision, Deployment, FileSource, GitName, GitSource, ImageSource, KeySource, Offers, Waiver,
    WantedChart, WantedFile, WantedGit, WantedImage, WantedImageList,
};
use manifests::evidence::SET;
use manifests::kubernetes::NamespaceName;
use manifests::stack::{Mirror, RegistrySettings, TrustRule};
use manifests::yaml::{Location, Problem};
use manifests::{BundleName, Component, ImageReference, Platform, Stack};

use super::closed::{
    Own, OwnDecision, OwnOffers, OwnWaiver, RemovedImage, ResolvedImageList, ResolvedManifest, ResolvedRendering, Said,
};
use super::packages::{self, Wanted as WantedPackages};
use super::platform::{self, Placed, PlacedRelease};
use super::{ResolvedChart, ResolvedFile, ResolvedGit, ResolvedImage, ResolvedStack, rebase};

/// Joins a stack and its components. What the stack itself asks for counts as a component of the stack's name.
pub(super) fn merge(
    mut stack: Stack,
    components: Vec<Component>,
    removed: Vec<RemovedImage>,
    without: &BTreeMap<BundleName, Location>,
) -> (ResolvedStack, Vec<Problem>) {
    let mut merger = Merger { platforms: stack.platforms, ..Merger::default() };
    let mut own = of_stack(&stack.name, stack.provides, stack.decisions, stack.waivers);
    let (mut on_nodes, mut placed, mut manifests) = (Vec::new(), Vec::new(), Vec::new());
    for component in components {
        let Component { name, version, images, charts, files, git, packages, repositories, deployment, .. } = component;
        let Component { provides, wants, decisions, waivers, platforms, image_lists, location, .. } = component;
        on_nodes.push(WantedPackages { component: name.clone(), packages, repositories });
        Said { provides, wants, decisions, waivers }.join(&name, &mut own);
        let paths = deployment.manifests.iter();
        manifests.extend(paths.map(|path| ResolvedManifest { component: name.clone(), path: path.clone() }));
        let wanted = Wanted { images, image_lists, charts, files, git, namespace: deployment.own_namespace(&name) };
        let releases = merger.component(name.clone(), platforms, wanted, &location);
        placed.push(Placed { name, version, deployment, releases, location });
    }
    let namespace = NamespaceName::from(&stack.name);
    let Stack { images, image_lists, charts, files, git, .. } = stack;
    let wanted = Wanted { images, image_lists, charts, files, git, namespace };
    let has_packages = !stack.packages.is_empty();
    if has_packages || wanted.is_something() {
        let releases = merger.component(stack.name.clone(), Vec::new(), wanted, &stack.location);
        let (name, deployment, location) = (stack.name.clone(), Deployment::default(), stack.location.clone());
        placed.push(Placed { name, version: None, deployment, releases, location });
    }
    on_nodes.push(WantedPackages { component: stack.name.clone(), packages: stack.packages, repositories: Vec::new() });
    let (systems, problems) = packages::join(stack.systems, &on_nodes, &stack.name);
    merger.problems.extend(problems);
    if stack.components.is_empty() && merger.names.is_empty() && stack.mirrors.is_empty() {
        let problem = Problem::new(&stack.location, "the stack asks for nothing", "an empty stack");
        merger.problems.push(
            problem.with_help(
                "add `components`, `images`, `imageLists`, `charts`, `files`, `git`, `packages` or `mirrors`",
            ),
        );
    }
    let platform = stack.distribution.map(|wanted| {
        let has_files = |name: &BundleName| merger.files.keys().any(|(component, _)| component == name);
        let (platform, problems) = platform::arrange(&wanted, placed, without, has_files);
        merger.problems.extend(problems);
        platform
    });
    rebase_files(&mut stack.mirrors, &mut stack.registries);
    rebase_keys(&mut stack.trust);
    let resolved = ResolvedStack {
        name: stack.name,
        version: stack.version,
        description: stack.description,
        created: stack.created,
        images: merger.images.into_values().collect(),
        charts: merger.charts,
        files: merger.files.into_values().collect(),
        git: merger.git.into_values().collect(),
        systems,
        mirrors: stack.mirrors,
        platform,
        renderings: merger.renderings,
        manifests,
        image_lists: merger.image_lists,
        removed,
        offers: own.offers,
        decisions: own.decisions,
        waivers: own.waivers,
        trust: stack.trust,
        registries: stack.registries,
        platforms: merger.platforms,
        components: merger.components,
        location: stack.location,
    };
    (resolved, merger.problems)
}

/// Paths of keys are relative to the folder of the stack.
fn rebase_keys(rules: &mut [TrustRule]) {
    for rule in rules {
        for key in &mut rule.keys {
            if let KeySource::File(path) = key {
                rebase(path, &rule.location);
            }
        }
    }
}

/// Keys and certificates lie beside the stack.
fn rebase_files(mirrors: &mut [Mirror], registries: &mut BTreeMap<String, RegistrySettings>) {
    for repository in mirrors.iter_mut().map(|mirror| &mut mirror.repository) {
        if let KeySource::File(path) = &mut repository.key {
            rebase(path, &repository.location);
        }
    }
    for settings in registries.values_mut() {
        let client = settings.client.iter_mut().flat_map(|client| [&mut client.certificate, &mut client.key]);
        settings.ca.iter_mut().chain(client).for_each(|path| rebase(path, &settings.location));
    }
}

/// What a stack says of its own content. What it provides is what its site and its nodes have.
fn of_stack(name: &BundleName, provides: Offers, decisions: Vec<Decision>, waivers: Vec<Waiver>) -> Own {
    let offers = OwnOffers { component: name.clone(), provides, wants: Offers::default() };
    Own {
        offers: Some(offers).filter(|offers| !offers.provides.is_empty()).into_iter().collect(),
        decisions: decisions.into_iter().map(|decision| OwnDecision { owner: None, decision }).collect(),
        waivers: waivers.into_iter().map(|waiver| OwnWaiver { owner: None, waiver }).collect(),
    }
}

/// What a component asks for.
struct Wanted {
    images: Vec<WantedImage>,
    image_lists: Vec<WantedImageList>,
    charts: Vec<WantedChart>,
    files: Vec<WantedFile>,
    git: Vec<WantedGit>,
    /// Its own namespace.
    namespace: NamespaceName,
}

impl Wanted {
    fn is_something(&self) -> bool {
        let is_nothing = self.images.is_empty() && self.image_lists.is_empty();
        !(is_nothing && self.charts.is_empty() && self.files.is_empty() && self.git.is_empty())
    }
}

#[derive(Default)]
struct Merger {
    platforms: Vec<Platform>,
    names: BTreeMap<BundleName, Location>,
    components: Vec<(BundleName, Vec<Platform>)>,
    renderings: Vec<ResolvedRendering>,
    image_lists: Vec<ResolvedImageList>,
    images: BTreeMap<ImageReference, ResolvedImage>,
    charts: Vec<ResolvedChart>,
    files: BTreeMap<(BundleName, String), ResolvedFile>,
    git: BTreeMap<(BundleName, GitName), ResolvedGit>,
    problems: Vec<Problem>,
}

impl Merger {
    /// Takes what a component asks for, and gives its releases.
    fn component(
        &mut self,
        name: BundleName,
        platforms: Vec<Platform>,
        wanted: Wanted,
        location: &Location,
    ) -> Vec<PlacedRelease> {
        if let Some(first) = self.names.get(&name) {
            let problem = Problem::new(location, format!("two components are called `{name}`"), "the second");
            self.problems.push(problem.with_other(first, "the first").with_help("rename one of them"));
            return Vec::new();
        }
        if name.as_str() == SET {
            let problem = Problem::new(location, format!("no component is called `{SET}`"), "this name");
            self.problems
                .push(problem.with_help("a bundle keeps what was found out about it under this name: take another"));
        }
        let platforms = if platforms.is_empty() { self.platforms.clone() } else { platforms };
        let Wanted { images, image_lists, charts, files, git, namespace } = wanted;
        images.into_iter().for_each(|image| self.image(image, &name, &platforms));
        image_lists.into_iter().for_each(|list| self.image_list(list, &name));
        let releases = charts.into_iter().filter_map(|chart| self.chart(chart, &name, &namespace)).collect();
        files.into_iter().for_each(|file| self.file(file, &name));
        git.into_iter().for_each(|git| self.git(git, &name));
        self.components.push((name.clone(), platforms));
        self.names.insert(name, location.clone());
        releases
    }

    /// The same image from two components is carried once, for the platforms of both.
    fn image(&mut self, image: WantedImage, component: &BundleName, defaults: &[Platform]) {
        let WantedImage { reference, platforms, attachments, mut source, location } = image;
        match &mut source {
            ImageSource::Registry | ImageSource::Image(_) => {}
            ImageSource::OciLayout(local) | ImageSource::OciArchive(local) | ImageSource::DockerArchive(local) => {
                rebase(&mut local.path, &location);
            }
        }
        let platforms = if platforms.is_empty() { defaults.to_vec() } else { platforms };
        match self.images.entry(reference.clone()) {
            Entry::Vacant(place) => {
                let image = ResolvedImage {
                    reference,
                    platforms,
                    attachments,
                    source,
                    found: false,
                    component: component.clone(),
                    others: Vec::new(),
                    location,
                };
                sort(&mut place.insert(image).platforms);
            }
            Entry::Occupied(mut place) => {
                let first = place.get_mut();
                first.others.push(component.clone());
                if first.source == source {
                    first.platforms.extend(platforms);
                    sort(&mut first.platforms);
                    first.attachments |= attachments;
                } else {
                    let message = format!("image `{reference}` is to come from two places");
                    let problem = Problem::new(&location, message, "from here").with_other(&first.location, "and here");
                    self.problems.push(problem.with_help("give both the same `from:`, or remove one"));
                }
            }
        }
    }

    fn chart(&mut self, chart: WantedChart, component: &BundleName, own: &NamespaceName) -> Option<PlacedRelease> {
        let WantedChart { name, mut source, release, carried_as, without_discovery, location } = chart;
        if let ChartSource::Local { path } = &mut source {
            rebase(path, &location);
        }
        let known = self.charts.iter().position(|known| known.name == name && known.source == source);
        let chart = known.unwrap_or(self.charts.len());
        if known.is_none() {
            let (name, component, location) = (name.clone(), component.clone(), location.clone());
            self.charts.push(ResolvedChart { name, source, component, location });
        }
        let said = release.as_ref().or(carried_as.as_ref());
        self.renderings.push(ResolvedRendering {
            component: component.clone(),
            chart,
            namespace: said.and_then(|release| release.namespace.clone()).unwrap_or_else(|| own.clone()),
            release: release.clone(),
            carried_as: carried_as.clone(),
            without: without_discovery,
            location: location.clone(),
        });
        Some(PlacedRelease { chart_name: name, chart, release: release?, location })
    }

    fn image_list(&mut self, mut list: WantedImageList, component: &BundleName) {
        if let FileSource::Local { path, .. } = &mut list.source {
            rebase(path, &list.location);
        }
        self.image_lists.push(ResolvedImageList { component: component.clone(), list });
    }

    fn file(&mut self, file: WantedFile, component: &BundleName) {
        let WantedFile { path, mut source, checksums, location } = file;
        if let FileSource::Local { path, .. } = &mut source {
            rebase(path, &location);
        }
        // A component's file has its paths once each, so nothing is lost here.
        let key = (component.clone(), path.clone());
        self.files.insert(key, ResolvedFile { path, source, checksums, component: component.clone(), location });
    }

    fn git(&mut self, mut wanted: WantedGit, component: &BundleName) {
        if let GitSource::Local(path) = &mut wanted.source {
            rebase(path, &wanted.location);
        }
        let key = (component.clone(), wanted.name.clone());
        self.git.insert(key, ResolvedGit { wanted, component: component.clone() });
    }
}

fn sort(platforms: &mut Vec<Platform>) {
    platforms.sort();
    platforms.dedup();
}
