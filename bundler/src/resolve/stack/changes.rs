//! What a stack changes in a component that it uses.

use std::collections::BTreeSet;

use manifests::component::ChartSource;
use manifests::stack::{ChartVersion, ComponentUse, ValuesChange, VariantChoice};
use manifests::values;
use manifests::yaml::{Location, Problem};
use manifests::{Component, ImageReference};

use super::RemovedImage;

/// Applies the changes. One that meets nothing is a problem: the component has moved on, and the change with it.
pub(super) fn apply(component: &mut Component, used: &ComponentUse) -> Vec<Problem> {
    let mut problems = Vec::new();
    let name = component.name.clone();
    let no_image = |reference: &ImageReference, location: &Location| {
        Problem::new(location, format!("the component `{name}` has no image `{reference}`"), "nothing to change")
            .with_help("write the reference as the component has it, with its tag")
    };
    for removal in &used.remove_images {
        let before = component.images.len();
        component.images.retain(|image| image.reference != removal.reference);
        if component.images.len() == before {
            problems.push(no_image(&removal.reference, &removal.location));
        }
    }
    for replacement in &used.replace_images {
        match component.images.iter_mut().find(|image| image.reference == replacement.reference) {
            Some(image) => *image = replacement.with.clone(),
            None => problems.push(no_image(&replacement.reference, &replacement.location)),
        }
    }
    component.images.extend(used.add_images.iter().cloned());
    used.chart_versions.iter().for_each(|change| chart(component, change, &mut problems));
    problems.extend(used.variant.as_ref().and_then(|choice| variant(component, choice)));
    used.values.iter().for_each(|change| problems.extend(values_of(component, change)));
    problems
}

/// The images that are left out of it, or that others took the place of.
pub(super) fn removed(component: &Component, used: &ComponentUse) -> Vec<RemovedImage> {
    let removed = used.remove_images.iter().map(|removal| (&removal.reference, &removal.location));
    let replaced = used.replace_images.iter().filter(|replaced| replaced.with.reference != replaced.reference);
    let replaced = replaced.map(|replaced| (&replaced.reference, &replaced.location));
    let of = |(reference, location): (&ImageReference, &Location)| RemovedImage {
        component: component.name.clone(),
        reference: reference.clone(),
        location: location.clone(),
    };
    removed.chain(replaced).map(of).collect()
}

fn chart(component: &mut Component, change: &ChartVersion, problems: &mut Vec<Problem>) {
    let mut found = false;
    for chart in component.charts.iter_mut().filter(|chart| chart.name == change.name) {
        found = true;
        match &mut chart.source {
            ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. } => {
                version.clone_from(&change.version);
                chart.location = change.location.clone();
            }
            ChartSource::Local { .. } => problems.push(
                Problem::new(&change.location, "a chart on disk has the version of its Chart.yaml", "can't be changed")
                    .with_other(&chart.location, "the chart"),
            ),
        }
    }
    if !found {
        let message = format!("the component `{}` has no chart `{}`", component.name, change.name);
        let problem = Problem::new(&change.location, message, "nothing to change");
        let names: Vec<&str> = component.charts.iter().map(|chart| chart.name.as_str()).collect();
        problems.push(with_names(problem, &names));
    }
}

/// Takes a variant: its values come over those of its release.
fn variant(component: &mut Component, choice: &VariantChoice) -> Option<Problem> {
    let mut found = false;
    for release in component.charts.iter_mut().filter_map(|chart| chart.release.as_mut()) {
        if let Some(variant) = release.variants.iter().find(|variant| variant.name == choice.name) {
            found = true;
            release.values = values::merge(std::mem::take(&mut release.values), &variant.values);
        }
    }
    if found {
        return None;
    }
    let message = format!("the component `{}` has no variant `{}`", component.name, choice.name);
    let problem = Problem::new(&choice.location, message, "nothing to take");
    let releases = component.charts.iter().filter_map(|chart| chart.release.as_ref());
    let names: BTreeSet<&str> =
        releases.flat_map(|release| &release.variants).map(|variant| variant.name.as_str()).collect();
    Some(with_names(problem, &Vec::from_iter(names)))
}

/// Puts the stack's values over those of a release.
fn values_of(component: &mut Component, change: &ValuesChange) -> Option<Problem> {
    let mut found = false;
    for chart in component.charts.iter_mut().filter(|chart| chart.release_name().as_ref() == Some(&change.release)) {
        if let Some(release) = &mut chart.release {
            found = true;
            release.values = values::merge(std::mem::take(&mut release.values), &change.values);
        }
    }
    if found {
        return None;
    }
    let message = format!("the component `{}` has no release `{}`", component.name, change.release);
    let problem = Problem::new(&change.location, message, "nothing to change");
    let names = component.charts.iter().filter_map(|chart| Some(chart.release_name()?.to_string()));
    Some(with_names(problem, &Vec::from_iter(names)))
}

/// A problem with something that a component does not have: what it has instead.
fn with_names<S: AsRef<str>>(problem: Problem, names: &[S]) -> Problem {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if names.is_empty() { problem } else { problem.with_help(format!("it has {}", names.join(", "))) }
}
