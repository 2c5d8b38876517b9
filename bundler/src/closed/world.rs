//! What is judged.

use manifests::lock::{LockedDiscovery, LockedUse, ThingKind};
use manifests::yaml::Location;
use manifests::{BundleName, Platform};

use super::Fates;
use crate::resolve::stack::ResolvedStack;

/// A stack, and what was seen in its charts.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The stack, with what it lists.
    pub stack: &'a ResolvedStack,
    /// What was seen.
    pub seen: &'a LockedDiscovery,
    /// What becomes of the images.
    pub fates: &'a Fates,
}

impl World<'_> {
    /// What objects rely on, of a kind.
    pub(super) fn uses(&self, kind: ThingKind) -> impl Iterator<Item = &LockedUse> {
        self.seen.uses.iter().filter(move |used| used.kind == kind)
    }

    /// The places where a component asks for what is rendered: for its chart of this name, else for it itself.
    pub(super) fn place(&self, component: &BundleName, chart: Option<&str>) -> Option<Location> {
        place(self.stack, component, chart)
    }
}

/// Where a component asks for a chart; without one, the first place that is known of it.
pub(super) fn place(stack: &ResolvedStack, component: &BundleName, chart: Option<&str>) -> Option<Location> {
    let name = |at: usize| stack.charts.get(at).map(|chart| chart.name.as_str());
    let own = stack.renderings.iter().filter(|rendering| rendering.component == *component);
    let charts = own.filter(|rendering| chart.is_none() || name(rendering.chart) == chart);
    let files = stack.files.iter().filter(|file| file.component == *component).map(|file| &file.location);
    charts.map(|rendering| &rendering.location).chain(files).next().cloned()
}

/// The platforms that the images of a component are carried for.
pub(super) fn platforms<'a>(stack: &'a ResolvedStack, component: &BundleName) -> &'a [Platform] {
    let own = stack.components.iter().find(|(name, _)| name == component);
    own.map_or(&stack.platforms, |(_, platforms)| platforms)
}
