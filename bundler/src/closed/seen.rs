//! From what discovery found to what a lock remembers of it.

use std::collections::BTreeMap;

use manifests::evidence::{Confidence, OffImage, Purpose, SeenObject, Sighting};
use manifests::lock::{
    LockedCombinations, LockedDiscovery, LockedFailure, LockedReference, LockedRendering, LockedThing, LockedUse,
    ThingKind,
};
use manifests::{BundleName, ImageReference};

use crate::discovery::inventory::{At, Class};
use crate::discovery::{self, Combinations, Discovered, Failure, Inventory, Object, Origin, Trouble};

/// Puts what was found beside what was looked through.
pub fn seen(inputs: LockedDiscovery, found: Discovered) -> LockedDiscovery {
    let Discovered { sightings, tests, unused, pulled_charts, inventory, failures, unrendered } = found;
    let mut references: BTreeMap<ImageReference, Vec<Sighting>> = BTreeMap::new();
    let runs = sightings.into_iter().map(|seen| (Purpose::Run, seen));
    for (purpose, seen) in runs.chain(tests.into_iter().map(|seen| (Purpose::Test, seen))) {
        references.entry(seen.reference.clone()).or_default().push(sighting(seen, purpose));
    }
    let reference = |(image, mut seen): (ImageReference, Vec<Sighting>)| {
        seen.sort();
        seen.dedup();
        LockedReference { image, seen }
    };
    let off = unused.into_iter().map(|mention| OffImage {
        component: mention.component,
        chart: mention.chart,
        file: mention.file,
        path: mention.path,
        image: mention.image,
    });
    let mut uses = uses(&inventory);
    let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    uses.extend(pulled_charts.into_iter().map(|pulled| LockedUse {
        from: said(&pulled.what.from),
        version: said(&pulled.what.version),
        ..used(ThingKind::Chart, Some(pulled.what.name.clone()), &pulled)
    }));
    let mut installs = installs(&inventory, &inputs.rendered);
    let ranges = inventory.kubernetes.iter().filter(|range| range.holds == Some(false));
    let mut failures: Vec<LockedFailure> = failures.into_iter().map(failure).collect();
    failures.extend(ranges.map(|range| {
        let trouble = Trouble::KubernetesVersion { said: format!("it is for {}", range.range) };
        refused(range.component.clone(), range.chart.clone(), &trouble)
    }));
    sort(&mut uses);
    sort(&mut installs);
    failures.sort();
    // Helm says the same of a chart that its own file says.
    failures.dedup_by(|a, b| {
        a.refuses_kubernetes && b.refuses_kubernetes && (&a.component, &a.of) == (&b.component, &b.of)
    });
    LockedDiscovery {
        references: references.into_iter().map(reference).collect(),
        off: off.collect(),
        uses,
        installs,
        failures,
        unrendered: unrendered.into_iter().map(combinations).collect(),
        ..inputs
    }
    .sealed()
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

fn sighting(seen: discovery::Sighting, purpose: Purpose) -> Sighting {
    let (chart, file) = origin(&seen.origin);
    Sighting {
        component: seen.component,
        chart,
        text: seen.written,
        object: seen.object.as_ref().map(object),
        file,
        path: seen.path,
        variant: seen.variant,
        purpose,
        confidence: match seen.confidence {
            discovery::Confidence::Certain => Confidence::Certain,
            discovery::Confidence::Likely => Confidence::Likely,
            discovery::Confidence::Possible => Confidence::Possible,
        },
        reason: seen.reason.sentence().to_owned(),
    }
}

/// The chart, if it is one, and the file.
fn origin(origin: &Origin) -> (Option<String>, Option<String>) {
    match origin {
        Origin::Chart { chart, template, .. } => {
            (Some(chart.clone()), Some(template.clone()).filter(|template| !template.is_empty()))
        }
        Origin::Manifest { file } => (None, Some(file.clone())),
        Origin::Repository { .. } => (None, Some(origin.to_string())),
        Origin::List { list } => (None, Some(list.clone())),
    }
}

fn object(object: &Object) -> SeenObject {
    SeenObject { kind: object.kind.clone(), namespace: object.namespace.clone(), name: object.name.clone() }
}

fn used<T>(kind: ThingKind, name: Option<String>, at: &At<T>) -> LockedUse {
    let (chart, _) = origin(&at.origin);
    LockedUse {
        kind,
        name,
        from: None,
        version: None,
        component: at.component.clone(),
        chart,
        object: object(&at.object),
        file: at.origin.to_string(),
    }
}

fn combinations(of: Combinations) -> LockedCombinations {
    let Combinations { component, chart, release, values, rendered, of } = of;
    LockedCombinations { component, chart, release, values, rendered, of }
}

fn uses(inventory: &Inventory) -> Vec<LockedUse> {
    let kinds = inventory.kinds.iter().map(|at| used(ThingKind::Api, Some(at.what.to_string()), at));
    let storage = inventory.wanted_storage.iter().map(|at| used(ThingKind::StorageClass, at.what.clone(), at));
    let ingress = inventory.wanted_ingress.iter().map(|at| used(ThingKind::IngressClass, at.what.clone(), at));
    let repositories = inventory.repositories.iter().map(|at| LockedUse {
        version: Some(at.what.revision.clone()).filter(|revision| !revision.is_empty()),
        ..used(ThingKind::Git, Some(at.what.url.clone()), at)
    });
    let downloads = inventory.downloads.iter().map(|at| used(ThingKind::Download, Some(at.what.clone()), at));
    kinds.chain(storage).chain(ingress).chain(repositories).chain(downloads).collect()
}

/// What is there once everything is installed. What charts bring that are only carried, nobody has installed.
fn installs(inventory: &Inventory, rendered: &[LockedRendering]) -> Vec<LockedThing> {
    let mut things = Vec::new();
    for at in inventory.definitions.iter().filter(|at| is_installed(&at.component, &at.origin, rendered)) {
        things.push(thing(ThingKind::Crd, at.what.name.clone(), at));
        things.extend(at.what.apis.iter().map(|api| thing(ThingKind::Api, api.to_string(), at)));
    }
    let class = |kind, at: &At<Class>| {
        let default = at.what.default;
        LockedThing { default, ..thing(kind, at.what.name.clone(), at) }
    };
    let is_there = |at: &&At<Class>| is_installed(&at.component, &at.origin, rendered);
    let storage = inventory.storage_classes.iter().filter(is_there);
    let ingress = inventory.ingress_classes.iter().filter(is_there);
    things.extend(storage.map(|at| class(ThingKind::StorageClass, at)));
    things.extend(ingress.map(|at| class(ThingKind::IngressClass, at)));
    // `v1beta1.metrics.k8s.io` serves all kinds of a version of a group.
    let services = inventory.api_services.iter().filter(|at| is_installed(&at.component, &at.origin, rendered));
    things.extend(services.filter_map(|at| {
        let (version, group) = at.what.split_once('.')?;
        Some(thing(ThingKind::Api, format!("{group}/{version}/*"), at))
    }));
    things
}

/// Whether what stands somewhere is applied: in a manifest, or in a chart that is installed as this release.
fn is_installed(component: &BundleName, origin: &Origin, rendered: &[LockedRendering]) -> bool {
    let Origin::Chart { chart, release, .. } = origin else { return true };
    rendered.iter().any(|own| {
        (&own.component, &own.chart) == (component, chart) && own.release.as_deref() == Some(release.as_str())
    })
}

fn thing<T>(kind: ThingKind, name: String, at: &At<T>) -> LockedThing {
    LockedThing { kind, name, component: at.component.clone(), default: false }
}

fn failure(failure: Failure) -> LockedFailure {
    let (of, release) = match &failure.origin {
        Origin::Chart { chart, release, .. } => (chart.clone(), Some(release.to_string())),
        other => (other.to_string(), None),
    };
    let git = match &failure.origin {
        Origin::Repository { repository, .. } => Some(repository.clone()),
        _ => None,
    };
    let refused = refused(failure.component, of, &failure.trouble);
    let help = if git.is_some() { failure.trouble.help_in_git().to_owned() } else { refused.help };
    LockedFailure { release, git, variant: failure.variant, help, ..refused }
}

fn refused(component: BundleName, of: String, trouble: &Trouble) -> LockedFailure {
    LockedFailure {
        component,
        of,
        git: None,
        release: None,
        variant: None,
        refuses_kubernetes: matches!(trouble, Trouble::KubernetesVersion { .. }),
        reason: trouble.to_string(),
        help: trouble.help().to_owned(),
    }
}
