//! What a site holds: one folder for each imported bundle, and what is remembered about them.
//!
//! ```text
//! <state>/generations/7/receipt.json      what it is, who vouched for it, where its files are
//! <state>/generations/7/bundle.tar.zst    the archive, or its volumes; absent where it is served in place
//! <state>/generations/.incoming-<hex>/    an import under way: never served, resumed or swept away by the next
//! <state>/floors.json                     the lowest version that is still accepted, for each bundle's name
//! <state>/lock                            held by whoever changes any of this
//! ```
//!
//! A generation appears by one rename, so it is whole or not there.

mod floors;
mod incoming;
mod receipt;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use manifests::bundle::{UnverifiedBundle, VerifiedBundle};

pub use floors::{BelowFloor, Floor, Floors};
pub use incoming::Incoming;
pub use receipt::{Receipt, SignedBy};

/// Where a site's state is unless said otherwise.
pub const DEFAULT_STATE: &str = "/var/lib/airgap";
const RECEIPT: &str = "receipt.json";
const FLOORS: &str = "floors.json";
/// The size of a receipt that is read at most: 1 MiB.
const RECEIPT_SIZE: u64 = 1 << 20;

/// A site's state folder.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// One imported bundle.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Its number: later imports have higher ones.
    pub number: u32,
    /// Its folder.
    pub path: PathBuf,
    /// What is remembered about it.
    pub receipt: Receipt,
}

/// A generation that nobody can tell anything about: its receipt is damaged or lost. It is not served.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the receipt of generation {number} can't be used")]
#[diagnostic(help("import the bundle again, or remove what is left of it: airgap-install remove {number}"))]
pub struct Unreadable {
    /// Its number.
    pub number: u32,
    /// Its folder.
    pub path: PathBuf,
    /// What is wrong with the receipt.
    #[source]
    pub source: StoreError,
}

/// A generation's number, and when its receipt was written and to which inode; without a receipt it is none.
pub type Mark = (u32, Option<(u64, i64, i64)>);

