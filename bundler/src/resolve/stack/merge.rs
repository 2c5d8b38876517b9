//! From components to one list of each kind.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use manifests::component::{
    ChartSource, Deployment, FileSource, ImageSource, KeySource, WantedChart, WantedFile, WantedImage,
};
use manifests::yaml::{Location, Problem};
use manifests::{BundleName, Component, ImageReference, Platform, Stack};

use super::packages::{self, Wanted as WantedPackages};
use super::platform::{self, Placed, PlacedRelease};
use super::{ResolvedChart, ResolvedFile, ResolvedImage, ResolvedStack, rebase};

/// Joins a stack and its components. What the stack itself asks for counts as a component of the stack's name.
pub(super) fn merge(stack: Stack, components: Vec<Component>) -> (ResolvedStack, Vec<Problem>) {
    let mut merger = Merger { platforms: stack.platforms, ..Merger::default() };
    let (mut on_nodes, mut placed) = (Vec::new(), Vec::new());
    for component in components {
        let Component { name, version, images, charts, files, packages, repositories, deployment, location, .. } =
            component;
        on_nodes.push(WantedPackages { component: name.clone(), packages, repositories });
        let wanted = (images, charts, files);
        let releases = merger.component(name.clone(), component.platforms, wanted, &location);
        placed.push(Placed { name, version, deployment, releases, location });
    }
    let wanted = (stack.images, stack.charts, stack.files);
    let has_packages = !stack.packages.is_empty();
    if has_packages || !(wanted.0.is_empty() && wanted.1.is_empty() && wanted.2.is_empty()) {
        let releases = merger.component(stack.name.clone(), Vec::new(), wanted, &stack.location);
        let (name, deployment, location) = (stack.name.clone(), Deployment::default(), stack.location.clone());
        placed.push(Placed { name, version: None, deployment, releases, location });
    }
    on_nodes.push(WantedPackages { component: stack.name.clone(), packages: stack.packages, repositories: Vec::new() });
    let (systems, problems) = packages::join(stack.systems, &on_nodes, &stack.name);
    merger.problems.extend(problems);
    if stack.components.is_empty() && merger.names.is_empty() && stack.mirrors.is_empty() {
        let problem = Problem::new(&stack.location, "the stack asks for nothing", "an empty stack");
        merger
            .problems
            .push(problem.with_help("add `components`, `images`, `charts`, `files`, `packages` or `mirrors`"));
    }
    let platform = stack.distribution.map(|wanted| {
        let has_files = |name: &BundleName| merger.files.keys().any(|(component, _)| component == name);
        let (platform, problems) = platform::arrange(&wanted, placed, has_files);
        merger.problems.extend(problems);
        platform
    });
    let mut mirrors = stack.mirrors;
    for repository in mirrors.iter_mut().map(|mirror| &mut mirror.repository) {
        if let KeySource::File(path) = &mut repository.key {
            rebase(path, &repository.location);
        }
    }
    let mut registries = stack.registries;
    for settings in registries.values_mut() {
        let client = settings.client.iter_mut().flat_map(|client| [&mut client.certificate, &mut client.key]);
        settings.ca.iter_mut().chain(client).for_each(|path| rebase(path, &settings.location));
    }
    let resolved = ResolvedStack {
        name: stack.name,
        version: stack.version,
        created: stack.created,
        images: merger.images.into_values().collect(),
        charts: merger.charts,
        files: merger.files.into_values().collect(),
        systems,
        mirrors,
        platform,
        registries,
        location: stack.location,
    };
    (resolved, merger.problems)
}

type Wanted = (Vec<WantedImage>, Vec<WantedChart>, Vec<WantedFile>);

#[derive(Default)]
struct Merger {
    platforms: Vec<Platform>,
    names: BTreeMap<BundleName, Location>,
    images: BTreeMap<ImageReference, ResolvedImage>,
    charts: Vec<ResolvedChart>,
    files: BTreeMap<(BundleName, String), ResolvedFile>,
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
        let platforms = if platforms.is_empty() { self.platforms.clone() } else { platforms };
        let (images, charts, files) = wanted;
        images.into_iter().for_each(|image| self.image(image, &name, &platforms));
        let releases = charts.into_iter().filter_map(|chart| self.chart(chart, &name)).collect();
        files.into_iter().for_each(|file| self.file(file, &name));
        self.names.insert(name, location.clone());
        releases
    }

    /// The same image from two components is carried once, for the platforms of both.
    fn image(&mut self, image: WantedImage, component: &BundleName, defaults: &[Platform]) {
        let WantedImage { reference, platforms, attachments, mut source, location } = image;
        match &mut source {
            ImageSource::Registry => {}
            ImageSource::OciLayout(local) | ImageSource::OciArchive(local) | ImageSource::DockerArchive(local) => {
                rebase(&mut local.path, &location);
            }
        }
        let platforms = if platforms.is_empty() { defaults.to_vec() } else { platforms };
        match self.images.entry(reference.clone()) {
            Entry::Vacant(place) => {
                let component = component.clone();
                let image = ResolvedImage { reference, platforms, attachments, source, component, location };
                sort(&mut place.insert(image).platforms);
            }
            Entry::Occupied(mut place) => {
                let first = place.get_mut();
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

    fn chart(&mut self, chart: WantedChart, component: &BundleName) -> Option<PlacedRelease> {
        let WantedChart { name, mut source, release, location } = chart;
        if let ChartSource::Local { path } = &mut source {
            rebase(path, &location);
        }
        let known = self.charts.iter().position(|known| known.name == name && known.source == source);
        let chart = known.unwrap_or(self.charts.len());
        if known.is_none() {
            let (name, component, location) = (name.clone(), component.clone(), location.clone());
            self.charts.push(ResolvedChart { name, source, component, location });
        }
        Some(PlacedRelease { chart_name: name, chart, release: release?, location })
    }

    fn file(&mut self, file: WantedFile, component: &BundleName) {
        let WantedFile { path, mut source, location } = file;
        if let FileSource::Local { path, .. } = &mut source {
            rebase(path, &location);
        }
        // A component's file has its paths once each, so nothing is lost here.
        let key = (component.clone(), path.clone());
        self.files.insert(key, ResolvedFile { path, source, component: component.clone(), location });
    }
}

fn sort(platforms: &mut Vec<Platform>) {
    platforms.sort();
    platforms.dedup();
}
