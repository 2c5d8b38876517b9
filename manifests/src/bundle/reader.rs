//! Opening, verifying and reading a bundle, all of which is hostile until a signature says otherwise.
//!
//! Trust is a type: [`UnverifiedBundle`] shows what a bundle claims to be, and only [`VerifiedBundle`] hands out content.
//!
//! # Threats
//! The order of work is: the document (limits first), the signatures over its exact bytes, and only then the rest.
//!
//! | threat | what holds it |
//! |---|---|
//! | an oversize document, a decompression bomb | the size in the first tar header is compared with [`limits`] before anything is read; every frame is unpacked into a buffer of the size that the document implies (≤ 4 MiB), and anything longer fails |
//! | a frame that lies about its size | its content size, its stored size and the seek table have to agree |
//! | a seek table that lies, overlaps or goes backwards | places are sums of sizes; all that follows from the document has to be just that; the rest has to add up to the archive |
//! | members twice, links, devices, paths that lead out | tar headers are never interpreted: members are those of the document, whose paths and duplicates are checked, and `check` compares every header with the one that a writer makes |
//! | wrong bytes | every blob's digest is checked while it is read; a reader fails at its end |
//! | an older or newer format, an unknown requirement | refused by name before anything else is parsed |
//! | a document that is signed, but for something else | its media type and the signature's namespace tell |
//! | a truncated file, garbage behind the end | the seek table is the end of the last file and the sizes have to fit |
//! | a file that is exchanged after it was verified | files are opened once and read through the descriptor; content that changes in place fails its digest, so read a blob once before its bytes are used without a check |
//! | sparse or huge sizes | sums of sizes are bounded; memory never follows a size that was only claimed |
//! | volumes missing, exchanged, foreign, mixed up | each names its set, number, place and size; see [`crate::bundle::volume`] |
//! | abuse of the signature slot | it is not signed: nothing in it counts but texts that verify; `check` refuses anything else in it |

pub(crate) mod archive;
mod blob;
mod check;
mod copy;
mod error;
pub(crate) mod head;
pub(crate) mod storage;

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use blob::BlobReader;
pub use check::Damage;
pub use copy::{CopyError, CopyTarget};
pub use error::OpenError;

use archive::Archive;
use head::Head;
use storage::Storage;

use super::layout::{self, Member, Shape};
use super::member::TAR_BLOCK;
use super::volume::{Absent, gather};
use crate::Digest;
#[cfg(doc)]
use crate::bundle::limits;
use crate::digest::ContentMismatch;
use crate::document::{Blob, Document};
use crate::signature::{Signer, TrustRoot};

/// A bundle that was opened but that nobody vouches for yet. It hands out no content.
#[derive(Debug)]
pub struct UnverifiedBundle {
    storage: Arc<Storage>,
    head: Head,
    absent: Vec<Absent>,
    volumes: u32,
    volume_size: Option<u64>,
}

impl UnverifiedBundle {
    /// Opens a bundle: its file, any volume of it, or the name that its volumes share. Volumes may lie in several
    /// folders: `paths` names them all then. Takes time independent of the bundle's size.
    ///
    /// # Errors
    /// [`OpenError`]; for volumes that are missing or don't belong together [`OpenError::Volumes`].
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, OpenError> {
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let gathered = gather::gather(&paths)?;
        let (volumes, volume_size) = (gathered.count, gathered.volume_size);
        let storage = Arc::new(gathered.complete()?);
        Ok(Self { head: head::read(&storage)?, storage, absent: Vec::new(), volumes, volume_size })
    }

    /// Opens a set of which volumes may be missing, but the first is there: to show what the bundle holds.
    ///
    /// # Errors
    /// As [`Self::open`]; [`Self::verify`] fails while volumes are absent.
    pub fn open_partial<P: AsRef<Path>>(paths: &[P]) -> Result<Self, OpenError> {
        let paths: Vec<&Path> = paths.iter().map(AsRef::as_ref).collect();
        let mut gathered = gather::gather(&paths)?;
        if gathered.absent.iter().any(|absent| absent.number == 1) {
            gathered.complete()?;
            return Err(OpenError::NotABundle { path: PathBuf::new(), reason: "its first volume is missing" });
        }
        let (absent, volumes) = (std::mem::take(&mut gathered.absent), gathered.count);
        let volume_size = gathered.volume_size;
        let storage = Arc::new(Storage::new(gathered.parts));
        Ok(Self { head: head::read(&storage)?, storage, absent, volumes, volume_size })
    }

    /// The volumes that are absent, for a bundle from [`Self::open_partial`].
    pub fn absent(&self) -> &[Absent] {
        &self.absent
    }

