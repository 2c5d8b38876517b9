//! Writing a verified bundle again in another form: as volumes, or as one file. Document and signatures stay the bytes
//! that they are; every blob is checked on the way.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use airgap_console::{Progress, Task, UsageError, output};
use manifests::bundle::reader::OpenError;
use manifests::bundle::writer::WriteError;
use manifests::bundle::{BundleWriter, Plan, VerifiedBundle};
use manifests::document::Blob;

/// A bundle to be written again.
#[derive(Debug)]
pub struct Repack<'a> {
    /// The bundle.
    pub bundle: &'a VerifiedBundle,
    /// The new file, or the name that the volumes share.
    pub output: &'a Path,
    /// Volumes are smaller than this many bytes; one file without it.
    pub volume_size: Option<u64>,
    /// How many threads copy.
    pub jobs: usize,
}

/// Why a bundle can't be written again.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RepackError {
    /// It was written by other software.
    #[error("this version would describe the bundle in other bytes than those that are signed")]
    #[diagnostic(help("use the version of airgap-bundle that built it"))]
    OtherWriter,
    /// It can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Open(#[from] OpenError),
    /// It can't be written.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
    /// A blob can't be copied, or is damaged.
    #[error("can't copy blob {digest}", digest = .0.digest)]
    Copy(Blob, #[source] io::Error),
}

impl Repack<'_> {
    /// Writes it, shows how far it is, and prints the files' names. What is there already is not overwritten.
    ///
    /// # Errors
    /// When the output is there already, and as [`RepackError`].
    pub fn run_and_tell(&self, name: &str, progress: &Progress) -> miette::Result<()> {
        let first = match self.volume_size {
            Some(_) => PathBuf::from(format!("{}.001", self.output.display())),
            None => self.output.to_owned(),
        };
        if first.exists() {
            return Err(UsageError::new(format!("`{}` is there already", first.display())).into());
        }
        let task = progress.bytes(name, Some(self.bundle.document().content_size()));
        let files = self.run(&task)?;
        task.finish();
        files.iter().try_for_each(|file| output::print(&file.display().to_string()))
    }

    /// Writes it. Returns the files.
    ///
    /// # Errors
    /// [`RepackError`]. What was written so far is found again by the next run.
    pub fn run(&self, task: &Task) -> Result<Vec<PathBuf>, RepackError> {
        let document = self.bundle.document().clone();
        let plan = Plan::new(document.name, document.version, document.created, document.items, document.blobs)?;
        if plan.document_bytes() != self.bundle.document_bytes() {
            return Err(RepackError::OtherWriter);
        }
        let writer = BundleWriter::create(self.output, &plan, self.volume_size)?;
        let raw = Mutex::new(writer.pending_raw().into_iter());
        let next = || raw.lock().ok().and_then(|mut raw| raw.next());
        std::thread::scope(|scope| {
            let copy_raw = || {
                while let Some(blob) = next() {
                    self.copy(&writer, blob, task)?;
                }
                Ok(())
            };
            let threads: Vec<_> = (1..self.jobs.max(2)).map(|_| scope.spawn(copy_raw)).collect();
            let compressed =
                writer.pending_compressed().into_iter().try_for_each(|blob| self.copy(&writer, blob, task));
            let joined = threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(())));
            joined.chain([compressed]).collect::<Result<(), RepackError>>()
        })?;
        Ok(writer.finish(self.bundle.signatures())?)
    }

    fn copy(&self, writer: &BundleWriter, blob: Blob, task: &Task) -> Result<(), RepackError> {
        let mut sink = writer.sink(&blob.digest)?;
        if sink.position() > 0 {
            sink.restart()?;
        }
        let mut reader = crate::counting::Counting::new(self.bundle.read(&blob.digest)?, task);
        io::copy(&mut reader, &mut sink).map_err(|error| RepackError::Copy(blob, error))?;
        Ok(sink.finish()?)
    }
}
