//! Files of an image that say which packages are in it: which are looked at, and what they say.

mod apk;
mod copyright;
pub(super) mod dpkg;
mod golang;
mod java;
mod node;
mod os_release;
mod python;
mod rpm;

use std::io::{self, Read, Seek as _};

use tempfile::{NamedTempFile, SpooledTempFile};

use super::inventory::{Distribution, Package, Unread};

/// The longest text of one field that is kept, in characters.
const MAX_FIELD: usize = 512;
/// The largest database of text, in bytes: Debian's of a large image has some 5 MB.
const MAX_DATABASE: u64 = 16 << 20;
/// The largest description of one package, in bytes.
const MAX_DESCRIPTION: u64 = 2 << 20;
/// The largest database of RPM and archive of Java, in bytes. They are read from a file, not from memory.
const MAX_SPOOLED: u64 = 1 << 30;
/// What of such a file is kept in memory.
const IN_MEMORY: usize = 2 << 20;

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Find {
    /// Packages.
    Packages(Vec<Package>),
    /// Packages, and something that was not read beside them.
    Partly(Vec<Package>, Unread),
    /// The distribution.
    Distribution(Distribution),
    /// The licences of the package that its folder is named after.
    Licences(Vec<String>),
    /// It should say something, but was not read.
    Unread(Unread),
}

/// Files that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    Dpkg,
    Copyright,
    Apk,
    RpmSqlite,
    RpmSlots,
    RpmBerkeley,
    OsRelease,
    Python,
    Node,
    Java,
    /// Any other file: it may be a program.
    Unknown,
}

impl Interest {
    /// What a file may be, by its path.
    pub(super) fn of(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let is_rpm = || ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"].contains(&folder);
        match (folder, name) {
            ("var/lib/dpkg", "status") => Self::Dpkg,
            ("var/lib/dpkg/status.d", name) if !name.ends_with(".md5sums") => Self::Dpkg,
            ("lib/apk/db" | "usr/lib/apk/db", "installed") => Self::Apk,
            ("etc" | "usr/lib", "os-release") => Self::OsRelease,
            (_, "rpmdb.sqlite") if is_rpm() => Self::RpmSqlite,
            (_, "Packages.db") if is_rpm() => Self::RpmSlots,
            (_, "Packages") if is_rpm() => Self::RpmBerkeley,
            (folder, "copyright") if folder.starts_with("usr/share/doc/") => Self::Copyright,
            (folder, "METADATA") if folder.ends_with(".dist-info") => Self::Python,
            (folder, "PKG-INFO") if folder.ends_with(".egg-info") => Self::Python,
            (_, name) if name.ends_with(".egg-info") => Self::Python,
            (_, "package.json") if node::is_installed(path) => Self::Node,
            _ if java::is_archive(name) => Self::Java,
            _ => Self::Unknown,
        }
    }

    /// Reads what a file says; none where it says nothing. A file that is not right is a find too.
    ///
    /// # Errors
    /// [`ReadError`] when the content can't be read to its end, or a temporary file can't be written.
    pub(super) fn read(self, path: &str, content: &mut impl Read) -> Result<Option<Find>, ReadError> {
        let found = match self {
            Self::Dpkg => text(content, MAX_DATABASE, |text| dpkg::read(text).map(packages))?,
            Self::Apk => text(content, MAX_DATABASE, |text| Ok(packages(apk::read(&String::from_utf8_lossy(text)))))?,
            Self::Copyright => text(content, MAX_DESCRIPTION, |text| {
                Ok(Some(Find::Licences(copyright::read(text))).filter(|find| *find != Find::Licences(Vec::new())))
            })?,
            Self::OsRelease => text(content, MAX_DESCRIPTION, |text| {
                Ok(os_release::read(&String::from_utf8_lossy(text)).map(Find::Distribution))
            })?,
            Self::Python => text(content, MAX_DESCRIPTION, |text| {
                Ok(packages(python::read(&String::from_utf8_lossy(text)).into_iter().collect()))
            })?,
            Self::Node => {
                text(content, MAX_DESCRIPTION, |text| node::read(text).map(|it| packages(it.into_iter().collect())))?
            }
            Self::RpmSqlite => Spool::named(content)?.and_then(|file| rpm::sqlite(file.path()).map(packages)),
            Self::RpmSlots => Spool::named(content)?.and_then(|mut file| rpm::slots(file.as_file_mut()).map(packages)),
            Self::RpmBerkeley => {
                let unread = Unread::Database { path: path.to_owned(), kind: "Berkeley DB" };
                Ok(Some(Find::Unread(unread)))
            }
            Self::Java => match Spool::of(content, MAX_SPOOLED) {
                Ok(spool) => java::read(spool.file, path).map(|(found, problem)| match problem {
                    None => packages(found),
                    Some(problem) => Some(Find::Partly(found, Unread::file(path, &problem))),
                }),
                Err(problem) => Err(problem),
            },
            Self::Unknown => return Ok(program(content)?.map(Find::Packages)),
        };
        match found {
            Ok(found) => Ok(found),
            Err(Problem::Source(error)) => Err(ReadError::Content(error)),
            Err(Problem::Temporary(error)) => Err(ReadError::Temporary(error)),
            Err(problem) => Ok(Some(Find::Unread(Unread::file(path, &problem)))),
        }
    }
}

