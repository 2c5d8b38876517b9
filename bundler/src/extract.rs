//! Taking content out of a verified bundle.
//!
//! Everything is written aside, beside the final place, and renamed when it is whole, so nothing half-written ever has
//! the final name. Whatever fails, what was written aside is removed; what a killed run left, the next one removes.

mod aside;
mod error;
mod select;
mod write;

use std::path::{Path, PathBuf};

use manifests::Digest;
use manifests::bundle::VerifiedBundle;

pub use error::ExtractError;

/// What is taken out of a bundle.
#[derive(Debug)]
pub struct Extraction<'a> {
    bundle: &'a VerifiedBundle,
    /// Files of small, known content.
    texts: Vec<(String, Vec<u8>)>,
    /// Files that hold a blob, by their path.
    blobs: Vec<(String, Digest)>,
    /// Whether the files are added to a folder that may be there already.
    into_folder: bool,
}

impl<'a> Extraction<'a> {
    /// All content, as an OCI image layout.
    ///
    /// # Errors
    /// [`ExtractError::Open`] when the layout's index can't be read.
    pub fn everything(bundle: &'a VerifiedBundle) -> Result<Self, ExtractError> {
        select::everything(bundle)
    }

    /// One item: an image as an OCI image layout, a chart as its archive, a set of files as its files. `name` is the
    /// item's reference (which may be short, as `docker pull` takes it), a chart's name or that of a set.
    ///
    /// # Errors
    /// [`ExtractError::NoItem`], [`ExtractError::Several`]; [`ExtractError::Open`] when its manifests can't be read.
    pub fn item(bundle: &'a VerifiedBundle, name: &str) -> Result<Self, ExtractError> {
        select::item(bundle, name)
    }

    /// The bytes that will be written.
    pub fn size(&self) -> u64 {
        let document = self.bundle.document();
        let blobs = self.blobs.iter().filter_map(|(_, digest)| document.blob(digest)).map(|blob| blob.size);
        blobs.sum::<u64>() + self.texts.iter().map(|(_, text)| text.len() as u64).sum::<u64>()
    }

    /// Writes to the folder `output` with `jobs` threads; `progress` is told of bytes as they are written, and
    /// stops the work by returning false. Returns the folder, or the file for a chart.
    ///
    /// # Errors
    /// [`ExtractError::Exists`] when something is in the way; [`ExtractError::Blob`] for damaged content.
    pub fn write(
        &self,
        output: &Path,
        jobs: usize,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<PathBuf, ExtractError> {
        if self.into_folder {
            write::into_folder(self, output, progress)
        } else {
            write::as_folder(self, output, jobs, progress)
        }
    }
}

#[cfg(test)]
mod tests {
    use manifests::bundle::UnverifiedBundle;
    use manifests::fake::{self, FakeBundle};

    use super::*;

    #[test]
    fn what_is_stopped_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = FakeBundle::small().write(&dir.path().join("demo.tar.zst"));
        let bundle = UnverifiedBundle::open(&[path]).unwrap().verify(&fake::trust()).unwrap();
        let out = dir.path().join("out");
        for extraction in [Extraction::everything(&bundle), Extraction::item(&bundle, "web")] {
            let stopped = extraction.unwrap().write(&out, 2, &|_| false);
            assert!(matches!(stopped, Err(ExtractError::Interrupted)), "{stopped:?}");
        }
        let left = std::fs::read_dir(&out).map(Iterator::count).unwrap_or_default();
        let beside = std::fs::read_dir(dir.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
        assert_eq!((left, beside.count()), (0, 0));
    }
}
