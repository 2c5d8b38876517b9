//! Which blobs lie in an incoming folder, checked and synced: what the next run may pass over.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use manifests::Digest;

/// The ledger's name in the folder.
const FILE_NAME: &str = "verified";

/// The file of verified blobs. Its first line says how the archive is cut into files: a ledger of another cut is worth
/// nothing.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    earlier: HashSet<Digest>,
}

impl Ledger {
    /// Opens the ledger of a folder; starts a new one, and empties the folder, if the one there doesn't fit: it is of
    /// another cut, or the files that it speaks of are not there.
    pub(super) fn open(folder: &Path, names: &[PathBuf], sizes: &[u64]) -> io::Result<Self> {
        let path = folder.join(FILE_NAME);
        let head = format!("files {sizes:?}\n");
        let there = |(name, size): (&PathBuf, &u64)| fs::metadata(folder.join(name)).is_ok_and(|f| f.len() == *size);
        let earlier = fs::read_to_string(&path).ok().and_then(|text| parse(&text, &head));
        let earlier = earlier.filter(|_| names.iter().zip(sizes).all(there));
        if earlier.is_none() {
            super::clear(folder)?;
            let mut file = File::create(&path)?;
            file.write_all(head.as_bytes())?;
            file.sync_all()?;
            File::open(folder)?.sync_all()?;
        }
        let mut file = OpenOptions::new().append(true).open(&path)?;
        // A line that a kill cut short ends here.
        file.write_all(b"\n")?;
        Ok(Self { path, file, earlier: earlier.unwrap_or_default() })
    }

    /// The blobs that an earlier run verified.
    pub(super) fn holds(&self, blob: &Digest) -> bool {
        self.earlier.contains(blob)
    }

    /// Adds blobs whose bytes are on the disk.
    pub(super) fn add(&self, blobs: &[Digest]) -> io::Result<()> {
        let text: String = blobs.iter().map(|blob| format!("{}\n", blob.hex())).collect();
        (&self.file).write_all(text.as_bytes())?;
        self.file.sync_data()
    }

    /// The copy is whole.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn parse(text: &str, head: &str) -> Option<HashSet<Digest>> {
    let body = text.strip_prefix(head)?;
    Some(body.lines().filter_map(|line| Digest::from_hex(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_ledger_remembers_and_one_of_another_cut_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let (one, two) = (["one".into()], ["one".into(), "two".into()]);
        let ledger = Ledger::open(folder.path(), &one, &[10]).unwrap();
        ledger.add(&[a]).unwrap();
        fs::write(folder.path().join("one"), [0; 10]).unwrap();
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE_NAME)).unwrap();
        file.write_all(&b.hex().as_bytes()[..30]).unwrap();
        let ledger = Ledger::open(folder.path(), &one, &[10]).unwrap();
        assert!(ledger.holds(&a) && !ledger.holds(&b));
        ledger.add(&[b]).unwrap();
        assert!(Ledger::open(folder.path(), &one, &[10]).unwrap().holds(&b));
        fs::write(folder.path().join("bundle.tar.zst"), "left over").unwrap();
        assert!(!Ledger::open(folder.path(), &two, &[5, 5]).unwrap().holds(&a));
        assert!(!folder.path().join("bundle.tar.zst").exists());
    }
    #[test]
    fn a_ledger_is_worth_nothing_without_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let (a, names) = (Digest::of(b"a"), ["one".into()]);
        for there in [None, Some(9)] {
            let ledger = Ledger::open(folder.path(), &names, &[10]).unwrap();
            ledger.add(&[a]).unwrap();
            if let Some(size) = there {
                fs::write(folder.path().join("one"), vec![0; size]).unwrap();
            }
            assert!(!Ledger::open(folder.path(), &names, &[10]).unwrap().holds(&a), "{there:?}");
        }
    }
}
