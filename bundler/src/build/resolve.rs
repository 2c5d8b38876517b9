//! Resolves all that a stack asks for, many at a time.

use airgap_console::Progress;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

use super::error::{BuildError, ItemFailure};
use super::look::{KnownCharts, find};
use super::sources::Sources;
use crate::content::Resolved;
use crate::lock::Pins;
use crate::resolve::Resolution;
use crate::resolve::stack::ResolvedStack;

/// Resolves every item, as pinned where it is, and lists all that fail. Charts that are known already are not asked for.
pub(super) async fn resolve(
    sources: &Sources,
    stack: &ResolvedStack,
    (pins, known): (&Pins, &KnownCharts),
    concurrency: usize,
    progress: &Progress,
) -> Result<Resolution, BuildError> {
    let wanted = wanted(sources, stack, pins, known);
    let systems = stack.systems.iter().filter(|system| !system.packages.is_empty()).count();
    let repositories = systems + stack.mirrors.len();
    let files_and_git = stack.files.len() + stack.git.len();
    let of = wanted.len() + files_and_git + repositories;
    let task = progress.items("resolve", Some(of as u64));
    let single = stream::iter(wanted).buffered(concurrency.max(1)).inspect(|_| task.advance(1)).collect::<Vec<_>>();
    let files = sources.files(stack, pins).inspect(|_| task.advance(files_and_git as u64));
    let packages = sources.packages(stack, pins).inspect(|_| task.advance(repositories as u64));
    let (single, files, packages) = tokio::join!(single, files, packages);
    task.finish();
    let mut resolution = Resolution::default();
    let mut failures = Vec::new();
    let charts = stack.charts.iter().map(|chart| Some((chart.name.clone(), chart.source.clone())));
    let asked = stack.images.iter().map(|_| None).chain(charts);
    for (asked, result) in asked.zip(single) {
        match (asked, result) {
            (None, Ok(image)) => resolution.images.push(image),
            (Some(chart), Ok(found)) => resolution.charts.push((chart, found)),
            (_, Err(failure)) => failures.push(failure),
        }
    }
    for sets in [files, packages] {
        match sets {
            Ok(sets) => resolution.others.extend(sets),
            Err(errors) => failures.extend(errors),
        }
    }
    if failures.is_empty() { Ok(resolution) } else { Err(BuildError::Unresolved { failures, of }) }
}

/// One future for each image and each chart, in the order of the stack: so the result does not depend on what answers
/// first.
fn wanted<'a>(
    sources: &'a Sources,
    stack: &'a ResolvedStack,
    pins: &'a Pins,
    known: &'a KnownCharts,
) -> Vec<BoxFuture<'a, Result<Resolved, ItemFailure>>> {
    let images = stack.images.iter().map(|image| sources.image(image, pins.image(image)).boxed());
    let charts = stack.charts.iter().map(|chart| match find(known, &chart.name, &chart.source) {
        // Another look could find something else than was looked through.
        Some(found) => futures_util::future::ready(Ok(found.clone())).boxed(),
        None => sources.chart(chart, pins.chart(chart)).boxed(),
    });
    images.chain(charts).collect()
}