/// Whoever holds it may change the store. It ends with the value, or with the process.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl Store {
    /// The store in a state folder, which is made where it is missing.
    ///
    /// # Errors
    /// [`StoreError`] when the folders can't be made.
    pub fn create(state: &Path) -> Result<Self, StoreError> {
        let store = Self::at(state);
        fs::create_dir_all(store.generations_path()).map_err(StoreError::io("make", &store.generations_path()))?;
        Ok(store)
    }

    /// The store in a state folder that may be empty or missing: nothing is made.
    pub fn at(state: &Path) -> Self {
        Self { root: state.to_owned() }
    }

    /// The state folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that holds the generations.
    pub fn generations_path(&self) -> PathBuf {
        self.root.join("generations")
    }

    /// Takes the lock, or fails at once.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it.
    pub fn lock(&self) -> Result<StoreLock, StoreError> {
        let path = self.root.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(StoreError::io("open", &path))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(StoreLock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::Locked(self.root.clone())),
            Err(error) => Err(StoreError::io("lock", &path)(error.into())),
        }
    }

    /// All generations whose receipts can be read, the oldest first. The others are in [`Store::look`].
    ///
    /// # Errors
    /// [`StoreError`] when the folder can't be read.
    pub fn list(&self) -> Result<Vec<Generation>, StoreError> {
        Ok(self.look()?.0)
    }

    /// All generations, the oldest first, and apart from them those whose receipts can't be read: one damaged file
    /// must not take the others down.
    ///
    /// # Errors
    /// [`StoreError`] when the folder can't be read.
    pub fn look(&self) -> Result<(Vec<Generation>, Vec<Unreadable>), StoreError> {
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        for number in self.numbers()? {
            let path = self.generations_path().join(number.to_string());
            match Receipt::load(&path.join(RECEIPT)) {
                Ok(receipt) => found.push(Generation { number, path, receipt }),
                // It was removed since.
                Err(_) if !path.exists() => {}
                Err(source) => unreadable.push(Unreadable { number, path, source }),
            }
        }
        Ok((found, unreadable))
    }

    /// The number that the next generation gets.
    ///
    /// # Errors
    /// [`StoreError`] when the folder can't be read.
    pub fn next_number(&self) -> Result<u32, StoreError> {
        Ok(self.numbers()?.last().map_or(1, |last| last + 1))
    }

    /// The generation with a number.
    ///
    /// # Errors
    /// [`StoreError::NoGeneration`] when there is none.
    pub fn generation(&self, number: u32) -> Result<Generation, StoreError> {
        self.list()?
            .into_iter()
            .find(|generation| generation.number == number)
            .ok_or_else(|| StoreError::NoGeneration { number, state: self.root.clone() })
    }

    /// Removes a generation: it stops being one at once, then its files go.
    ///
    /// # Errors
    /// [`StoreError`] when there is none of that number, or when it can't be removed.
    pub fn remove(&self, _: &StoreLock, number: u32) -> Result<(), StoreError> {
        // By its folder: one whose receipt is damaged can be removed, too.
        if !self.numbers()?.contains(&number) {
            return Err(StoreError::NoGeneration { number, state: self.root.clone() });
        }
        let path = self.generations_path().join(number.to_string());
        let aside = self.generations_path().join(format!(".removed-{number}"));
        fs::rename(&path, &aside).map_err(StoreError::io("remove", &path))?;
        fs::remove_dir_all(&aside).map_err(StoreError::io("remove", &aside))
    }

    /// Removes what killed imports and removals have left, apart from the import of the bundle in `keep`.
    ///
    /// # Errors
    /// [`StoreError`] when something can't be removed.
    pub fn sweep(&self, _: &StoreLock, keep: Option<&manifests::Digest>) -> Result<(), StoreError> {
        let keep = keep.map(incoming::folder_name);
        for entry in entries(&self.generations_path())? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let left = name.starts_with(".incoming-") || name.starts_with(".removed-");
            if left && Some(&name) != keep.as_ref() {
                fs::remove_dir_all(entry.path()).map_err(StoreError::io("remove", &entry.path()))?;
            }
        }
        Ok(())
    }

    /// Starts an import, or goes on with one of the same bundle that was cut short.
    ///
    /// # Errors
    /// [`StoreError`] when the folder can't be made.
    pub fn incoming(&self, _: &StoreLock, bundle: &manifests::Digest) -> Result<Incoming, StoreError> {
        Incoming::start(self.clone(), bundle)
    }

    /// Where an import of a bundle puts its files until it is whole.
    pub fn incoming_path(&self, bundle: &manifests::Digest) -> PathBuf {
        self.generations_path().join(incoming::folder_name(bundle))
    }

    /// The version floors.
    ///
    /// # Errors
    /// [`StoreError`] when the file can't be read.
    pub fn floors(&self) -> Result<Floors, StoreError> {
        Floors::load(&self.root.join(FLOORS))
    }

    /// Something that changes whenever a generation comes or goes: for noticing changes cheaply. A number alone is not
    /// enough: the one that was removed last is given out again.
    pub fn fingerprint(&self) -> Vec<Mark> {
        let receipt = |number: &u32| self.generations_path().join(number.to_string()).join(RECEIPT);
        let mark = |number: u32| (number, Receipt::stamp(&receipt(&number)));
        self.numbers().unwrap_or_default().into_iter().map(mark).collect()
    }

    /// The numbers of the folders there are, in order.
    fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        let mut numbers: Vec<u32> = entries(&self.generations_path())?
            .iter()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read,
    };
    read.and_then(Iterator::collect).map_err(StoreError::io("read", folder))
}

impl Generation {
    /// The paths of the archive's files: in the generation's folder, or where the archive is served in place.
    pub fn files(&self) -> Vec<PathBuf> {
        self.receipt.files.iter().map(|file| self.path.join(file)).collect()
    }