/// What an executable says of itself; others are not read at all.
fn program(content: &mut impl Read) -> io::Result<Option<Vec<Package>>> {
    const ELF: &[u8; 4] = b"\x7fELF";
    let mut start = Vec::with_capacity(ELF.len());
    content.by_ref().take(ELF.len() as u64).read_to_end(&mut start)?;
    if start == ELF { golang::read(content) } else { Ok(None) }
}

fn packages(packages: Vec<Package>) -> Option<Find> {
    (!packages.is_empty()).then_some(Find::Packages(packages))
}

/// Reads a whole file of text into memory, if it is not too large for that.
fn text(
    content: &mut impl Read,
    limit: u64,
    read: impl FnOnce(&[u8]) -> Result<Option<Find>, Problem>,
) -> Result<Result<Option<Find>, Problem>, ReadError> {
    let mut bytes = Vec::new();
    content.take(limit + 1).read_to_end(&mut bytes).map_err(ReadError::Content)?;
    Ok(if bytes.len() as u64 > limit { Err(Problem::TooLarge(limit)) } else { read(&bytes) })
}

/// A file that has to be read to and fro.
struct Spool {
    /// At its start.
    file: SpooledTempFile,
    size: u64,
}

impl Spool {
    /// Copies at most `limit` bytes: to memory, and to a file without a name where that is too small.
    fn of(content: &mut impl Read, limit: u64) -> Result<Self, Problem> {
        let mut file = SpooledTempFile::new(IN_MEMORY);
        let size = copy(content, &mut file, limit)?;
        file.rewind().map_err(Problem::Temporary)?;
        Ok(Self { file, size })
    }

    /// Copies to a file with a name.
    fn named(content: &mut impl Read) -> Result<Result<NamedTempFile, Problem>, ReadError> {
        let mut file = NamedTempFile::new().map_err(ReadError::Temporary)?;
        let copied =
            copy(content, &mut file, MAX_SPOOLED).and_then(|_| file.as_file_mut().rewind().map_err(Problem::Temporary));
        Ok(copied.map(|()| file))
    }
}

fn copy(content: &mut impl Read, file: &mut impl io::Write, limit: u64) -> Result<u64, Problem> {
    let mut buffer = vec![0; 64 << 10];
    let mut size = 0;
    loop {
        let count = content.read(&mut buffer).map_err(Problem::Source)?;
        if count == 0 {
            return file.flush().map(|()| size).map_err(Problem::Temporary);
        }
        size += count as u64;
        if size > limit {
            return Err(Problem::TooLarge(limit));
        }
        file.write_all(&buffer[..count]).map_err(Problem::Temporary)?;
    }
}

/// A text of a stranger, cut to a bearable length.
pub(super) fn field(text: &str) -> String {
    text.trim().chars().take(MAX_FIELD).collect()
}

/// Why a file says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// A rule of its format is broken.
    #[error("{0}")]
    Text(&'static str),
    /// What reads its format says so.
    #[error("{0}")]
    Said(String),
    /// It is too large.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// What it is read from failed.
    #[error("{0}")]
    Source(io::Error),
    /// A temporary file can't be written.
    #[error("{0}")]
    Temporary(io::Error),
}

impl Problem {
    /// What somebody else's error says.
    fn of(error: impl std::fmt::Display) -> Self {
        Self::Said(field(&error.to_string()))
    }
}

/// Why reading can't go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// What is read from failed.
    #[error(transparent)]
    Content(#[from] io::Error),
    /// A temporary file can't be written.
    #[error(transparent)]
    Temporary(io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_is_decided_by_the_path() {
        for (path, interest) in [
            ("var/lib/dpkg/status", Interest::Dpkg),
            ("var/lib/dpkg/status.d/base", Interest::Dpkg),
            ("var/lib/dpkg/status.d/base.md5sums", Interest::Unknown),
            ("usr/lib/apk/db/installed", Interest::Apk),
            ("usr/lib/sysimage/rpm/Packages.db", Interest::RpmSlots),
            ("home/rpmdb.sqlite", Interest::Unknown),
            ("usr/share/doc/libc6/copyright", Interest::Copyright),
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", Interest::Python),
            ("opt/venv/lib/python3.11/site-packages/pip-23.dist-info/METADATA", Interest::Python),
            ("app/package.json", Interest::Unknown),
            ("app/lib/a.jar", Interest::Java),
        ] {
            assert_eq!(Interest::of(path), interest, "{path}");
        }
    }

    #[test]
    fn a_file_that_is_not_right_is_a_find_and_one_that_breaks_off_an_error() {
        let found = Interest::Node.read("node_modules/a/package.json", &mut &b"{"[..]).unwrap();
        assert!(matches!(found, Some(Find::Unread(Unread::File { .. }))), "{found:?}");
        let found = Interest::Java.read("a.jar", &mut &b"no zip"[..]).unwrap();
        assert!(matches!(found, Some(Find::Unread(Unread::File { .. }))), "{found:?}");
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        for interest in [Interest::Dpkg, Interest::Java, Interest::RpmSqlite, Interest::Unknown] {
            assert!(interest.read("x", &mut Broken).is_err(), "{interest:?}");
        }
    }
}
