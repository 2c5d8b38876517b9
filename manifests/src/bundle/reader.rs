//! Opening, verifying and reading. (Under construction: the API stands, the bodies follow.)
#![allow(clippy::todo, missing_docs, clippy::needless_pass_by_value)]

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::Digest;
use crate::document::Document;
use crate::signature::{Signer, TrustRoot};

/// A bundle that was opened but that nobody vouches for yet. It hands out no content.
#[derive(Debug)]
pub struct UnverifiedBundle {}

impl UnverifiedBundle {
    /// Opens a bundle: its file, any volume of it, or the name that its volumes share. Volumes may lie in several
    /// folders: `paths` names them all then. Takes time independent of the bundle's size.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, OpenError> {
        let _ = paths;
        todo!()
    }
    /// What the bundle claims to be: for showing to people, never for acting on it.
    pub fn claimed(&self) -> &Document {
        todo!()
    }
    /// The exact bytes of `bundle.json`, which signatures are over.
    pub fn document_bytes(&self) -> &[u8] {
        todo!()
    }
    /// The digest of `bundle.json`: the bundle's identity.
    pub fn document_digest(&self) -> Digest {
        todo!()
    }
    /// The signatures found, in the armoured SSHSIG form.
    pub fn signatures(&self) -> &[String] {
        todo!()
    }
    /// The size of the archive in bytes, over all its volumes.
    pub fn archive_size(&self) -> u64 {
        todo!()
    }
    /// Checks the signatures over `bundle.json` and the version's rules.
    pub fn verify(self, trust: &TrustRoot) -> Result<VerifiedBundle, OpenError> {
        let _ = trust;
        todo!()
    }
    /// Accepts a bundle whose `bundle.json` was verified before and remembered by its digest: a receipt.
    pub fn verify_pinned(self, receipt: &Digest) -> Result<VerifiedBundle, OpenError> {
        let _ = receipt;
        todo!()
    }
}

/// A bundle whose `bundle.json` is vouched for: the only thing that hands out content. `Send + Sync`; share it in an
/// `Arc`.
#[derive(Debug)]
pub struct VerifiedBundle {}

impl VerifiedBundle {
    pub fn document(&self) -> &Document {
        todo!()
    }
    pub fn document_bytes(&self) -> &[u8] {
        todo!()
    }
    pub fn document_digest(&self) -> Digest {
        todo!()
    }
    /// Who signed it: empty for one opened by a receipt.
    pub fn signers(&self) -> &[Signer] {
        todo!()
    }
    /// `index.json` of the layout.
    pub fn layout_index(&self) -> Result<Vec<u8>, OpenError> {
        todo!()
    }
    /// Reads a blob from its start. The reader fails at its end, with `InvalidData`, unless size and digest are right.
    pub fn read(&self, digest: &Digest) -> Result<BlobReader, OpenError> {
        let _ = digest;
        todo!()
    }
    /// Reads a whole small blob, checked: manifests and configurations. Fails for more than `limit` bytes.
    pub fn read_to_vec(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, OpenError> {
        let _ = (digest, limit);
        todo!()
    }
    /// Where the bytes of a raw blob lie in the files, in order, for `sendfile` and the like: pieces of at most 128 KiB.
    /// `None` for a blob that is stored compressed, or is not there. NOT checked: read the blob once before.
    pub fn segments(&self, digest: &Digest, range: Range<u64>) -> Option<Vec<Segment>> {
        let _ = (digest, range);
        todo!()
    }
    /// Reads a part of any blob, decompressing only the frames that hold it. NOT checked: read the blob once before.
    pub fn read_range(&self, digest: &Digest, range: Range<u64>) -> Result<BlobReader, OpenError> {
        let _ = (digest, range);
        todo!()
    }
    /// Reads and checks every byte of the archive (blobs, headers, padding, tables) with `threads` threads; `progress`
    /// is told of bytes of the archive as they are done. Returns everything that is wrong, not the first.
    pub fn check(&self, threads: usize, progress: &(dyn Fn(u64) + Sync)) -> Vec<Damage> {
        let _ = (threads, progress);
        todo!()
    }
}

/// A part of a file.
#[derive(Debug, Clone)]
pub struct Segment {
    pub file: Arc<File>,
    pub offset: u64,
    pub length: u64,
}

/// Reads a blob.
pub struct BlobReader {}
impl Read for BlobReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        todo!()
    }
}

/// One thing that is wrong in an archive.
#[derive(Debug, Clone)]
pub struct Damage {
    pub what: String,
    pub volume: Option<String>,
    pub problem: String,
}

/// Why a bundle can't be opened, verified or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum OpenError {
    #[error("under construction")]
    Todo,
}
