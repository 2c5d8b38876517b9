//! All layers of all images, each read once.
//!
//! Images share their lower layers: those of all images are a tree, in which each way from the root is an image. It is read
//! from the root on, by several threads, and what a layer leaves is handed to those above it.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use manifests::Digest;
use manifests::bundle::{OpenError, VerifiedBundle};
use manifests::oci::Descriptor;

use super::SbomError;
use super::inventory::Unread;
use super::layer::{self, Failed, Stopped};
use super::tree::{Contents, Tree};

/// The most threads: each may hold a window of zstd of 32 MiB.
const MAX_JOBS: usize = 3;

/// The layers of images.
#[derive(Debug, Default)]
pub(super) struct Layers {
    nodes: Vec<Node>,
    /// The lowest layers.
    roots: HashMap<Digest, usize>,
    images: usize,
}

/// A layer upon others.
#[derive(Debug)]
struct Node {
    digest: Digest,
    size: u64,
    above: HashMap<Digest, usize>,
    /// Images whose last layer it is.
    images: Vec<usize>,
}

/// What threads share.
struct Work {
    /// Layers whose turn it is, and what is below them: the last one first, so that few are begun at a time.
    ready: Vec<(usize, Tree)>,
    under_way: usize,
    done: Vec<Option<Contents>>,
    failed: Option<SbomError>,
}

impl Layers {
    /// Adds an image. The result is its number.
    pub(super) fn add(&mut self, layers: &[Descriptor]) -> Option<usize> {
        let mut at: Option<usize> = None;
        for layer in layers {
            let siblings = match at {
                Some(node) => &mut self.nodes[node].above,
                None => &mut self.roots,
            };
            let next = match siblings.get(&layer.digest) {
                Some(known) => *known,
                None => {
                    let number = self.nodes.len();
                    let siblings = at.map_or(&mut self.roots, |node| &mut self.nodes[node].above);
                    siblings.insert(layer.digest, number);
                    let (above, images) = (HashMap::new(), Vec::new());
                    self.nodes.push(Node { digest: layer.digest, size: layer.size, above, images });
                    number
                }
            };
            at = Some(next);
        }
        let number = self.images;
        self.nodes.get_mut(at?)?.images.push(number);
        self.images += 1;
        Some(number)
    }

    /// The bytes of all layers, as they are carried.
    pub(super) fn size(&self) -> u64 {
        self.nodes.iter().map(|node| node.size).sum()
    }

    /// Reads them with up to `jobs` threads; `go_on` is told of bytes as they are read, and stops the work by returning
    /// false. The result is by the numbers of images.
    pub(super) fn read(
        &self,
        bundle: &VerifiedBundle,
        jobs: usize,
        go_on: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Vec<Option<Contents>>, SbomError> {
        let ready = self.roots.values().map(|root| (*root, Tree::default())).collect();
        let done = (0..self.images).map(|_| None).collect();
        let work = Mutex::new(Work { ready, under_way: 0, done, failed: None });
        let changed = Condvar::new();
        let lock = || work.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            while let Some((number, below)) = next(lock(), &changed) {
                let laid = self.lay(bundle, number, &below, go_on);
                let images = &self.nodes[number].images;
                let contents = laid.as_ref().ok().filter(|_| !images.is_empty()).map(|tree| tree.clone().contents());
                finish(&mut lock(), &self.nodes[number], laid, contents.as_ref());
                changed.notify_all();
            }
        };
        std::thread::scope(|scope| {
            let threads = jobs.clamp(1, MAX_JOBS).min(self.nodes.len());
            (0..threads).for_each(|_| drop(scope.spawn(run)));
        });
        let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
        work.failed.map_or(Ok(work.done), Err)
    }

    fn lay(
        &self,
        bundle: &VerifiedBundle,
        number: usize,
        below: &Tree,
        go_on: &dyn Fn(u64) -> bool,
    ) -> Result<Tree, SbomError> {
        let Node { digest, size, .. } = self.nodes[number];
        let blob = match bundle.read(&digest) {
            Ok(blob) => blob,
            Err(OpenError::NoBlob(_)) => {
                let problem = "this bundle does not carry it, its base does".to_owned();
                return Ok(below.add_layer().finish(Some(Unread::Layer { digest, problem })));
            }
            Err(error) => return Err(error.into()),
        };
        layer::lay(digest, blob, size, below, go_on).map_err(|failed| match failed {
            Failed::Temporary(source) => SbomError::temporary(source),
            Failed::Blob(source)
                if source.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Stopped>) =>
            {
                SbomError::Interrupted
            }
            Failed::Blob(source) => SbomError::Blob { digest, source },
        })
    }
}

/// Waits for a layer whose turn it is; none when there will be no more.
fn next(mut work: MutexGuard<'_, Work>, changed: &Condvar) -> Option<(usize, Tree)> {
    loop {
        if work.failed.is_some() {
            return None;
        }
        if let Some(job) = work.ready.pop() {
            work.under_way += 1;
            return Some(job);
        }
        if work.under_way == 0 {
            return None;
        }
        work = changed.wait(work).unwrap_or_else(PoisonError::into_inner);
    }
}

fn finish(work: &mut Work, node: &Node, laid: Result<Tree, SbomError>, contents: Option<&Contents>) {
    work.under_way -= 1;
    match laid {
        Err(error) => {
            work.failed.get_or_insert(error);
        }
        Ok(tree) => {
            work.ready.extend(node.above.values().map(|above| (*above, tree.clone())));
            for image in &node.images {
                work.done[*image] = contents.cloned();
            }
        }
    }
}
