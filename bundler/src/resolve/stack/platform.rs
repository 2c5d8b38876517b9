//! How a stack is deployed: its components in an order in which each stands behind those that it needs.

mod kernel;

use std::collections::{BTreeMap, HashMap, HashSet};

use manifests::component::{Deployment, Need, WantedRelease};
use manifests::document::{Distribution, Namespace, PlatformComponent};
use manifests::kubernetes::{DistributionVersion, NamespaceName, ReleaseName};
use manifests::stack::WantedDistribution;
use manifests::yaml::{Location, Problem, suggest};
use manifests::{BundleName, values};

/// How a stack is deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedPlatform {
    /// The distribution.
    pub distribution: Distribution,
    /// The components, each behind those that it needs; their releases stand beside them.
    pub components: Vec<(PlatformComponent, Vec<ResolvedRelease>)>,
}

/// A release whose chart is not looked for yet.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedRelease {
    /// The release's name.
    pub name: ReleaseName,
    /// Its namespace.
    pub namespace: NamespaceName,
    /// The place of its chart among those of the stack.
    pub chart: usize,
    /// How it is installed.
    pub settings: WantedRelease,
}

/// What one component says of it.
pub(super) struct Placed {
    pub(super) name: BundleName,
    pub(super) version: Option<String>,
    pub(super) deployment: Deployment,
    pub(super) releases: Vec<PlacedRelease>,
    pub(super) location: Location,
}

/// What it says of one of its charts.
pub(super) struct PlacedRelease {
    pub(super) chart_name: String,
    /// The place of the chart among those of the stack.
    pub(super) chart: usize,
    pub(super) release: WantedRelease,
    pub(super) location: Location,
}

/// Puts components in order. `without` are those that the stack leaves out, and `has_files` says whether one of this name has files.
pub(super) fn arrange(
    wanted: &WantedDistribution,
    placed: Vec<Placed>,
    without: &BTreeMap<BundleName, Location>,
    has_files: impl Fn(&BundleName) -> bool,
) -> (ResolvedPlatform, Vec<Problem>) {
    let mut problems = Vec::new();
    problems.extend(distribution(wanted, &placed, has_files));
    problems.extend(unknown_needs(&placed, without));
    problems.extend(kernel::contradictions(&placed));
    let mut taken = HashMap::new();
    let mut components = Vec::new();
    for part in in_order(placed, &mut problems) {
        components.push(component(part, &mut taken, &mut problems));
    }
    let WantedDistribution { name, version, files, disable, .. } = wanted;
    let (version, files, disable) = (version.clone(), files.to_string(), disable.clone());
    let distribution = Distribution { name: *name, version, files, disable };
    (ResolvedPlatform { distribution, components }, problems)
}

fn distribution(
    wanted: &WantedDistribution,
    placed: &[Placed],
    has_files: impl Fn(&BundleName) -> bool,
) -> Option<Problem> {
    let place = &wanted.files_location;
    let Some(part) = placed.iter().find(|part| part.name == wanted.files) else {
        let message =
            format!("no component is called `{}`, which would hold the release of {}", wanted.files, wanted.name);
        let help = "add it to the stack, or name the component that has the release's files as `files:`";
        return Some(Problem::new(place, message, "this distribution").with_help(help));
    };
    if !has_files(&part.name) {
        let message =
            format!("the component `{}` has no files, so the release of {} is missing", part.name, wanted.name);
        let problem = Problem::new(place, message, "this distribution").with_other(&part.location, "the component");
        return Some(problem.with_help("add the files of the release to its `files:`"));
    }
    let carried: DistributionVersion = part.version.as_deref()?.parse().ok()?;
    if carried == wanted.version {
        return None;
    }
    let message = format!("the component `{}` is {carried}, not {}", part.name, wanted.version);
    let problem =
        Problem::new(&wanted.location, message, "another version").with_other(&part.location, "the component");
    Some(problem.with_help("write the same version in both"))
}

fn unknown_needs(placed: &[Placed], without: &BTreeMap<BundleName, Location>) -> Vec<Problem> {
    let names: Vec<&str> = placed.iter().map(|part| part.name.as_str()).collect();
    let unknown = placed.iter().flat_map(|part| &part.deployment.needs);
    let unknown = unknown.filter(|need| !names.contains(&need.component.as_str()));
    let problem = |Need { component, location }: &Need| {
        if let Some(left_out) = without.get(component) {
            let problem = Problem::new(location, format!("the stack leaves `{component}` out"), "needed here");
            let help = format!("leave out what needs it as well, or keep `{component}`");
            return problem.with_other(left_out, "left out here").with_help(help);
        }
        let problem = Problem::new(location, format!("the stack has no component `{component}`"), "needed here");
        match suggest::nearest(component.as_str(), &names) {
            Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
            None => problem.with_help("add it to the stack's `components:`, in front or behind"),
        }
    };
    unknown.map(problem).collect()
}

