//! Making the lock of a stack anew, or moving something in it.

use std::path::PathBuf;
use std::time::Instant;

use airgap_console::Progress;
use manifests::Lock;
use manifests::evidence::Finding;
use tokio_util::sync::CancellationToken;

use super::ResolveOptions;
use super::earlier;
use super::error::BuildError;
use super::look::Looker;
use super::resolve::resolve;
use super::sources::Sources;
use super::trusted;
use crate::lock::{self, Folder, Pins, Update};
use crate::resolve::stack::{created, load};

/// A lock, and the one before it.
#[derive(Debug)]
pub struct Relocked {
    /// The lock's file. Nothing is written there yet.
    pub path: PathBuf,
    /// What the file says; none where there is none.
    pub before: Option<Lock>,
    /// What it should say.
    pub lock: Lock,
    /// What is to be told of it: warnings, and what was let pass.
    pub findings: Vec<Finding>,
}

/// Finds what the lock of a stack has to say. What is locked stays as it is, and nobody is asked about it, but for what is
/// to be moved.
///
/// # Errors
/// [`BuildError`] when something can't be found, or something is to be moved and there is no lock.
pub async fn relock(
    options: ResolveOptions,
    update: &Update,
    progress: Progress,
    stop: CancellationToken,
) -> Result<Relocked, BuildError> {
    let stack = load(&options.stack)?;
    let created = created(&stack, options.source_date_epoch.as_deref())?;
    let (path, folder) = (lock::path(&options.stack), Folder::of(&options.stack));
    let before = match update {
        Update::Items(_) => Some(lock::read_of(&options.stack)?),
        Update::Nothing | Update::All => lock::read(&path)?,
    };
    let pins = Pins::new(before.as_ref(), folder.clone(), update)?;
    let deadline = options.deadline.map(|time| Instant::now() + time);
    let reused = earlier::reused(&options)?;
    let sources = Sources::new(&stack, &options, reused, deadline, created, stop.clone())?;
    let looker = Looker {
        options: &options,
        stack: &stack,
        sources: &sources,
        pins: &pins,
        folder: &folder,
        created,
        progress: &progress,
        stop: &stop,
        deadline,
    };
    let work = async {
        let looked = looker.look().await?;
        looked.judgement.check()?;
        let rest = pins.rest_of(&looked.stack);
        let known = (&Pins::none(), &looked.charts);
        let resolution = resolve(&sources, &rest, known, options.concurrency, &progress).await?;
        let held = trusted::held(&looked, &pins, &sources, &options, &progress).await?;
        trusted::verified(&looked, &folder, &sources, &options, &[&resolution, &held]).await?;
        let judgement = looked.held_against(&resolution, &pins)?;
        Ok::<_, BuildError>((looked, judgement, resolution))
    };
    let (looked, judgement, resolution) = match work.await {
        Err(_) if stop.is_cancelled() => return Err(BuildError::Interrupted { partial: None }),
        Err(error) if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
            return Err(error.when_late(path));
        }
        resolved => resolved?,
    };
    let lock = lock::make(&looked.stack, &looked.seen, &resolution, &pins, &folder);
    Ok(Relocked { path, before, lock, findings: judgement.told() })
}