    /// Opens the bundle, vouched for by the receipt: the signatures were checked when it was imported.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] when the archive is not there, or is not the one of the receipt.
    pub fn open(&self) -> Result<VerifiedBundle, StoreError> {
        let open = || UnverifiedBundle::open(&self.files())?.verify_pinned(&self.receipt.bundle);
        open().map_err(|source| StoreError::Bundle { number: self.number, source: Box::new(source) })
    }
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum StoreError {
    /// A file or folder can't be used.
    #[error("can't {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another process is changing the store.
    #[error("another airgap-install is at work in {}", .0.display())]
    #[diagnostic(help("wait until it has ended, then run this again"))]
    Locked(PathBuf),
    /// There is no such generation.
    #[error("there is no generation {number} in {}", state.display())]
    #[diagnostic(help("`airgap-install status` lists those that are there"))]
    NoGeneration {
        /// The number asked for.
        number: u32,
        /// The state folder.
        state: PathBuf,
    },
    /// A receipt, the floors or the settings are not what this software writes.
    #[error("can't read {}", path.display())]
    #[diagnostic(help("{}", mend(path)))]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The archive of a generation can't be opened.
    #[error("can't open the bundle of generation {number}")]
    #[diagnostic(help("for a bundle served in place: is the medium there and mounted? Else import the bundle again"))]
    Bundle {
        /// The generation.
        number: u32,
        /// Why not.
        #[source]
        source: Box<manifests::bundle::reader::OpenError>,
    },
}

/// What to do about a file that is damaged: what is lost with it differs.
fn mend(path: &Path) -> &'static str {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(FLOORS) => {
            "it is damaged: put it back from a backup. Without it the site forgets which versions it has had, and takes \
             bundles that are older, with holes that are known since. If it has to go: journal.jsonl beside it names the \
             bundles that were here; remove it, and install the latest of each name before anything else"
        }
        Some(RECEIPT) => "it is damaged: import the bundle again",
        _ => {
            "it is damaged: put it back from a backup, or remove it and say again what it held: --listen, \
             --plain-packages, --address and --anonymous-pull"
        }
    }
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// Writes a file beside its name and renames it: readers see the old or the new one. Synced when this returns.
///
/// # Errors
/// [`StoreError::Io`] when that fails.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::Builder::new().permissions(fs::Permissions::from_mode(mode)).tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(StoreError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifests::Digest;

    fn receipt(version: &str) -> Receipt {
        Receipt {
            bundle: Digest::of(version.as_bytes()),
            name: "platform".parse().unwrap(),
            version: version.parse().unwrap(),
            created: jiff::Timestamp::UNIX_EPOCH,
            imported_at: jiff::Timestamp::UNIX_EPOCH,
            signers: Vec::new(),
            archive_size: 1,
            content_size: 1,
            files: vec!["bundle.tar.zst".into()],
        }
    }

    fn import(store: &Store, version: &str) -> Generation {
        let (lock, receipt) = (store.lock().unwrap(), receipt(version));
        let incoming = store.incoming(&lock, &receipt.bundle).unwrap();
        fs::write(incoming.path().join("bundle.tar.zst"), "x").unwrap();
        incoming.commit(&lock, &receipt).unwrap()
    }

    #[test]
    fn a_generation_is_there_once_it_is_committed_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let lock = store.lock().unwrap();
        let first = store.incoming(&lock, &Digest::of(b"1.0.0")).unwrap();
        assert!(store.list().unwrap().is_empty());
        drop((first, lock));
        assert_eq!(import(&store, "1.0.0").number, 1);
        assert_eq!(import(&store, "2.0.0").number, 2);
        let lock = store.lock().unwrap();
        store.remove(&lock, 1).unwrap();
        assert!(matches!(store.remove(&lock, 1), Err(StoreError::NoGeneration { number: 1, .. })));
        drop(lock);
        assert_eq!(import(&store, "3.0.0").number, 3);
        let before = store.fingerprint();
        assert_eq!((before.len(), before == store.fingerprint()), (2, true));
        let lock = store.lock().unwrap();
        store.remove(&lock, 3).unwrap();
        drop(lock);
        assert_eq!(import(&store, "3.0.0").number, 3);
        assert_ne!(store.fingerprint(), before, "another one of the same number");
        assert_eq!(store.list().unwrap()[1].receipt, receipt("3.0.0"));
    }

    #[test]
    fn what_a_killed_import_left_is_resumed_or_swept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let lock = store.lock().unwrap();
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let paths = [&one, &two].map(|digest| store.incoming(&lock, digest).unwrap().path().to_owned());
        assert_eq!(store.incoming(&lock, &one).unwrap().path(), paths[0], "the next run finds what was left");
        store.sweep(&lock, Some(&one)).unwrap();
        assert_eq!(paths.map(|path| path.exists()), [true, false]);
    }

    #[test]
    fn two_at_once_can_not_change_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let lock = store.lock().unwrap();
        assert!(matches!(store.lock(), Err(StoreError::Locked(_))));
        drop(lock);
        store.lock().unwrap();
    }

    #[test]
    fn a_floor_rises_and_never_falls() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path()).unwrap();
        let lock = store.lock().unwrap();
        let name = "platform".parse().unwrap();
        for version in ["1.2.0", "1.10.0", "1.3.0"] {
            let digest = Digest::of(version.as_bytes());
            store.floors().unwrap().raise(&lock, &name, &version.parse().unwrap(), digest).unwrap();
        }
        let floors = store.floors().unwrap();
        assert_eq!(floors.get(&name).unwrap().version.to_string(), "1.10.0");
        floors.check(&name, &"1.10.0".parse().unwrap()).unwrap();
        let error = floors.check(&name, &"1.9.9".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "platform 1.9.9 is older than 1.10.0, which this site has imported already");
        floors.check(&"other".parse().unwrap(), &"0.1.0".parse().unwrap()).unwrap();
    }
}