/// The first of the stack whose needs are met goes in next, so that the stack's order stays where it can. Of what goes
/// round in circles, one circle is told; it goes in as it stands then.
fn in_order(mut waiting: Vec<Placed>, problems: &mut Vec<Problem>) -> Vec<Placed> {
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let names: HashSet<BundleName> = waiting.iter().map(|part| part.name.clone()).collect();
        // What is unknown is told already.
        let is_met = |part: &Placed| !part.deployment.needs.iter().any(|need| names.contains(&need.component));
        let Some(next) = waiting.iter().position(is_met) else {
            problems.extend(circle(&waiting));
            break;
        };
        ordered.push(waiting.remove(next));
    }
    ordered.extend(waiting);
    ordered
}

/// A circle of needs. Each of `waiting` needs another of them.
fn circle(waiting: &[Placed]) -> Option<Problem> {
    let next = |name: &BundleName| {
        let part = waiting.iter().find(|part| part.name == *name)?;
        part.deployment.needs.iter().find(|need| waiting.iter().any(|other| other.name == need.component))
    };
    let mut way: Vec<(&BundleName, &Need)> = Vec::new();
    let mut at = &waiting.first()?.name;
    // Whoever follows needs comes back to somewhere.
    let start = loop {
        if let Some(start) = way.iter().position(|(name, _)| *name == at) {
            break start;
        }
        let need = next(at)?;
        way.push((at, need));
        at = &need.component;
    };
    let (first, need) = way[start];
    let round: Vec<String> = way[start..].iter().map(|(_, need)| format!("`{}`", need.component)).collect();
    let message = format!("`{first}` needs {}", round.join(", which needs "));
    let mut problem = Problem::new(&need.location, message, "a circle");
    if let Some((_, last)) = way[start + 1..].last() {
        problem = problem.with_other(&last.location, "closed here");
    }
    Some(problem.with_help("one of them has to go in without the other: remove a need"))
}

type Taken = HashMap<(NamespaceName, ReleaseName), Location>;

fn component(
    part: Placed,
    taken: &mut Taken,
    problems: &mut Vec<Problem>,
) -> (PlatformComponent, Vec<ResolvedRelease>) {
    let Placed { name, deployment, releases, .. } = part;
    let own = deployment.own_namespace(&name);
    let mut namespaces: BTreeMap<NamespaceName, Namespace> = BTreeMap::new();
    namespaces.extend(deployment.namespace.clone().map(|namespace| (namespace.name.clone(), namespace)));
    let mut resolved = Vec::new();
    for release in releases {
        let namespace = release.release.namespace.clone().unwrap_or_else(|| own.clone());
        let labels = BTreeMap::new();
        namespaces.entry(namespace.clone()).or_insert_with(|| Namespace { name: namespace.clone(), labels });
        match resolve(release, namespace, taken) {
            Ok(release) => resolved.push(release),
            Err(problem) => problems.push(*problem),
        }
    }
    let Deployment { needs, manifests, ready, site_ca, site_credentials, kernel, .. } = deployment;
    let component = PlatformComponent {
        name,
        needs: needs.into_iter().map(|need| need.component).collect(),
        namespaces: namespaces.into_values().collect(),
        manifests,
        releases: Vec::new(),
        ready,
        site_ca,
        site_credentials,
        kernel_modules: kernel.modules.into_iter().map(|module| module.name).collect(),
        sysctls: kernel.sysctls.into_iter().map(|sysctl| (sysctl.name, sysctl.value)).collect(),
    };
    (component, resolved)
}

fn resolve(
    placed: PlacedRelease,
    namespace: NamespaceName,
    taken: &mut Taken,
) -> Result<ResolvedRelease, Box<Problem>> {
    let PlacedRelease { chart_name, chart, release, location } = placed;
    let name = match release.name.clone().map_or_else(|| chart_name.parse::<ReleaseName>(), Ok) {
        Ok(name) => name,
        Err(error) => {
            let problem = Problem::new(&location, error.to_string(), "this chart's release");
            return Err(Box::new(problem.with_help("give its release a name as `release:`")));
        }
    };
    let variants = release.variants.iter().map(|variant| &variant.values);
    if let Some(error) = std::iter::once(&release.values).chain(variants).find_map(|all| values::check(all).err()) {
        let problem =
            Problem::new(&location, format!("the release `{name}` can't be installed: {error}"), "this chart");
        return Err(Box::new(problem));
    }
    if let Some(first) = taken.insert((namespace.clone(), name.clone()), location.clone()) {
        let message = format!("two releases in `{namespace}` are called `{name}`");
        let problem = Problem::new(&location, message, "the second").with_other(&first, "the first");
        return Err(Box::new(problem.with_help(
            "give one of them another name as `release:`; a chart that is only carried has `install: false`",
        )));
    }
    Ok(ResolvedRelease { name, namespace, chart, settings: release })
}
