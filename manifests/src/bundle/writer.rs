//! Writing. (Under construction: the API stands, the bodies follow.)
#![allow(clippy::todo, missing_docs, clippy::needless_pass_by_value)]

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Digest;
use crate::document::{Blob, Document, Item};

/// What will be written: everything that is known before the first blob is fetched.
#[derive(Debug, Clone)]
pub struct Plan {
    pub document: Document,
}

impl Plan {
    /// `blobs` in any order, duplicates allowed when they agree; `document.items` in any order.
    pub fn new(
        name: crate::BundleName,
        version: semver::Version,
        created: jiff::Timestamp,
        items: Vec<Item>,
        blobs: Vec<Blob>,
    ) -> Result<Self, WriteError> {
        let _ = (name, version, created, items, blobs);
        todo!()
    }
    pub fn document_bytes(&self) -> &[u8] {
        todo!()
    }
}

/// A bundle that is being written, beside its final name: `<path>.partial` and `<path>.partial.journal`.
#[derive(Debug)]
pub struct BundleWriter {}

impl BundleWriter {
    /// Starts, or goes on where an earlier build of the same plan was. `volume_size` for `--split`.
    pub fn create(path: &Path, plan: &Plan, volume_size: Option<u64>) -> Result<Self, WriteError> {
        let _ = (path, plan, volume_size);
        todo!()
    }
    /// Blobs not yet in place: the raw ones, which may be written in any order and many at a time.
    pub fn pending_raw(&self) -> Vec<Blob> {
        todo!()
    }
    /// Blobs not yet in place: the compressed ones, which are written one after the other in this order.
    pub fn pending_compressed(&self) -> Vec<Blob> {
        todo!()
    }
    /// A place to write a blob's own bytes to, in order. `&self`: raw sinks may be used from many threads at once; a
    /// sink for a compressed blob waits until all before it are finished.
    pub fn sink(&self, digest: &Digest) -> Result<BlobSink, WriteError> {
        let _ = digest;
        todo!()
    }
    /// Writes signatures (armoured SSHSIG), the end and the seek table, syncs and gives it the final name.
    pub fn finish(self, signatures: &[String]) -> Result<Vec<PathBuf>, WriteError> {
        let _ = signatures;
        todo!()
    }
}

/// Takes a blob's bytes. `Send`.
#[derive(Debug)]
pub struct BlobSink {}
impl BlobSink {
    /// How many bytes of the blob are in place from an earlier, killed build: go on from there (a range request), the sink has
    /// hashed them again. 0 for a fresh one.
    pub fn position(&self) -> u64 {
        todo!()
    }
    /// Throws away what was written and starts at byte 0 again.
    pub fn restart(&mut self) -> Result<(), WriteError> {
        todo!()
    }
    /// Checks size and digest and remembers in the journal that the blob is in place.
    pub fn finish(self) -> Result<(), WriteError> {
        todo!()
    }
}
impl Write for BlobSink {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        todo!()
    }
    fn flush(&mut self) -> io::Result<()> {
        todo!()
    }
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WriteError {
    #[error("under construction")]
    Todo,
}
