//! What all sources gave, put together: each item once, each blob once with every place to get it from.

use std::collections::HashMap;

use manifests::document::{Blob, Encoding, Item};
use manifests::{Digest, ImageReference};

use crate::content::{Origin, Resolved, WantedBlob};
use crate::resolve::Resolution;

/// Everything that a bundle is made of.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// The items.
    pub(super) items: Vec<Item>,
    /// The references of the charts, in the order in which they were added.
    pub(super) charts: Vec<ImageReference>,
    blobs: HashMap<Digest, Candidate>,
}

/// A blob and the places where it can be had.
#[derive(Debug)]
struct Candidate {
    blob: Blob,
    origins: Vec<Origin>,
    /// The first item that needs it, for people.
    owner: String,
}

/// Two sources that speak of one digest but not of one size: one of them lies.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{digest} is {one} bytes long for one source and {other} for another")]
#[diagnostic(help(
    "a manifest that names a wrong size is damaged or forged: look at the images that share this layer"
))]
pub struct SizeConflict {
    digest: Digest,
    one: u64,
    other: u64,
}

impl Selection {
    /// All that was found.
    pub(super) fn of(resolution: Resolution) -> Result<Self, SizeConflict> {
        let mut selection = Self::default();
        resolution.into_items().try_for_each(|resolved| selection.add(resolved))?;
        Ok(selection)
    }

    /// Adds what one source gave.
    fn add(&mut self, resolved: Resolved) -> Result<(), SizeConflict> {
        let owner = resolved.item.reference().unwrap_or_default();
        for wanted in resolved.blobs {
            self.add_blob(wanted, &owner)?;
        }
        self.charts.extend(resolved.item.as_chart().map(|chart| chart.reference.clone()));
        self.items.push(resolved.item);
        Ok(())
    }

    fn add_blob(&mut self, wanted: WantedBlob, owner: &str) -> Result<(), SizeConflict> {
        let WantedBlob { digest, size, encoding, origin } = wanted;
        let candidate = self.blobs.entry(digest).or_insert_with(|| Candidate {
            blob: Blob { digest, size, encoding },
            origins: Vec::new(),
            owner: owner.to_owned(),
        });
        if candidate.blob.size != size {
            return Err(SizeConflict { digest, one: candidate.blob.size, other: size });
        }
        // Sources may name one content differently. What one of them takes for compressed is stored as it is, whoever
        // came first.
        if encoding == Encoding::Raw {
            candidate.blob.encoding = Encoding::Raw;
        }
        match origin {
            // Nothing is nearer than memory.
            Origin::Bytes(_) => candidate.origins = vec![origin],
            _ if matches!(candidate.origins.first(), Some(Origin::Bytes(_))) => {}
            _ => candidate.origins.push(origin),
        }
        Ok(())
    }

    /// All blobs, in no particular order.
    pub(super) fn blobs(&self) -> Vec<Blob> {
        self.blobs.values().map(|candidate| candidate.blob).collect()
    }

    /// The first item that needs a blob.
    pub(super) fn owner(&self, digest: &Digest) -> Option<&str> {
        self.blobs.get(digest).map(|candidate| candidate.owner.as_str())
    }

    /// The places where a blob can be had, each as a blob to fetch, in the order in which to try them.
    pub(super) fn origins(&self, digest: &Digest) -> Vec<WantedBlob> {
        let Some(Candidate { blob, origins, .. }) = self.blobs.get(digest) else { return Vec::new() };
        let wanted = |origin: &Origin| WantedBlob {
            digest: blob.digest,
            size: blob.size,
            encoding: blob.encoding,
            origin: origin.clone(),
        };
        origins.iter().map(wanted).collect()
    }
}
