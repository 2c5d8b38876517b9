//! What is judged.

use std::path::Path;

use manifests::component::GitName;
use manifests::lock::{LockedDiscovery, LockedList, LockedUse, ThingKind};
use manifests::yaml::Location;
use manifests::{BundleName, Platform};

use super::{Fates, Found};
use crate::resolve::stack::{ResolvedImage, ResolvedRendering, ResolvedStack};

/// A stack, and what was seen in its charts.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The stack, with what it lists.
    pub stack: &'a ResolvedStack,
    /// What was seen.
    pub seen: &'a LockedDiscovery,
    /// What becomes of the images.
    pub fates: &'a Fates,
    /// The platforms that images are wanted for and that upstream does not make them for.
    pub lacking: &'a [(&'a ResolvedImage, Platform)],
}

impl World<'_> {
    /// What objects rely on, of a kind.
    pub(super) fn uses(&self, kind: ThingKind) -> impl Iterator<Item = &LockedUse> {
        self.seen.uses.iter().filter(move |used| used.kind == kind)
    }

    /// A finding about what an object relies on: `object` is what a waiver names.
    pub(super) fn found(&self, used: &LockedUse, object: &str, message: String, help: String) -> Found {
        Found {
            object: object.to_owned(),
            message,
            component: Some(used.component.clone()),
            location: self.place(&used.component, used.chart.as_deref()),
            seen: vec![spot(used)],
            help,
        }
    }

    /// The place where a component asks for a release of a chart; without a release, for the chart.
    pub(super) fn place_of_release(
        &self,
        component: &BundleName,
        chart: &str,
        release: Option<&str>,
    ) -> Option<Location> {
        let stack = self.stack;
        let is_it = |rendering: &&ResolvedRendering| {
            let name = rendering.release.as_ref().and_then(|release| release.name.as_ref());
            rendering.component == *component
                && stack.charts.get(rendering.chart).is_some_and(|own| own.name == chart)
                && release.is_none_or(|release| name.map_or(chart, |name| name.as_str()) == release)
        };
        stack.renderings.iter().find(is_it).map(|rendering| rendering.location.clone())
    }

    /// The places where a component asks for what is rendered: for its chart of this name, else for it itself.
    pub(super) fn place(&self, component: &BundleName, chart: Option<&str>) -> Option<Location> {
        place(self.stack, component, chart)
    }
}

/// Where an object stands that relies on something, for people.
pub(super) fn spot(used: &LockedUse) -> String {
    format!("{} in {}", used.object, used.file)
}

/// Where a component asks for a chart; without one, the first place that is known of it.
pub(super) fn place(stack: &ResolvedStack, component: &BundleName, chart: Option<&str>) -> Option<Location> {
    let name = |at: usize| stack.charts.get(at).map(|chart| chart.name.as_str());
    let own = stack.renderings.iter().filter(|rendering| rendering.component == *component);
    let charts = own.filter(|rendering| chart.is_none() || name(rendering.chart) == chart);
    let files = stack.files.iter().filter(|file| file.component == *component).map(|file| &file.location);
    let git = stack.git.iter().filter(|git| git.component == *component).map(|git| &git.wanted.location);
    charts.map(|rendering| &rendering.location).chain(files).chain(git).next().cloned()
}

/// Where a git repository is asked for.
pub(super) fn place_of_git<'a>(
    stack: &'a ResolvedStack,
    component: &BundleName,
    name: &GitName,
) -> Option<&'a Location> {
    let mut own = stack.git.iter().filter(|git| git.component == *component);
    own.find(|git| git.wanted.name == *name).map(|git| &git.wanted.location)
}

/// Where a list of images is asked for.
pub(super) fn place_of_list<'a>(stack: &'a ResolvedStack, list: &LockedList) -> Option<&'a Location> {
    let own = stack.image_lists.iter().filter(|own| own.component == list.component);
    let mut places = own.map(|own| &own.list.location);
    // Paths of locks are relative to another folder.
    let file = |path: &str| Path::new(path).file_name().map(ToOwned::to_owned);
    places.find(|place| (file(place.file()), place.line()) == (file(list.asked.file()), list.asked.line()))
}

/// The platforms that the images of a component are carried for.
pub(super) fn platforms<'a>(stack: &'a ResolvedStack, component: &BundleName) -> &'a [Platform] {
    let own = stack.components.iter().find(|(name, _)| name == component);
    own.map_or(&stack.platforms, |(_, platforms)| platforms)
}
