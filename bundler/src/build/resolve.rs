//! Resolves all that a stack asks for, many at a time.

use airgap_console::Progress;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};

use super::error::{BuildError, ItemFailure};
use super::selection::Selection;
use super::sources::Sources;
use crate::content::Resolved;
use crate::resolve::stack::ResolvedStack;

/// Resolves every item, and lists all that fail.
pub(super) async fn resolve(
    sources: &Sources,
    stack: &ResolvedStack,
    concurrency: usize,
    progress: &Progress,
) -> Result<Selection, BuildError> {
    let wanted = wanted(sources, stack);
    let of = wanted.len();
    let task = progress.items("resolve", Some(of as u64));
    let results: Vec<_> =
        stream::iter(wanted).buffered(concurrency.max(1)).inspect(|_| task.advance(1)).collect().await;
    task.finish();
    let mut selection = Selection::default();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(resolved) => selection.add(resolved)?,
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(selection) } else { Err(BuildError::Unresolved { failures, of }) }
}

/// One future for each image, each chart and each component's set of files, in the order of the stack: so the result
/// does not depend on what answers first.
fn wanted<'a>(sources: &'a Sources, stack: &'a ResolvedStack) -> Vec<BoxFuture<'a, Result<Resolved, ItemFailure>>> {
    let images = stack.images.iter().map(|image| sources.image(image).boxed());
    images.collect()
}
