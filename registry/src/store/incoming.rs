use std::fs::{self, File};
use std::path::{Path, PathBuf};

use manifests::Digest;

use super::{Generation, RECEIPT, Receipt, Store, StoreError, StoreLock, write_atomically};

/// An import under way: a folder that nobody serves. It stays when the process ends, so that the next run can go on.
#[derive(Debug)]
pub struct Incoming {
    store: Store,
    path: PathBuf,
}

/// The folder's name for a bundle.
pub(super) fn folder_name(bundle: &Digest) -> String {
    format!(".incoming-{}", bundle.hex())
}

impl Incoming {
    pub(super) fn start(store: Store, bundle: &Digest) -> Result<Self, StoreError> {
        let path = store.incoming_path(bundle);
        fs::create_dir_all(&path).map_err(StoreError::io("make", &path))?;
        Ok(Self { store, path })
    }

    /// The folder to put the archive's files into. What an earlier import of the same bundle has left there is not checked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a generation of it: writes the receipt, syncs everything, and renames the folder. The files that the
    /// receipt names must have been checked before.
    ///
    /// # Errors
    /// [`StoreError`] when the disk refuses; the import can be tried again then.
    pub fn commit(self, _: &StoreLock, receipt: &Receipt) -> Result<Generation, StoreError> {
        for file in receipt.files.iter().filter(|file| !file.is_absolute()) {
            let path = self.path.join(file);
            File::open(&path).and_then(|file| file.sync_all()).map_err(StoreError::io("sync", &path))?;
        }
        let receipt_path = self.path.join(RECEIPT);
        let bytes = serde_json::to_vec_pretty(receipt)
            .map_err(|source| StoreError::Format { path: receipt_path.clone(), source })?;
        write_atomically(&receipt_path, &bytes, 0o644)?;
        let number = self.store.next_number()?;
        let folder = self.store.generations_path();
        let path = folder.join(number.to_string());
        fs::rename(&self.path, &path).map_err(StoreError::io("rename", &self.path))?;
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("sync", &folder))?;
        Ok(Generation { number, path, receipt: receipt.clone() })
    }
}
