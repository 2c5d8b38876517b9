//! One folder in `traps/` for each place where real charts hide images. Its `expected` says what has to be found, all of it and
//! nothing else: recall is complete, and nothing is called certain that is not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bundler::discovery::{Discovered, Sighting};

use crate::rig::discovered;

fn traps() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/discovery/traps");
    let mut traps: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    traps.sort();
    traps
}

/// What was found, a line each: how sure it is, the image, and the values if these are not the release's own.
fn shown(discovered: &Discovered) -> BTreeSet<String> {
    let sighting = |word: String, sighting: &Sighting| {
        let variant = sighting.variant.as_ref().map(|variant| format!(" ({variant})")).unwrap_or_default();
        format!("{word} {}{variant}", sighting.reference)
    };
    let certain = discovered.sightings.iter().map(|found| sighting(found.confidence.to_string(), found));
    let tests = discovered.tests.iter().map(|found| sighting("test".to_owned(), found));
    let unused = discovered.unused.iter().map(|mention| format!("unused {}", mention.image));
    let pulled = discovered.pulled_charts.iter().map(|at| &at.what);
    let pulled = pulled.map(|chart| format!("pulled {} {} {}", chart.name, chart.from, chart.version));
    let fetched =
        discovered.inventory.repositories.iter().map(|at| format!("fetched {} {}", at.what.url, at.what.revision));
    let failures = discovered.failures.iter().map(|failure| format!("failure {}", failure.trouble));
    let downloads = discovered.inventory.downloads.iter().map(|at| format!("downloaded {}", at.what));
    let unrendered = discovered.unrendered.iter();
    let unrendered =
        unrendered.map(|left| format!("rendered {} of {}: {}", left.rendered, left.of, left.values.join(" ")));
    let others = fetched.chain(downloads).chain(unrendered);
    certain.chain(tests).chain(unused).chain(pulled).chain(others).chain(failures).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trap_gives_what_is_in_it_and_nothing_else() {
    let traps = traps();
    assert!(traps.len() >= 40, "the corpus is there");
    let mut wrong = String::new();
    for trap in traps {
        let name = trap.file_name().unwrap().to_str().unwrap().to_owned();
        let expected = std::fs::read_to_string(trap.join("expected")).unwrap();
        let expected: BTreeSet<String> = expected.lines().map(str::to_owned).collect();
        let found = shown(&discovered(&trap).await);
        let missed = expected.difference(&found).map(|line| format!("  missed: {line}\n"));
        let added = found.difference(&expected).map(|line| format!("  not expected: {line}\n"));
        let differences: String = missed.chain(added).collect();
        if !differences.is_empty() {
            wrong.push_str(&format!("{name}\n{differences}"));
        }
    }
    assert!(wrong.is_empty(), "discovery differs from what is expected:\n{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_component_gives_the_same_twice() {
    for trap in traps().iter().filter(|trap| trap.ends_with("capabilities") || trap.ends_with("site-values")) {
        let (one, other) = (discovered(trap).await, discovered(trap).await);
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&other).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sighting_says_where_it_is_and_why() {
    let trap = traps().into_iter().find(|trap| trap.ends_with("default-in-environment")).unwrap();
    let found = discovered(&trap).await;
    let solver = found.sightings.iter().find(|found| found.reference.repository().path() == "shop/solver").unwrap();
    let agent = found.sightings.iter().find(|found| found.reference.repository().path() == "shop/agent").unwrap();
    assert_eq!(solver.origin.to_string(), "shop/templates/web.yaml");
    assert_eq!(solver.object.as_ref().unwrap().to_string(), "Deployment web");
    assert_eq!(solver.path, "spec.template.spec.containers[0].args[0]");
    assert_eq!(agent.path, "spec.template.spec.containers[0].env[AGENT_IMAGE]");
    assert_eq!(agent.reason.sentence(), "an environment variable has the form of an image");
}
