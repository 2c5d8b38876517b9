//! Where the members of a tar lie.
//!
//! Only headers are read, so that an archive of many gigabytes is indexed in a moment. The archive comes from others:
//! names are limited in length, members in number, and every member has to end within the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::LocalImageError;

const BLOCK: u64 = 512;
const MAX_MEMBERS: usize = 500_000;
const MAX_NAME: u64 = 64 << 10;
/// How many links are followed from one to the next.
const MAX_LINKS: usize = 8;

/// The members of a tar.
#[derive(Debug)]
pub(super) struct TarIndex {
    path: PathBuf,
    file: File,
    members: HashMap<String, Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    File {
        offset: u64,
        size: u64,
    },
    /// Another name for the member of this name.
    Link(String),
}

/// Where the content of a member lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Its first byte in the archive.
    pub(super) offset: u64,
    /// Its size in bytes.
    pub(super) size: u64,
}

impl TarIndex {
    pub(super) fn open(path: &Path) -> Result<Self, LocalImageError> {
        let failed = |source| LocalImageError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let mut magic = [0; 6];
        let seen = read_up_to(&file, &mut magic, 0).map_err(failed)?;
        if let Some(with) = compression(&magic[..seen]) {
            return Err(LocalImageError::Compressed { path: path.to_owned(), with });
        }
        let size = file.metadata().map_err(failed)?.len();
        let members = Scan { path, file: &file, size, members: HashMap::new() }.run()?;
        Ok(Self { path: path.to_owned(), file, members })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds a member by its name; links are followed.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        let mut name = clean(name)?;
        for _ in 0..MAX_LINKS {
            match self.members.get(&name)? {
                Member::File { offset, size } => return Some(Place { offset: *offset, size: *size }),
                Member::Link(target) => name.clone_from(target),
            }
        }
        None
    }

    /// A reader of a member's content.
    pub(super) fn reader(&self, place: Place) -> impl Read + '_ {
        At { file: &self.file, position: place.offset }.take(place.size)
    }
}

/// The tool that unpacks it, by its magic number.
fn compression(magic: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 4] =
        [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"), (b"BZh", "bzip2")];
    known.into_iter().find_map(|(start, tool)| magic.starts_with(start).then_some(tool))
}

struct Scan<'a> {
    path: &'a Path,
    file: &'a File,
    size: u64,
    members: HashMap<String, Member>,
}

impl Scan<'_> {
    fn run(mut self) -> Result<HashMap<String, Member>, LocalImageError> {
        let mut offset = 0;
        // What a header in front of the real one says.
        let (mut long_name, mut long_link) = (None, None);
        while let Some(header) = self.header(offset)? {
            let bad = |problem| self.bad(problem, offset);
            let size = header.entry_size().map_err(|_| bad("a size that is no number"))?;
            let content = offset + BLOCK;
            let end = content
                .checked_add(size)
                .filter(|end| *end <= self.size)
                .ok_or_else(|| bad("a member that is cut off"))?;
            let kind = header.entry_type();
            match kind.as_byte() {
                b'L' => long_name = Some(self.text(content, size)?),
                b'K' => long_link = Some(self.text(content, size)?),
                b'x' => {
                    let records = self.text(content, size)?;
                    long_name = pax(&records, "path").or(long_name);
                    long_link = pax(&records, "linkpath").or(long_link);
                    if pax(&records, "size").is_some() || records.contains("GNU.sparse") {
                        return Err(bad("a member of a kind that images have not"));
                    }
                }
                b'S' => return Err(bad("a sparse member")),
                _ => {
                    let own = || String::from_utf8_lossy(&header.path_bytes()).into_owned();
                    let name = clean(&long_name.take().unwrap_or_else(own));
                    let target = long_link
                        .take()
                        .or_else(|| header.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned()));
                    let member = match kind.as_byte() {
                        b'0' | 0 | b'7' => Some(Member::File { offset: content, size }),
                        b'1' => target.as_deref().and_then(clean).map(Member::Link),
                        b'2' => {
                            target.zip(name.as_deref()).and_then(|(to, from)| relative(from, &to)).map(Member::Link)
                        }
                        _ => None,
                    };
                    // As when it is unpacked: of two members of one name, the later one stays.
                    self.members.extend(name.zip(member));
                }
            }
            if self.members.len() > MAX_MEMBERS {
                return Err(self.bad("too many members", offset));
            }
            offset = end.next_multiple_of(BLOCK);
        }
        Ok(self.members)
    }

    /// The header at an offset; none at the end, which is a block of zeros or that of the file.
    fn header(&self, offset: u64) -> Result<Option<tar::Header>, LocalImageError> {
        let mut header = tar::Header::new_old();
        let failed = |source| LocalImageError::Read { path: self.path.to_owned(), source };
        let bytes = header.as_mut_bytes();
        match read_up_to(self.file, bytes, offset).map_err(failed)? {
            0 => return Ok(None),
            512 => {}
            _ => return Err(self.bad("a header that is cut off", offset)),
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 =
            bytes.iter().enumerate().map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) }).sum();
        match header.cksum() {
            Ok(expected) if expected == sum => Ok(Some(header)),
            _ => Err(self.bad("a header with a wrong checksum", offset)),
        }
    }

    fn text(&self, offset: u64, size: u64) -> Result<String, LocalImageError> {
        if size > MAX_NAME {
            return Err(self.bad("a name that is too long", offset));
        }
        let mut bytes = Vec::new();
        At { file: self.file, position: offset }
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(|source| LocalImageError::Read { path: self.path.to_owned(), source })?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches('\0').to_owned())
    }

    fn bad(&self, problem: &'static str, offset: u64) -> LocalImageError {
        LocalImageError::BadTar { path: self.path.to_owned(), problem, offset }
    }
}

