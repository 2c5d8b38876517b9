//! Signing, and the final name.

use std::path::PathBuf;
use std::sync::Arc;

use manifests::bundle::{self, BundleWriter, Plan};

use super::earlier::Earlier;
use super::error::BuildError;
use super::{BuildOptions, Signing};

/// Signs the document and gives the bundle its final name. Returns its files and the number of its signatures.
pub(super) async fn finish(
    writer: Arc<BundleWriter>,
    plan: &Plan,
    options: &BuildOptions,
    signing: Signing,
) -> Result<(Vec<PathBuf>, usize), BuildError> {
    let message = plan.document_bytes().to_vec();
    let partial = options.partial();
    // Keys may ask for a passphrase or a touch, and the last bytes are synced: none of it belongs on async threads.
    let finished = tokio::task::spawn_blocking(move || {
        let signatures = signing(&message, &[]).map_err(BuildError::Sign)?;
        let writer = Arc::into_inner(writer).ok_or_else(|| BuildError::Interrupted { partial })?;
        Ok((writer.finish(&signatures)?, signatures.len()))
    });
    finished.await.unwrap_or_else(|_| Err(BuildError::Interrupted { partial: options.partial() }))
}

/// Adds the signatures that an otherwise unchanged bundle lacks. Returns how many it has then.
pub(super) fn sign_in_place(current: &Earlier, plan: &Plan, signing: &Signing) -> Result<usize, BuildError> {
    let there = current.signatures();
    let signatures = signing(plan.document_bytes(), there).map_err(BuildError::Sign)?;
    if signatures.is_empty() {
        return Ok(there.len());
    }
    bundle::attach_signatures(&current.files(), &signatures)?;
    Ok(there.len() + signatures.len())
}
