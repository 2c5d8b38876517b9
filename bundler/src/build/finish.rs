//! Signing, and the final name.

use std::path::PathBuf;
use std::sync::Arc;

use manifests::bundle::{self, BundleWriter, Plan};

use super::BuildOptions;
use super::earlier::Earlier;
use super::error::BuildError;
use crate::sign::Signers;
use crate::volume_set;

/// Signs the document and gives the bundle its final name. Returns its files and the number of its signatures.
pub(super) async fn finish(
    writer: Arc<BundleWriter>,
    plan: &Plan,
    options: &BuildOptions,
    signers: Signers,
) -> Result<(Vec<PathBuf>, usize), BuildError> {
    let message = plan.document_bytes().to_vec();
    let partial = options.partial();
    // Keys may ask for a passphrase or a touch, and the last bytes are synced: none of it belongs on async threads.
    let finished = tokio::task::spawn_blocking(move || {
        let signatures = signers.sign(&message).map_err(BuildError::Sign)?;
        let writer = Arc::into_inner(writer).ok_or_else(|| BuildError::Interrupted { partial: Some(partial) })?;
        let mut files = writer.finish(&signatures)?;
        files.extend(volume_set::write(&files, &signers)?.paths);
        Ok((files, signatures.len()))
    });
    finished.await.unwrap_or_else(|_| Err(BuildError::Interrupted { partial: Some(options.partial()) }))
}

/// Adds what an otherwise unchanged bundle lacks: signatures, and the set document of its volumes. Returns its files and
/// the number of its signatures then.
pub(super) fn sign_in_place(
    current: &Earlier,
    plan: &Plan,
    signers: &Signers,
) -> Result<(Vec<PathBuf>, usize), BuildError> {
    let there = current.signatures();
    let missing = signers.without_signatures_in(there);
    let mut files = current.files();
    let signatures = missing.sign(plan.document_bytes()).map_err(BuildError::Sign)?;
    if !signatures.is_empty() {
        bundle::attach_signatures(&files, &signatures)?;
    }
    files.extend(volume_set::write(&files, signers)?.paths);
    Ok((files, there.len() + signatures.len()))
}
