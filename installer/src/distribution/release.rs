//! The release of a distribution, as a bundle carries it: files of one set.
//!
//! The bundle's signature vouches for them; the sums that upstream published beside them are held against them all the same: whoever
//! mixed two releases is told before a node is touched.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use manifests::Digest;
use manifests::bundle::VerifiedBundle;
use manifests::digest::Hasher;
use manifests::document::{CarriedFile, Files, check_path};
use miette::Diagnostic;

/// More than any list of sums has, in bytes.
const SUMS_SIZE: u64 = 1 << 20;
/// More than any release unpacks to, in bytes and in files.
const UNPACKED_SIZE: u64 = 4 << 30;
const UNPACKED_FILES: usize = 10_000;

/// Which files of a release a machine needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The archive that is unpacked, if it is one.
    pub archive: Option<String>,
    /// Where it is unpacked to.
    pub prefix: &'static str,
    /// The program that is carried by itself, and where it goes.
    pub program: Option<(String, &'static str)>,
    /// The sums that upstream published.
    pub sums: String,
    /// How the names of archives of images begin and go on.
    pub images: (String, String),
}

/// A file that the bundle carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its path below the site server's `/files/`: the set, and the path in it.
    pub path: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A file of the archive that is unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path on the node.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// The digest of its content.
    pub digest: Digest,
}

/// A release for machines of one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The archive that is unpacked and its files, or the program that is carried by itself.
    pub program: Carried,
    /// What is on a node when it is laid out.
    pub members: Vec<Member>,
    /// Where [`Self::program`] is unpacked to; none where it is the one member.
    pub prefix: Option<&'static str>,
    /// Archives of images, by the name that they have in the images' folder.
    pub images: BTreeMap<String, Carried>,
}

/// Why a release can't be laid out.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ReleaseError {
    /// The bundle lacks one of its files.
    #[error("the files of `{set}` in this bundle have no `{name}`")]
    #[diagnostic(help("name the file in the component that carries the release, and build the bundle again"))]
    Missing {
        /// The set.
        set: String,
        /// The file.
        name: String,
    },
    /// A file is not the one that upstream published.
    #[error("`{name}` is not the file that `{sums}` of `{set}` describes")]
    #[diagnostic(help(
        "both have to be of one release: mend the component that carries it, and build the bundle again"
    ))]
    Mixed {
        /// The set.
        set: String,
        /// The file.
        name: String,
        /// The sums.
        sums: String,
    },
    /// The archive can't be unpacked.
    #[error("`{name}` can't be unpacked: {problem}")]
    Archive {
        /// The archive.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The bundle can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Bundle(#[from] manifests::bundle::OpenError),
}

impl Release {
    /// Finds the release in the set `files` of `bundle`.
    ///
    /// # Errors
    /// [`ReleaseError`].
    pub fn read(bundle: &VerifiedBundle, set: &Files, layout: &Layout) -> Result<Self, ReleaseError> {
        let find = |name: &str| {
            let found = set.files.iter().find(|file| base(&file.path) == name);
            found.ok_or_else(|| ReleaseError::Missing { set: set.name.clone(), name: name.to_owned() })
        };
        let text = bundle.read_to_vec(&find(&layout.sums)?.digest, SUMS_SIZE)?;
        let text = String::from_utf8_lossy(&text);
        let sums = parse_sums(&text);
        let checked = |file: &CarriedFile| {
            let name = base(&file.path);
            if sums.get(name) == Some(&file.digest) {
                let path = format!("{}/{}", set.name, file.path);
                return Ok(Carried { path, digest: file.digest, size: file.size });
            }
            Err(ReleaseError::Mixed { set: set.name.clone(), name: name.to_owned(), sums: layout.sums.clone() })
        };
        let mut images = BTreeMap::new();
        for file in set.files.iter().filter(|file| layout.is_images(base(&file.path))) {
            images.insert(base(&file.path).to_owned(), checked(file)?);
        }
        let release = match (&layout.archive, &layout.program) {
            (Some(archive), _) => {
                let program = checked(find(archive)?)?;
                let members = unpack(bundle, &program, layout.prefix)?;
                Self { program, members, prefix: Some(layout.prefix), images }
            }
            (None, Some((name, path))) => {
                let program = checked(find(name)?)?;
                let member = Member { path: (*path).to_owned(), mode: 0o755, digest: program.digest };
                Self { program, members: vec![member], prefix: None, images }
            }
            (None, None) => return Err(ReleaseError::Missing { set: set.name.clone(), name: "program".into() }),
        };
        Ok(release)
    }
}

impl Layout {
    /// The archives of images in a set of files.
    pub fn archives(&self, set: &Files) -> Vec<Carried> {
        let files = set.files.iter().filter(|file| self.is_images(base(&file.path)));
        let carried = |file: &CarriedFile| Carried {
            path: format!("{}/{}", set.name, file.path),
            digest: file.digest,
            size: file.size,
        };
        files.map(carried).collect()
    }

    /// Whether a file is an archive of images. Lists beside them (`.txt`) are none: in the images' folder they would be
    /// orders to pull.
    fn is_images(&self, name: &str) -> bool {
        let (start, middle) = &self.images;
        let rest = name.strip_prefix(start.as_str()).and_then(|rest| rest.split_once(middle.as_str()));
        matches!(rest, Some((_, "" | ".zst" | ".gz")))
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Lines of `sha256sum(1)`.
fn parse_sums(text: &str) -> BTreeMap<&str, Digest> {
    let line = |line: &'_ str| -> Option<(usize, Digest)> {
        let (hex, name) = line.split_once(char::is_whitespace)?;
        let name = name.trim_start_matches([' ', '*']);
        Some((line.len() - name.len(), Digest::from_hex(hex).ok()?))
    };
    text.lines().filter_map(|text| line(text).map(|(start, digest)| (&text[start..], digest))).collect()
}

/// The files of the archive, each read once.
fn unpack(bundle: &VerifiedBundle, archive: &Carried, prefix: &str) -> Result<Vec<Member>, ReleaseError> {
    let name = base(&archive.path);
    let wrong = |problem: String| ReleaseError::Archive { name: name.to_owned(), problem };
    let reader = GzDecoder::new(bundle.read(&archive.digest)?).take(UNPACKED_SIZE);
    let mut tar = tar::Archive::new(reader);
    let mut members = Vec::new();
    for entry in tar.entries().map_err(|error| wrong(error.to_string()))? {
        let mut entry = entry.map_err(|error| wrong(error.to_string()))?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        match entry.header().entry_type() {
            tar::EntryType::Directory | tar::EntryType::XGlobalHeader => continue,
            tar::EntryType::Regular => {}
            other => return Err(wrong(format!("`{path}` is of type {other:?}; only files and folders are laid out"))),
        }
        if check_path(&path).is_err() {
            return Err(wrong(format!("`{path}` leads elsewhere")));
        }
        if members.len() == UNPACKED_FILES {
            return Err(wrong(format!("it has more than {UNPACKED_FILES} files")));
        }
        let mode = entry.header().mode().map_err(|error| wrong(error.to_string()))? & 0o755;
        let mut hasher = Hasher::new();
        std::io::copy(&mut entry, &mut hasher).map_err(|error| wrong(error.to_string()))?;
        members.push(Member { path: format!("{prefix}/{path}"), mode, digest: hasher.finish() });
    }
    if members.is_empty() {
        return Err(wrong("it is empty".to_owned()));
    }
    Ok(members)
}

#[cfg(test)]
mod tests;