    /// How many volumes the set has; 0 for a bundle in one file.
    pub fn volumes(&self) -> u32 {
        self.volumes
    }

    /// The size that its volumes say they stay below, in bytes; none for a bundle in one file.
    pub fn volume_size(&self) -> Option<u64> {
        self.volume_size
    }

    /// The files that were opened, in order.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.storage.parts().iter().map(|part| part.path.clone()).collect()
    }

    /// What the bundle claims to be: for showing to people, never for acting on it.
    pub fn claimed(&self) -> &Document {
        &self.head.document
    }

    /// The exact bytes of `bundle.json`, which signatures are over.
    pub fn document_bytes(&self) -> &[u8] {
        &self.head.bytes
    }

    /// The digest of `bundle.json`: the bundle's identity.
    pub fn document_digest(&self) -> Digest {
        self.head.digest
    }

    /// The signatures found, in the armoured SSHSIG form.
    pub fn signatures(&self) -> &[String] {
        &self.head.signatures
    }

    /// The files that were opened, in order, with their sizes in bytes.
    pub(crate) fn volume_sizes(&self) -> Vec<(PathBuf, u64)> {
        self.storage.parts().iter().map(|part| (part.path.clone(), part.size)).collect()
    }

    /// The archive for work that moves bytes and trusts none of them.
    pub(crate) fn archive(&self) -> Result<Archive, OpenError> {
        Archive::load(&self.storage, &self.head.document, self.head.bytes.len() as u64)
    }

    /// The file that holds the signature slot, and where it lies there.
    pub(crate) fn slot_place(&self) -> (PathBuf, u64) {
        let start = self.storage.part(self.head.slot).map_or(0, |part| part.start);
        (self.storage.path(self.head.slot), self.head.slot - start)
    }

    /// The size of the archive in bytes, over all its volumes (those that are there).
    pub fn archive_size(&self) -> u64 {
        self.storage.size()
    }

    /// Checks the signatures over `bundle.json`, then that the archive has the shape that it describes.
    ///
    /// # Errors
    /// [`OpenError::Untrusted`]; [`OpenError::Damaged`] for an archive that is cut off or altered.
    pub fn verify(self, trust: &TrustRoot) -> Result<VerifiedBundle, OpenError> {
        let when = self.head.document.created;
        let signers = trust
            .verify(&self.head.bytes, &self.head.signatures, when)
            .map_err(|source| OpenError::Untrusted { path: self.storage.path(0), source })?;
        self.accept(signers)
    }

    /// Accepts a bundle whose `bundle.json` was verified before and remembered by its digest: a receipt.
    ///
    /// # Errors
    /// [`OpenError::WrongBundle`] for another document; [`OpenError::Damaged`] as [`Self::verify`].
    pub fn verify_pinned(self, receipt: &Digest) -> Result<VerifiedBundle, OpenError> {
        if self.head.digest != *receipt {
            let path = self.storage.path(0);
            return Err(OpenError::WrongBundle { path, expected: *receipt, actual: self.head.digest });
        }
        self.accept(Vec::new())
    }

    fn accept(self, signers: Vec<Signer>) -> Result<VerifiedBundle, OpenError> {
        if !self.absent.is_empty() {
            let count = self.volumes;
            return Err(super::volume::VolumeError::Missing { absent: self.absent, count }.into());
        }
        let archive = Archive::load(&self.storage, &self.head.document, self.head.bytes.len() as u64)?;
        Ok(VerifiedBundle { archive: Arc::new(archive), head: self.head, signers })
    }
}

/// A bundle whose `bundle.json` is vouched for: the only thing that hands out content. `Send + Sync`; share it in an
/// `Arc`.
#[derive(Debug)]
pub struct VerifiedBundle {
    archive: Arc<Archive>,
    head: Head,
    signers: Vec<Signer>,
}

impl VerifiedBundle {
    /// The archive, for what follows from its shape.
    pub(crate) fn archive(&self) -> &Archive {
        &self.archive
    }

    /// What the bundle is and holds.
    pub fn document(&self) -> &Document {
        &self.head.document
    }

    /// The exact bytes of `bundle.json`.
    pub fn document_bytes(&self) -> &[u8] {
        &self.head.bytes
    }

    /// The digest of `bundle.json`: the bundle's identity.
    pub fn document_digest(&self) -> Digest {
        self.head.digest
    }

    /// Who signed it: empty for one opened by a receipt.
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// The signatures that the bundle carries, in the armoured SSHSIG form: also those that do not count.
    pub fn signatures(&self) -> &[String] {
        &self.head.signatures
    }

