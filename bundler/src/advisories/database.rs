//! Where advisories come from: a zip or a folder of JSON files, as osv.dev exports them.

use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;

use super::AdvisoryError;
use super::osv::Advisory;

/// The largest advisory that is read, in bytes: the largest list some thousands of versions for many packages.
const MAX_ADVISORY: u64 = 64 << 20;
/// The most advisories of one database.
const MAX_ADVISORIES: usize = 2_000_000;
/// The most members of a zip whose list has to be held.
const MAX_LISTED: usize = 100_000;
/// Folders within folders that are looked into.
const DEPTH: usize = 4;

/// A database, under the name by which people know it.
#[derive(Debug)]
pub struct Database {
    /// What it is called in results, which tell nothing of the machine.
    title: String,
    /// What it is called in errors.
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Zip(File),
    Folder(PathBuf),
}

impl Database {
    /// Opens a zip or a folder.
    ///
    /// # Errors
    /// [`AdvisoryError::Read`] when it is not there.
    pub fn open(path: &Path) -> Result<Self, AdvisoryError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(AdvisoryError::read(name.as_str()))?;
        let is_folder = file.metadata().map_err(AdvisoryError::read(name.as_str()))?.is_dir();
        let place = if is_folder { Place::Folder(path.to_owned()) } else { Place::Zip(file) };
        let title = path.file_name().map_or_else(|| name.clone(), |name| name.to_string_lossy().into_owned());
        Ok(Self { title, name, place })
    }

    /// A zip that is open already.
    pub fn zip(name: String, file: File) -> Self {
        Self { title: name.clone(), name, place: Place::Zip(file) }
    }

    /// Its name, without the folder that it lies in.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Reads all advisories, one after the other: a database is larger than memory should be. Returns how many there are.
    pub(super) fn each(&self, mut advisory: impl FnMut(Advisory)) -> Result<u64, AdvisoryError> {
        let mut count = 0;
        let mut read = |name: &str, size: u64, content: &mut dyn Read| -> Result<(), AdvisoryError> {
            if size > MAX_ADVISORY || count as usize >= MAX_ADVISORIES {
                return Err(AdvisoryError::TooLarge { database: self.name.clone(), file: name.to_owned() });
            }
            let mut text = Vec::new();
            content.take(MAX_ADVISORY).read_to_end(&mut text).map_err(AdvisoryError::read(self.name.as_str()))?;
            let parsed = serde_json::from_slice(&text).map_err(|source| AdvisoryError::Invalid {
                database: self.name.clone(),
                file: name.to_owned(),
                source,
            })?;
            count += 1;
            advisory(parsed);
            Ok(())
        };
        match &self.place {
            Place::Zip(file) => self.each_of_zip(file, &mut read)?,
            Place::Folder(path) => self.each_of_folder(path, 0, &mut read)?,
        }
        if count == 0 { Err(AdvisoryError::Empty(self.name.clone())) } else { Ok(count) }
    }

    /// Reads a zip from its start on. Its list of members, which stands at the end, would have to be held: for the 250 000
    /// advisories of a large ecosystem that takes more memory than all else.
    fn each_of_zip(&self, file: &File, read: Each<'_>) -> Result<(), AdvisoryError> {
        let mut source = io::BufReader::new(file);
        source.rewind().map_err(AdvisoryError::read(self.name.as_str()))?;
        let mut is_first = true;
        loop {
            match read_zipfile_from_stream(&mut source) {
                Ok(None) => return Ok(()),
                Ok(Some(mut member)) => {
                    let (name, size) = (member.name().to_owned(), member.size());
                    if name.ends_with(".json") {
                        read(&name, size, &mut member)?;
                    }
                }
                // Some writers put sizes behind the content: then only the list says where that ends.
                Err(_) if is_first => return self.each_of_list(file, read),
                Err(source) => return Err(AdvisoryError::Zip { database: self.name.clone(), source }),
            }
            is_first = false;
        }
    }

    fn each_of_list(&self, mut file: &File, read: Each<'_>) -> Result<(), AdvisoryError> {
        let broken = |source| AdvisoryError::Zip { database: self.name.clone(), source };
        file.rewind().map_err(AdvisoryError::read(self.name.as_str()))?;
        let mut zip = ZipArchive::new(io::BufReader::new(file)).map_err(broken)?;
        if zip.len() > MAX_LISTED {
            return Err(AdvisoryError::List { database: self.name.clone(), members: zip.len() });
        }
        for number in 0..zip.len() {
            let mut member = zip.by_index(number).map_err(broken)?;
            let name = member.name().to_owned();
            if name.ends_with(".json") {
                let size = member.size();
                read(&name, size, &mut member)?;
            }
        }
        Ok(())
    }

    fn each_of_folder(&self, folder: &Path, depth: usize, read: Each<'_>) -> Result<(), AdvisoryError> {
        let failed = |path: &Path| AdvisoryError::read(path.display().to_string());
        let entries = fs::read_dir(folder).map_err(failed(folder))?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed(folder))?;
        paths.sort();
        for path in paths {
            let metadata = fs::metadata(&path).map_err(failed(&path))?;
            let is_json = path.extension().is_some_and(|extension| extension == "json");
            if metadata.is_dir() && depth < DEPTH {
                self.each_of_folder(&path, depth + 1, read)?;
            } else if metadata.is_file() && is_json {
                let mut file = File::open(&path).map_err(failed(&path))?;
                read(&path.display().to_string(), metadata.len(), &mut file)?;
            }
        }
        Ok(())
    }
}

/// Takes the name, the size and the content of an advisory.
type Each<'a> = &'a mut dyn FnMut(&str, u64, &mut dyn Read) -> Result<(), AdvisoryError>;
