//! Finding the volumes of a set, by what they say of themselves and not by their names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{HEADER_SIZE, VolumeError, VolumeHeader};
use crate::bundle::limits;
use crate::bundle::reader::OpenError;
use crate::bundle::reader::storage::{Part, Storage};

/// A volume that is not there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Absent {
    /// Its number, from 1.
    pub number: u32,
    /// The name that it had when it was written.
    pub name: String,
}

/// The files of a bundle.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// Those that are there, in order.
    pub(crate) parts: Vec<Part>,
    /// Volumes that are not.
    pub(crate) absent: Vec<Absent>,
    /// How many volumes there are in all: none for a bundle in one file.
    pub(crate) count: u32,
    /// The size that volumes stay below, in bytes; none for a bundle in one file.
    pub(crate) volume_size: Option<u64>,
}

/// Finds the files of a bundle: `paths` is its file, a volume, the name that the volumes share, or several volumes.
pub(crate) fn gather(paths: &[&Path]) -> Result<Gathered, OpenError> {
    let mut set: Option<Set> = None;
    for path in paths {
        for path in existing(path)? {
            let part = Part::open(&path)?;
            match header(&part) {
                Some(header) => set.get_or_insert_with(|| Set::new(&path, header)).add(part, header)?,
                None if paths.len() == 1 => {
                    return Ok(Gathered { parts: vec![part], absent: vec![], count: 0, volume_size: None });
                }
                None => return Err(VolumeError::NotAVolume { path }.into()),
            }
        }
    }
    let Some(mut set) = set else {
        let path = paths.first().map(|path| path.to_path_buf()).unwrap_or_default();
        return Err(OpenError::NotABundle { path, reason: "no file is named" });
    };
    let named: Vec<u32> = set.found.keys().copied().collect();
    for path in paths {
        set.add_siblings(path, &named)?;
    }
    set.finish()
}

/// The path itself, or if there is no such file the volumes that carry its name.
fn existing(path: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let Err(error) = fs::metadata(path) else { return Ok(vec![path.to_owned()]) };
    let numbered = (1..=limits::VOLUMES as u32).map(|number| numbered(path, number)).find(|path| path.is_file());
    numbered.map(|path| vec![path]).ok_or_else(|| OpenError::io("open", path)(error))
}

/// The names that the volumes of a set have, in order: `<base>.001` and so on.
pub fn names(base: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=limits::VOLUMES as u32).map(move |number| numbered(base, number))
}

/// Whether a file says of itself that it is a volume, the only one of a set among them.
pub fn is_volume(path: &Path) -> bool {
    Part::open(path).is_ok_and(|part| header_at(&part, 0).is_some())
}

fn numbered(base: &Path, number: u32) -> PathBuf {
    crate::bundle::writer::with_ending(base, &format!(".{number:03}"))
}

/// The header of a volume. Volumes that were put into one file again are no volume any more.
fn header(part: &Part) -> Option<VolumeHeader> {
    let header = header_at(part, 0)?;
    let joined = header.number == 1 && header.size < part.size && header_at(part, header.size).is_some();
    (!joined && header.count != 1).then_some(header)
}

fn header_at(part: &Part, offset: u64) -> Option<VolumeHeader> {
    let mut bytes = [0; HEADER_SIZE as usize];
    std::os::unix::fs::FileExt::read_exact_at(&*part.file, &mut bytes, offset).ok()?;
    VolumeHeader::decode(&bytes)
}

struct Set {
    /// What the first volume that was found says.
    first: VolumeHeader,
    /// The name that the volumes share, without a folder.
    base: String,
    found: BTreeMap<u32, (Part, VolumeHeader)>,
}

impl Set {
    fn new(path: &Path, first: VolumeHeader) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let base = name.strip_suffix(&format!(".{:03}", first.number)).or_else(|| name.rsplit_once('.').map(|n| n.0));
        Self { first, base: base.unwrap_or(&name).to_owned(), found: BTreeMap::new() }
    }

    fn name(&self, number: u32) -> String {
        format!("{}.{number:03}", self.base)
    }

    /// Whether it is a volume of this set.
    fn check(&self, path: &Path, header: &VolumeHeader) -> Result<(), VolumeError> {
        let path = || path.to_owned();
        if header.set != self.first.set {
            return Err(VolumeError::Foreign { path: path(), expected: self.first.set, actual: header.set });
        }
        let same = header.split == self.first.split && header.count == self.first.count;
        if !same || header.number == 0 || header.number > header.count || header.count as usize > limits::VOLUMES {
            return Err(VolumeError::MixedUp { path: path() });
        }
        Ok(())
    }

    /// Adds a volume that was named.
    fn add(&mut self, part: Part, header: VolumeHeader) -> Result<(), VolumeError> {
        self.check(&part.path, &header)?;
        let path = part.path.clone();
        let before = self.found.insert(header.number, (part, header)).map(|(before, _)| before.path);
        if let Some(first) = before.filter(|first| *first != path) {
            return Err(VolumeError::Duplicate { number: header.number, first, second: path });
        }
        Ok(())
    }

    /// Adds what lies in the same folder: first what has the right name, then what says that it belongs here.
    fn add_siblings(&mut self, path: &Path, named: &[u32]) -> Result<(), OpenError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for number in 1..=self.first.count {
            let path = path.with_file_name(self.name(number));
            if named.contains(&number) || self.has(&path) || !path.is_file() {
                continue;
            }
            let part = Part::open(&path)?;
            match header(&part) {
                Some(header) => self.add(part, header)?,
                None => return Err(VolumeError::NotAVolume { path }.into()),
            }
        }
        if self.found.len() == self.first.count as usize {
            return Ok(());
        }
        self.add_renamed(folder)
    }

    fn has(&self, path: &Path) -> bool {
        self.found.values().any(|(part, _)| part.path == path)
    }

    fn add_renamed(&mut self, folder: &Path) -> Result<(), OpenError> {
        let entries = fs::read_dir(folder).map_err(OpenError::io("read", folder))?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        for path in files.into_iter().filter(|path| path.is_file()) {
            let Ok(part) = Part::open(&path) else { continue };
            let Some(header) = header(&part) else { continue };
            if !self.has(&path) && !self.found.contains_key(&header.number) && self.check(&path, &header).is_ok() {
                self.add(part, header)?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Gathered, OpenError> {
        let count = self.first.count;
        let missing = (1..=count).filter(|number| !self.found.contains_key(number));
        let absent = missing.map(|number| Absent { number, name: self.name(number) }).collect();
        let mut end = None;
        for (number, (part, header)) in &self.found {
            if part.size != header.size {
                let (path, number) = (part.path.clone(), *number);
                return Err(VolumeError::Size { number, path, expected: header.size, actual: part.size }.into());
            }
            if end.is_some_and(|(before, end)| before + 1 == *number && end != header.start) {
                return Err(VolumeError::MixedUp { path: part.path.clone() }.into());
            }
            end = Some((*number, header.start.saturating_add(header.size)));
        }
        let parts = self.found.into_values().map(|(part, _)| part).collect();
        Ok(Gathered { parts, absent, count, volume_size: Some(self.first.split) })
    }
}

impl Gathered {
    /// All files, none of which may be absent.
    pub(crate) fn complete(self) -> Result<Storage, OpenError> {
        if self.absent.is_empty() {
            return Ok(Storage::new(self.parts));
        }
        Err(VolumeError::Missing { absent: self.absent, count: self.count }.into())
    }
}