    /// The files that hold it, in order, as they were opened: whoever places the archive elsewhere reads them through
    /// these, since their names may stand for something else by now.
    pub fn files(&self) -> Vec<(PathBuf, Arc<File>)> {
        self.archive.storage.parts().iter().map(|part| (part.path.clone(), Arc::clone(&part.file))).collect()
    }

    /// The size of the archive in bytes, over all its volumes.
    pub fn archive_size(&self) -> u64 {
        self.archive.storage.size()
    }

    /// `index.json` of the layout.
    ///
    /// # Errors
    /// [`OpenError::Content`] when it is not the one that the document names.
    pub fn layout_index(&self) -> Result<Vec<u8>, OpenError> {
        let expected = self.head.document.index;
        let path = || self.archive.storage.path(0);
        let whole = self.archive.small_member(Member::Index).map_err(OpenError::io("read index.json of", &path()))?;
        let content = whole.get(TAR_BLOCK as usize..(TAR_BLOCK + expected.size) as usize).unwrap_or_default().to_vec();
        let actual = Digest::of(&content);
        if actual == expected.digest {
            return Ok(content);
        }
        let source = ContentMismatch::Digest { expected: expected.digest, actual };
        Err(OpenError::Content { what: "index.json".to_owned(), path: path(), source })
    }

    /// Reads a blob from its start. The reader fails at its end, with `InvalidData`, unless size and digest are right.
    ///
    /// # Errors
    /// [`OpenError::NoBlob`].
    pub fn read(&self, digest: &Digest) -> Result<BlobReader, OpenError> {
        let (index, blob) = self.find(digest)?;
        Ok(BlobReader::checked(&self.archive, index, blob))
    }

    /// Reads a whole small blob, checked: manifests and configurations.
    ///
    /// # Errors
    /// [`OpenError::TooLarge`] for more than `limit` bytes, [`OpenError::NoBlob`], [`OpenError::Io`] with
    /// `InvalidData` for wrong content.
    pub fn read_to_vec(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, OpenError> {
        let (index, blob) = self.find(digest)?;
        if blob.size > limit {
            return Err(OpenError::TooLarge { digest: *digest, size: blob.size, limit });
        }
        let place = self.archive.places_of(Member::Blob(index)).first().copied().unwrap_or_default();
        let path = self.archive.storage.path(place);
        let mut content = Vec::with_capacity(blob.size.min(frame_memory()) as usize);
        let mut reader = BlobReader::checked(&self.archive, index, blob);
        reader.read_to_end(&mut content).map_err(OpenError::io("read a blob of", &path))?;
        Ok(content)
    }

    /// Where the bytes of a raw blob lie in the files, in order, for `sendfile` and the like: pieces of at most
    /// 128 KiB. `None` for a blob that is stored compressed, or is not there. NOT checked: read the blob once before.
    pub fn segments(&self, digest: &Digest, range: Range<u64>) -> Option<Vec<Segment>> {
        let (index, blob) = self.find(digest).ok()?;
        let shape = Shape { size: blob.size, encoding: blob.encoding };
        let raw = blob.encoding == crate::document::Encoding::Raw;
        raw.then(|| self.archive.segments(Member::Blob(index), shape, range)).flatten()
    }

    /// Reads a part of any blob, decompressing only the frames that hold it. A range that goes beyond the end gives
    /// what there is. NOT checked: read the blob once before.
    ///
    /// # Errors
    /// [`OpenError::NoBlob`].
    pub fn read_range(&self, digest: &Digest, range: Range<u64>) -> Result<BlobReader, OpenError> {
        let (index, blob) = self.find(digest)?;
        Ok(BlobReader::part(&self.archive, index, blob, range))
    }

    /// Reads and checks every byte of the archive (blobs, headers, padding, tables) with `threads` threads; `progress`
    /// is told of bytes of the archive as they are done. Returns everything that is wrong, not the first.
    pub fn check(&self, threads: usize, progress: &(dyn Fn(u64) + Sync)) -> Vec<Damage> {
        check::check(&self.archive, &self.head, threads, progress)
    }

    fn find(&self, digest: &Digest) -> Result<(usize, &Blob), OpenError> {
        let document = &self.head.document;
        let found = layout::position(document, digest).and_then(|index| Some((index, document.blobs.get(index)?)));
        found.ok_or(OpenError::NoBlob(*digest))
    }
}

/// What a reader reserves before it has seen a byte.
fn frame_memory() -> u64 {
    super::frame::PIECE
}

/// A part of a file.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The file.
    pub file: Arc<File>,
    /// Where the part starts, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub length: u64,
}
