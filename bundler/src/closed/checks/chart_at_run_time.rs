//! Charts that the cluster fetches by itself.

use manifests::ImageReference;
use manifests::component::{ChartSource, Constraint, Version};
use manifests::evidence::{FindingId, Severity};
use manifests::lock::{LockedUse, ThingKind};

use crate::closed::{Check, Found, World};
use crate::discovery::CHART_CONTENT;
use crate::resolve::stack::ResolvedChart;

pub(super) const CHECK: Check = Check {
    id: FindingId::ChartAtRunTime,
    severity: Severity::Error,
    why: "it can't be fetched inside the gap, and nobody has looked for its images",
    look,
};

/// The scheme of charts in a registry.
const OCI: &str = "oci://";

fn look(world: &World<'_>) -> Vec<Found> {
    world.uses(ThingKind::Chart).filter_map(|used| found(world, &Wanted::of(used))).collect()
}

/// A chart as an object asks for it.
struct Wanted<'a> {
    used: &'a LockedUse,
    name: &'a str,
    /// Where it comes from; none where another object says it.
    from: Option<String>,
}

impl<'a> Wanted<'a> {
    /// A name may be a whole URL: `oci://registry.example.org/charts/shop`.
    fn of(used: &'a LockedUse) -> Self {
        let name = used.name.as_deref().unwrap_or_default();
        match name.rsplit_once('/').filter(|_| name.contains("://")) {
            Some((from, name)) => Self { used, name, from: Some(from.to_owned()) },
            None => Self { used, name, from: used.from.clone().filter(|from| from.contains('/')) },
        }
    }

    /// In which way a chart of the same name is another one; none if it is the one.
    fn difference(&self, chart: &ResolvedChart, world: &World<'_>) -> Option<String> {
        let places = places(chart);
        let is_there = |from: &String| {
            let from = from.trim_end_matches('/');
            places.iter().any(|place| place == from || place.strip_prefix(OCI) == Some(from))
        };
        if !self.from.as_ref().is_none_or(is_there) {
            return Some(places.first().map_or("is on disk".to_owned(), |place| format!("comes from {place}")));
        }
        let wanted = self.used.version.as_deref()?;
        let versions = versions(chart, world);
        let fits = versions.iter().any(|version| is_version(wanted, version));
        (!fits).then(|| format!("has the version {}", versions.join(", ")))
    }
}

/// How the place of a chart may be written: of a registry with the chart's name at the end, or without it.
fn places(chart: &ResolvedChart) -> Vec<String> {
    match &chart.source {
        ChartSource::Repository { url, .. } => vec![url.as_str().trim_end_matches('/').to_owned()],
        ChartSource::Oci { repository, .. } => {
            let whole = format!("{OCI}{repository}");
            let above = whole.rsplit_once('/').map(|(above, _)| above.to_owned());
            std::iter::once(whole).chain(above).collect()
        }
        ChartSource::Local { .. } => Vec::new(),
    }
}

/// The versions in which a chart is carried; for one that was not looked through, what is asked for.
fn versions(chart: &ResolvedChart, world: &World<'_>) -> Vec<String> {
    let same = |at: usize| world.stack.charts.get(at).is_some_and(|other| other == chart);
    let users = world.stack.renderings.iter().filter(|rendering| same(rendering.chart));
    let rendered = users.flat_map(|user| {
        let own = world.seen.rendered.iter().filter(|own| own.component == user.component && own.chart == chart.name);
        own.map(|own| own.version.clone())
    });
    let mut versions: Vec<String> = rendered.collect();
    versions.sort();
    versions.dedup();
    match &chart.source {
        ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. } if versions.is_empty() => {
            vec![version.to_string()]
        }
        _ => versions,
    }
}

/// Whether a version is one that is asked for.
fn is_version(wanted: &str, version: &str) -> bool {
    let range = wanted.parse::<Constraint>().ok().zip(version.parse::<Version>().ok());
    wanted == version || range.is_some_and(|(range, version)| range.matches(&version))
}

/// Whether it is an artifact of a registry that is carried by its name: not all that is behind `oci://` is a chart.
fn is_listed(world: &World<'_>, used: &LockedUse) -> bool {
    let place = used.from.as_deref().and_then(|from| from.strip_prefix(OCI));
    let reference = place.zip(used.version.as_deref()).and_then(|(place, tag)| format!("{place}:{tag}").parse().ok());
    let reference: Option<ImageReference> = reference;
    reference.is_some_and(|reference| world.stack.images.iter().any(|image| image.reference == reference))
}

fn found(world: &World<'_>, wanted: &Wanted<'_>) -> Option<Found> {
    let Wanted { used, name, from } = wanted;
    if is_listed(world, used) {
        return None;
    }
    if *name == CHART_CONTENT {
        let message =
            format!("{} holds a whole chart as its `{CHART_CONTENT}`, which is not looked through", used.object);
        let help = "carry that chart by itself, under `charts:`; or list its images, and waive this";
        return Some(world.found(used, &used.object.name, message, help.to_owned()));
    }
    let same_name = world.stack.charts.iter().filter(|chart| chart.name == *name);
    let differences: Option<Vec<String>> = same_name.map(|chart| wanted.difference(chart, world)).collect();
    // One of them is the one.
    let differences = differences?;
    let from = from.as_ref().or(used.from.as_ref()).map(|from| format!(" from {from}")).unwrap_or_default();
    let version = used.version.as_ref().map(|version| format!(" in version {version}")).unwrap_or_default();
    let carried = match differences.is_empty() {
        true => String::new(),
        false => format!("; the one that is carried {}", differences.join(", another ")),
    };
    let message = format!("{} has the cluster fetch the chart `{name}`{from}{version}{carried}", used.object);
    let is_filled_in =
        ["{{", "${", "<<"].iter().any(|begin| [*name, &from, &version].iter().any(|text| text.contains(begin)));
    let chart = if is_filled_in {
        "all charts that it may be".to_owned()
    } else {
        format!("the chart `{name}`{from}{version}")
    };
    let end = if is_filled_in { ", then waive this" } else { "" };
    let help = format!(
        "add {chart} to `charts:` of the component with `install: false`, so that it is carried and looked through{end}"
    );
    Some(world.found(used, used.name.as_deref().unwrap_or_default(), message, help))
}