/// A record of a pax header: `<length> <key>=<value>\n`.
fn pax(records: &str, key: &str) -> Option<String> {
    let value = |line: &str| line.split_once(' ')?.1.strip_prefix(key)?.strip_prefix('=').map(str::to_owned);
    records.lines().find_map(value)
}

/// A name without `./`, doubled slashes and `..`; none where it leads out.
fn clean(name: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// What a symbolic link points to, within the archive.
fn relative(link: &str, target: &str) -> Option<String> {
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    if target.starts_with('/') { None } else { clean(&format!("{folder}/{target}")) }
}

struct At<'a> {
    file: &'a File,
    position: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexed(tar: &[u8]) -> Result<TarIndex, LocalImageError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tar");
        std::fs::write(&path, tar).unwrap();
        TarIndex::open(&path)
    }

    fn content(index: &TarIndex, name: &str) -> Option<String> {
        let mut text = String::new();
        index.reader(index.find(name)?).read_to_string(&mut text).unwrap();
        Some(text)
    }

    fn header(kind: tar::EntryType, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header
    }

    #[test]
    fn members_and_links_are_found_by_their_names() {
        let mut tar = tar::Builder::new(Vec::new());
        let long = format!("{}/layer.tar", "x".repeat(180));
        for (name, text) in [("./a/file", "one"), (long.as_str(), "two"), ("a/file", "later")] {
            tar.append_data(&mut header(tar::EntryType::Regular, text.len() as u64), name, text.as_bytes()).unwrap();
        }
        let mut link = |kind, name: &str, target: &str| tar.append_link(&mut header(kind, 0), name, target).unwrap();
        link(tar::EntryType::Symlink, "b/link", "../a/file");
        link(tar::EntryType::Link, "hard", "b/link");
        link(tar::EntryType::Symlink, "out", "../../etc/passwd");
        link(tar::EntryType::Symlink, "absolute", "/etc/passwd");
        link(tar::EntryType::Symlink, "circle", "circle");
        let index = indexed(&tar.into_inner().unwrap()).unwrap();
        assert_eq!(content(&index, "a/file").as_deref(), Some("later"));
        assert_eq!(content(&index, &long).as_deref(), Some("two"));
        assert_eq!(content(&index, "hard").as_deref(), Some("later"));
        for name in ["out", "absolute", "circle", "missing", "../a/file"] {
            assert_eq!(content(&index, name), None, "{name}");
        }
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_data(&mut header(tar::EntryType::Regular, 600), "a", &[1; 600][..]).unwrap();
        let good = tar.into_inner().unwrap();
        let problem = |bytes: &[u8]| indexed(bytes).unwrap_err().to_string();
        assert!(problem(&good[..900]).ends_with("a member that is cut off at byte 0"));
        assert!(problem(&good[..300]).ends_with("a header that is cut off at byte 0"));
        let mut flipped = good.clone();
        flipped[3] ^= 1;
        assert!(problem(&flipped).ends_with("a header with a wrong checksum at byte 0"));
        let mut huge = header(tar::EntryType::GNULongName, 1 << 40);
        huge.set_cksum();
        assert!(problem(huge.as_bytes()).contains("cut off"));
    }

    #[test]
    fn a_compressed_archive_is_refused_with_the_way_out() {
        use miette::Diagnostic;
        for (magic, tool) in [(&b"\x1f\x8b\x08"[..], "gzip"), (b"\x28\xb5\x2f\xfd\0\0", "zstd")] {
            let error = indexed(magic).unwrap_err();
            assert!(error.to_string().ends_with(&format!("is compressed with {tool}")), "{error}");
            assert!(error.help().unwrap().to_string().contains(&format!("{tool} -d")));
        }
    }
}
