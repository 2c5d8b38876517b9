//! Images that are on disk already: OCI image layouts, as a folder or in a tar, and what `docker save` writes.
//!
//! Nothing is unpacked: blobs are read where they lie. A layout keeps the digests of the registry that it was copied
//! from. The older format of `docker save` never had them: its layers are uncompressed, so that the manifest is made
//! here, the same for the same archive, and the image's digest is not the one that its registry has. Where an archive
//! holds both, as those of containerd and of Docker 25 and later do, the layout is taken.

mod docker;
mod error;
mod graph;
mod layout;
mod select;
mod tar_index;

use std::path::Path;

use manifests::component::{ImageSource, LocalImage};
use manifests::oci::Descriptor;

pub use error::LocalImageError;

use crate::content::{Origin, Resolved};
use crate::resolve::stack::ResolvedImage;
use layout::Layout;

/// The largest manifest, index, config or `manifest.json` that is read, in bytes.
const MAX_DOCUMENT: u64 = 8 << 20;

/// A place that has content by its digest.
trait Store {
    /// Reads a small blob and checks its digest.
    fn read(&self, descriptor: &Descriptor) -> Result<Vec<u8>, LocalImageError>;

    /// Where a blob of any size lies, after a look at its size.
    fn origin(&self, descriptor: &Descriptor) -> Result<Origin, LocalImageError>;
}

/// Resolves an image that comes from disk; none for one that comes from a registry. Reads files, so it blocks.
///
/// # Errors
/// [`LocalImageError`] when the folder or archive is not what it should be, or lacks the image, all of its wanted platforms or a blob.
pub fn resolve(image: &ResolvedImage) -> Result<Option<Resolved>, LocalImageError> {
    let resolved = match &image.source {
        ImageSource::Registry | ImageSource::Image(_) => return Ok(None),
        ImageSource::OciLayout(local) => from_layout(&Layout::folder(&local.path)?, image, local),
        ImageSource::OciArchive(local) => match Layout::archive(&local.path)? {
            Some(layout) => from_layout(&layout, image, local),
            None => Err(LocalImageError::NotALayout(local.path.clone())),
        },
        ImageSource::DockerArchive(local) => match Layout::archive(&local.path)? {
            Some(layout) => from_layout(&layout, image, local),
            None => docker::resolve(&local.path, image, local.name.as_deref()),
        },
    };
    resolved.map(Some)
}

fn from_layout(layout: &Layout, image: &ResolvedImage, local: &LocalImage) -> Result<Resolved, LocalImageError> {
    let index = layout.index()?;
    let root = select::root(&index, &image.reference, local)?;
    check_pin(image, root, &local.path)?;
    graph::resolve(layout, &index, root, image)
}

/// A digest in the image's reference decides.
fn check_pin(image: &ResolvedImage, root: &Descriptor, path: &Path) -> Result<(), LocalImageError> {
    match image.reference.digest() {
        Some(expected) if expected != root.digest => {
            Err(LocalImageError::OtherDigest { path: path.to_owned(), expected, actual: root.digest })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
