//! The rules of `platform`.

use std::collections::{HashMap, HashSet};

use super::DocumentError;
use crate::document::platform::{LONGEST_TIMEOUT, Platform, PlatformComponent, Readiness, Release};
use crate::document::{Chart, Document, Item};
use crate::{BundleName, values};

/// What one component has at most of each kind: namespaces, labels of one of them, manifests, releases, conditions, CAs, modules
/// and settings of the kernel.
const OF_A_COMPONENT: usize = 500;
/// Components.
const COMPONENTS: usize = 2000;

pub(super) fn check(document: &Document, platform: &Platform) -> Result<(), DocumentError> {
    let distribution = &platform.distribution;
    if distribution.version.distribution() != distribution.name {
        return wrong(format!("{} is no version of {}", distribution.version, distribution.name));
    }
    count("parts of the distribution that are left out", distribution.disable.len(), OF_A_COMPONENT)?;
    // Whatever names a set or a chart is looked up here, so that a long list of them costs no more than itself.
    let sets = document.items.iter().filter_map(Item::as_files);
    let files: HashSet<(&str, &str)> =
        sets.clone().flat_map(|set| set.files.iter().map(|file| (set.name.as_str(), file.path.as_str()))).collect();
    if sets.into_iter().all(|set| set.name != distribution.files) {
        return wrong("the set of files with the distribution's release is not in the bundle");
    }
    let charts: HashSet<_> =
        document.items.iter().filter_map(Item::as_chart).map(|chart: &Chart| &chart.reference).collect();
    count("components", platform.components.len(), COMPONENTS)?;
    let mut before = HashSet::new();
    let mut releases = HashSet::new();
    let mut sysctls = HashMap::new();
    for component in &platform.components {
        counts(component)?;
        order(component, &before)?;
        if !before.insert(&component.name) {
            return wrong(format!("the component `{}` stands there twice", component.name));
        }
        let in_set = |path: &&String| files.contains(&(component.name.as_str(), path.as_str()));
        if !component.manifests.iter().all(|path| in_set(&path)) {
            return wrong(format!("a manifest of `{}` is not among its files", component.name));
        }
        namespaces(component)?;
        check_ready(&component.ready)?;
        for (name, value) in &component.sysctls {
            if sysctls.insert(name, value).is_some_and(|other| other != value) {
                return wrong(format!("`{name}` has two values"));
            }
        }
        for release in &component.releases {
            check_release(component, release)?;
            if !charts.contains(&release.chart) {
                return wrong(format!("the chart of the release `{}` is not in the bundle", release.name));
            }
            if !releases.insert((&release.namespace, &release.name)) {
                return wrong(format!("the release `{}` stands in `{}` twice", release.name, release.namespace));
            }
        }
    }
    Ok(())
}

fn wrong<T>(problem: impl Into<String>) -> Result<T, DocumentError> {
    Err(DocumentError::Platform(problem.into()))
}

fn count(what: &'static str, count: usize, limit: usize) -> Result<(), DocumentError> {
    if count > limit { Err(DocumentError::TooMany { what, count, limit }) } else { Ok(()) }
}

fn counts(component: &PlatformComponent) -> Result<(), DocumentError> {
    let labels = component.namespaces.iter().map(|namespace| namespace.labels.len()).max().unwrap_or_default();
    for (what, number) in [
        ("components that one needs", component.needs.len()),
        ("namespaces of a component", component.namespaces.len()),
        ("labels of a namespace", labels),
        ("manifests of a component", component.manifests.len()),
        ("releases of a component", component.releases.len()),
        ("conditions of a component", component.ready.len()),
        ("CAs of a component", component.site_ca.len()),
        ("credentials of a component", component.site_credentials.len()),
        ("modules of a component", component.kernel_modules.len()),
        ("settings of a component", component.sysctls.len()),
    ] {
        count(what, number, OF_A_COMPONENT)?;
    }
    Ok(())
}

/// What a component needs stands before it: so nothing needs itself, however far around.
fn order(component: &PlatformComponent, before: &HashSet<&BundleName>) -> Result<(), DocumentError> {
    let mut needs = HashSet::new();
    for need in &component.needs {
        if !before.contains(need) {
            return wrong(format!("`{}` needs `{need}`, which does not stand before it", component.name));
        }
        if !needs.insert(need) {
            return wrong(format!("`{}` needs `{need}` twice", component.name));
        }
    }
    Ok(())
}

/// Each namespace stands once in a component, and everything in one of a component's own is among them.
fn namespaces(component: &PlatformComponent) -> Result<(), DocumentError> {
    let mut names = HashSet::new();
    for namespace in &component.namespaces {
        if !names.insert(&namespace.name) {
            return wrong(format!("the namespace `{}` stands in `{}` twice", namespace.name, component.name));
        }
    }
    match component.releases.iter().find(|release| !names.contains(&release.namespace)) {
        Some(release) => {
            wrong(format!("the namespace of the release `{}` is not among those of its component", release.name))
        }
        None => Ok(()),
    }
}

fn check_release(component: &PlatformComponent, release: &Release) -> Result<(), DocumentError> {
    if !(1..=LONGEST_TIMEOUT).contains(&release.timeout) {
        return wrong(format!("the release `{}` has a timeout of {} seconds", release.name, release.timeout));
    }
    count("variants of a release", release.variants.len(), OF_A_COMPONENT)?;
    let refused =
        [&release.values].into_iter().chain(release.variants.values()).find_map(|all| values::check(all).err());
    if let Some(error) = refused {
        return wrong(format!("the release `{}` of `{}`: {error}", release.name, component.name));
    }
    Ok(())
}

/// Whether a name is that of a definition of custom resources, or of an APIService: both have a group, and so a dot.
pub(crate) fn has_group(name: &str) -> bool {
    name.split_once('.').is_some_and(|(first, group)| !first.is_empty() && !group.is_empty())
}

/// Names of conditions that no object can have.
fn check_ready(ready: &[Readiness]) -> Result<(), DocumentError> {
    for condition in ready {
        if let Readiness::Crd { name } | Readiness::ApiService { name } = condition
            && !has_group(name.as_str())
        {
            return wrong(format!("`{name}` names no definition and no part of the API"));
        }
    }
    Ok(())
}
