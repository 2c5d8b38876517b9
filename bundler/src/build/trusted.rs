//! Holds what was found against the rules of trust, before anything is locked or built.

use airgap_console::Progress;
use manifests::evidence::UpstreamSignature;

use super::ResolveOptions;
use super::error::BuildError;
use super::look::Looked;
use super::resolve::resolve;
use super::sources::Sources;
use crate::lock::{Folder, Pins};
use crate::resolve::Resolution;
use crate::trust::{self, Verifier};

/// Verifies what rules are about, in what was found.
pub(super) async fn verified(
    looked: &Looked,
    folder: &Folder,
    sources: &Sources,
    options: &ResolveOptions,
    found: &[&Resolution],
) -> Result<Vec<UpstreamSignature>, BuildError> {
    let fetcher = &sources.fetcher();
    let verifier = Verifier { stack: &looked.stack, folder, fetcher, now: options.now };
    verifier.verify(found).await.map_err(|problems| BuildError::Untrusted { problems })
}

/// What rules are about of what is pinned, found again as it is pinned: a rule may be newer than the lock. The files of a
/// component sign each other, so all of them are found.
pub(super) async fn held(
    looked: &Looked,
    pins: &Pins,
    sources: &Sources,
    options: &ResolveOptions,
    progress: &Progress,
) -> Result<Resolution, BuildError> {
    let mut part = trust::part_under_rules(&looked.stack);
    part.images.retain(|image| pins.image(image).is_some());
    part.charts.retain(|chart| pins.chart(chart).is_some());
    if part.images.is_empty() && part.charts.is_empty() && part.files.is_empty() {
        return Ok(Resolution::default());
    }
    resolve(sources, &part, (pins, &looked.charts), options.concurrency, progress).await
}
