//! Puts what was found together: sorted, each thing once.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifests::component::{Constraint, Version};

use super::{Outcome, Ready};
use crate::discovery::{At, Combinations, Discovered, Found, Inventory, KubernetesRange, Request, Sighting, unused};

/// How a rendering is called that saw less of the API than the last.
const EARLY: &str = "before the definitions of other charts are there";

/// Puts together what was found of charts and of all else.
pub(super) fn assemble(
    request: &Request,
    ready: &[Arc<Ready>],
    outcomes: Vec<Vec<Outcome>>,
    others: Found,
) -> Discovered {
    let mut all = Gathered::default();
    all.add(others);
    // What the release's own values give goes before what others give, and the last rendering before earlier ones.
    let mut early = Vec::new();
    for (outcome, ready) in
        outcomes.into_iter().zip(ready).flat_map(|(of, ready)| of.into_iter().map(move |one| (one, ready)))
    {
        let mut renderings =
            outcome.renderings.into_iter().map(|found| if ready.runs_tests { found.with_tests() } else { found });
        renderings.next().into_iter().for_each(|found| all.add(found));
        early.extend(renderings);
    }
    early.into_iter().for_each(|found| all.add_early(found));
    let mut discovered = all.finish();
    for (chart, ready) in request.charts.iter().zip(ready) {
        let seen = discovered.sightings.iter().chain(&discovered.tests);
        let unused = unused::unused(chart, &ready.files, &seen);
        discovered.unused.extend(unused);
        discovered.unrendered.extend(ready.sets.unrendered.clone().map(|left_out| Combinations {
            component: chart.component.clone(),
            chart: chart.chart.clone(),
            release: chart.release.to_string(),
            values: left_out.values,
            rendered: left_out.rendered,
            of: left_out.of,
        }));
        let range = ready.files.own().and_then(|part| part.metadata.as_ref()?.text_of("kubeVersion"));
        discovered.inventory.kubernetes.extend(range.map(|range| KubernetesRange {
            component: chart.component.clone(),
            chart: chart.chart.clone(),
            range: range.to_owned(),
            holds: holds(range, &request.cluster.kubernetes),
        }));
    }
    once(&mut discovered.unused);
    once(&mut discovered.unrendered);
    once(&mut discovered.inventory.kubernetes);
    discovered
}

/// Whether a version of Kubernetes is in a range, as Helm reads both.
fn holds(range: &str, kubernetes: &semver::Version) -> Option<bool> {
    let range: Constraint = range.parse().ok()?;
    let version: Version = kubernetes.to_string().parse().ok()?;
    Some(range.matches(&version))
}

impl Found {
    /// The same where tests are run as all else is.
    fn with_tests(mut self) -> Self {
        self.sightings.append(&mut self.tests);
        self
    }
}

#[derive(Default)]
struct Gathered {
    sightings: Sightings,
    tests: Sightings,
    rest: Found,
}

/// Sightings by their place: of several renderings the first counts.
type Sightings = BTreeMap<Sighting, Option<String>>;

impl Gathered {
    fn add(&mut self, found: Found) {
        let Found { sightings, tests, pulled, given: _, deployed: _, inventory, failures } = found;
        sightings.into_iter().for_each(|sighting| insert(&mut self.sightings, sighting));
        tests.into_iter().for_each(|sighting| insert(&mut self.tests, sighting));
        self.rest.pulled.extend(pulled);
        self.rest.failures.extend(failures);
        self.rest.inventory.extend(inventory);
    }

    /// What an earlier rendering failed at is of no matter once a later one did not.
    fn add_early(&mut self, found: Found) {
        let early = |mut sighting: Sighting| {
            sighting.variant = Some(match sighting.variant {
                Some(variant) => format!("{variant}, {EARLY}"),
                None => EARLY.to_owned(),
            });
            sighting
        };
        let sightings = found.sightings.into_iter().map(early).collect();
        let tests = found.tests.into_iter().map(early).collect();
        self.add(Found { sightings, tests, failures: Vec::new(), ..found });
    }

    fn finish(self) -> Discovered {
        let Found { mut pulled, mut inventory, mut failures, .. } = self.rest;
        once(&mut pulled);
        inventory.sort();
        failures.sort();
        failures.dedup_by(|a, b| (&a.component, &a.origin, &a.trouble) == (&b.component, &b.origin, &b.trouble));
        let sightings =
            |map: Sightings| map.into_iter().map(|(sighting, variant)| Sighting { variant, ..sighting }).collect();
        Discovered {
            sightings: sightings(self.sightings),
            tests: sightings(self.tests),
            unused: Vec::new(),
            pulled_charts: pulled,
            inventory,
            failures,
            unrendered: Vec::new(),
        }
    }
}

fn insert(sightings: &mut Sightings, mut sighting: Sighting) {
    let variant = sighting.variant.take();
    sightings.entry(sighting).or_insert(variant);
}

impl Inventory {
    pub(super) fn extend(&mut self, other: Self) {
        self.definitions.extend(other.definitions);
        self.kinds.extend(other.kinds);
        self.storage_classes.extend(other.storage_classes);
        self.wanted_storage.extend(other.wanted_storage);
        self.ingress_classes.extend(other.ingress_classes);
        self.wanted_ingress.extend(other.wanted_ingress);
        self.api_services.extend(other.api_services);
        self.repositories.extend(other.repositories);
        self.downloads.extend(other.downloads);
        self.kubernetes.extend(other.kubernetes);
    }

    fn sort(&mut self) {
        once(&mut self.definitions);
        once(&mut self.storage_classes);
        once(&mut self.ingress_classes);
        once(&mut self.api_services);
        once(&mut self.repositories);
        first_of_component(&mut self.downloads);
        first_of_component(&mut self.kinds);
        first_of_component(&mut self.wanted_storage);
        first_of_component(&mut self.wanted_ingress);
    }
}

fn once<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

fn first_of_component<T: Ord>(list: &mut Vec<At<T>>) {
    list.sort();
    list.dedup_by(|a, b| (&a.what, &a.component) == (&b.what, &b.component));
}
