//! Members of a tar, one after the other, as they come.
//!
//! The library that the rest of this crate writes archives with keeps a whole extension header in memory, whatever its
//! size. Here each is bounded, and what is not needed is passed over without being kept.

use std::io::{self, BufRead, Read};

/// Blocks of a tar, in bytes.
const BLOCK: usize = 512;
/// The largest header that goes before a member: a name, or the records of pax.
const MAX_EXTENSION: u64 = 1 << 20;
/// The longest path that is followed.
const MAX_PATH: usize = 4096;

/// Reads the members of a tar.
#[derive(Debug)]
pub(super) struct TarReader<R> {
    inner: R,
    /// What is left of the member that was given last, and the padding behind it.
    left: u64,
    padding: u64,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its path, without anything in front and with single slashes; none where it is no path within the archive.
    pub(super) path: Option<String>,
    pub(super) kind: Kind,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file, whose content comes next.
    File,
    /// A folder.
    Folder,
    /// Another name for a file that came before.
    Link(Option<String>),
    /// Anything else: symbolic links, devices.
    Other,
}

/// What stands in headers in front of the real one.
#[derive(Debug, Default)]
struct Extension {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

/// Why there is no next member.
#[derive(Debug, thiserror::Error)]
pub(super) enum TarError {
    /// What is under the tar failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A temporary file, into which a member is copied, can't be written.
    #[error(transparent)]
    Temporary(io::Error),
    /// The tar is not valid.
    #[error("{0}")]
    Invalid(&'static str),
}

impl<R: BufRead> TarReader<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, left: 0, padding: 0 }
    }

    /// The next member; none at the end. What was not read of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Member>, TarError> {
        self.pass(self.left + self.padding)?;
        let mut extension = Extension::default();
        while let Some(header) = self.header()? {
            let size = header.entry_size().map_err(|_| TarError::Invalid("a member's size is no number"))?;
            let kind = header.entry_type().as_byte();
            match kind {
                b'L' => extension.path = Some(self.text(size)?),
                b'K' => extension.link = Some(self.text(size)?),
                b'x' => extension.read(&self.text(size)?)?,
                // What it says is of no concern here.
                b'g' => self.pass(padded(size)?)?,
                _ => return self.member(&header, kind, size, extension).map(Some),
            }
        }
        Ok(None)
    }

    /// The content of the member that was given last.
    pub(super) fn content(&mut self) -> Content<'_, R> {
        Content { tar: self }
    }

    fn member(&mut self, header: &tar::Header, kind: u8, size: u64, extension: Extension) -> Result<Member, TarError> {
        if kind == b'S' {
            self.pass_sparse_map(header)?;
        }
        let stored = extension.size.unwrap_or(size);
        let has_content = !matches!(kind, b'1'..=b'6');
        self.left = if has_content { stored } else { 0 };
        self.padding = if has_content { padded(stored)? - stored } else { 0 };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let link = extension.link.or_else(|| header.link_name_bytes().map(|name| text(&name)));
        let path = extension.path.unwrap_or_else(|| text(&header.path_bytes()));
        let kind = match kind {
            // The content of a file with holes is not what stands here: nothing is looked for in it.
            b'S' => Kind::Other,
            b'0' | 0 | b'7' if extension.sparse => Kind::Other,
            // Archives from before POSIX mark folders by the slash at the end of their names.
            b'0' | 0 if path.ends_with('/') => Kind::Folder,
            b'0' | 0 | b'7' => Kind::File,
            b'5' => Kind::Folder,
            b'1' => Kind::Link(link.as_deref().and_then(clean)),
            _ => Kind::Other,
        };
        Ok(Member { path: clean(&path), kind })
    }

    /// The next header; none at the end, which is a block of zeros or that of the data.
    fn header(&mut self) -> Result<Option<tar::Header>, TarError> {
        let mut header = tar::Header::new_old();
        let bytes = header.as_mut_bytes();
        let mut filled = 0;
        while filled < BLOCK {
            match self.inner.read(&mut bytes[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(TarError::Invalid("it ends within a header")),
                count => filled += count,
            }
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The checksum is made with blanks in its own place.
        let sum: u32 =
            bytes.iter().enumerate().map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) }).sum();
        match header.cksum() {
            Ok(expected) if expected == sum => Ok(Some(header)),
            _ => Err(TarError::Invalid("a header has a wrong checksum")),
        }
    }

    /// Passes over the blocks that go on with the map of a file with holes.
    fn pass_sparse_map(&mut self, header: &tar::Header) -> Result<(), TarError> {
        /// Where a header, and a block behind it, say that one more follows.
        const IN_HEADER: usize = 482;
        const IN_BLOCK: usize = 504;
        let mut more = header.as_bytes()[IN_HEADER] != 0;
        let mut block = [0; BLOCK];
        while more {
            self.inner.read_exact(&mut block)?;
            more = block[IN_BLOCK] != 0;
        }
        Ok(())
    }

    fn text(&mut self, size: u64) -> Result<String, TarError> {
        if size > MAX_EXTENSION {
            return Err(TarError::Invalid("a name is too long"));
        }
        let mut bytes = vec![0; size as usize];
        self.inner.read_exact(&mut bytes)?;
        self.pass(padded(size)? - size)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
    }

    fn pass(&mut self, mut count: u64) -> Result<(), TarError> {
        while count > 0 {
            let there = self.inner.fill_buf()?.len();
            if there == 0 {
                return Err(TarError::Invalid("it ends within a member"));
            }
            let passed = count.min(there as u64);
            self.inner.consume(passed as usize);
            count -= passed;
        }
        (self.left, self.padding) = (0, 0);
        Ok(())
    }
}

impl Extension {
    /// Reads records of pax: `<length> <key>=<value>\n`.
    fn read(&mut self, records: &str) -> Result<(), TarError> {
        for (key, value) in records.lines().filter_map(|line| line.split_once(' ')?.1.split_once('=')) {
            match key {
                "path" => self.path = Some(value.to_owned()),
                "linkpath" => self.link = Some(value.to_owned()),
                "size" => {
                    let size = value.parse().map_err(|_| TarError::Invalid("a member's size is no number"))?;
                    self.size = Some(size);
                }
                "GNU.sparse.name" => self.path = Some(value.to_owned()),
                key if key.starts_with("GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A size with the padding behind it.
fn padded(size: u64) -> Result<u64, TarError> {
    size.checked_next_multiple_of(BLOCK as u64).ok_or(TarError::Invalid("a member is larger than can be"))
}

/// A path without `./`, slashes in front and doubled ones; none for one with `..`, which no layer needs.
fn clean(path: &str) -> Option<String> {
    let mut cleaned = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            return None;
        }
        if !cleaned.is_empty() {
            cleaned.push('/');
        }
        cleaned.push_str(part);
    }
    (!cleaned.is_empty() && cleaned.len() <= MAX_PATH).then_some(cleaned)
}

/// Reads the content of a member, and no further.
#[derive(Debug)]
pub(super) struct Content<'a, R> {
    tar: &'a mut TarReader<R>,
}

impl<R: BufRead> Read for Content<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.tar.left).unwrap_or(usize::MAX).min(into.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.tar.inner.read(&mut into[..most])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a member"));
        }
        self.tar.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: tar::EntryType, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header
    }

    fn members(tar: &[u8]) -> Result<Vec<(Option<String>, Kind)>, TarError> {
        let mut reader = TarReader::new(tar);
        let mut found = Vec::new();
        while let Some(member) = reader.next()? {
            found.push((member.path, member.kind));
        }
        Ok(found)
    }

    #[test]
    fn members_come_with_paths_that_stay_within() {
        let mut tar = tar::Builder::new(Vec::new());
        let long = format!("{}/a.jar", "x".repeat(180));
        for name in ["./a//file", long.as_str()] {
            tar.append_data(&mut header(tar::EntryType::Regular, 3), name, &b"one"[..]).unwrap();
        }
        tar.append_link(&mut header(tar::EntryType::Link, 0), "hard", "a/file").unwrap();
        tar.append_link(&mut header(tar::EntryType::Symlink, 0), "soft", "/etc/passwd").unwrap();
        let mut out = header(tar::EntryType::Regular, 0);
        out.as_gnu_mut().unwrap().name[..12].copy_from_slice(b"../../escape");
        out.set_cksum();
        tar.append(&out, &b""[..]).unwrap();
        let found = members(&tar.into_inner().unwrap()).unwrap();
        let path = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                (path("a/file"), Kind::File),
                (path(&long), Kind::File),
                (path("hard"), Kind::Link(path("a/file"))),
                (path("soft"), Kind::Other),
                (None, Kind::File),
            ]
        );
    }

    #[test]
    fn a_member_is_read_in_part_and_the_next_is_found() {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_data(&mut header(tar::EntryType::Regular, 600), "a", &[1; 600][..]).unwrap();
        tar.append_data(&mut header(tar::EntryType::Regular, 2), "b", &b"hi"[..]).unwrap();
        let bytes = tar.into_inner().unwrap();
        let mut reader = TarReader::new(&bytes[..]);
        reader.next().unwrap();
        reader.content().read_exact(&mut [0; 10]).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().path.as_deref(), Some("b"));
        let mut text = String::new();
        reader.content().read_to_string(&mut text).unwrap();
        assert_eq!(text, "hi");
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn damage_is_told_and_nothing_is_kept_because_a_header_says_so() {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_data(&mut header(tar::EntryType::Regular, 600), "a", &[1; 600][..]).unwrap();
        let good = tar.into_inner().unwrap();
        let problem = |bytes: &[u8]| members(bytes).unwrap_err().to_string();
        assert_eq!(problem(&good[..900]), "it ends within a member");
        assert_eq!(problem(&good[..300]), "it ends within a header");
        let mut flipped = good.clone();
        flipped[3] ^= 1;
        assert_eq!(problem(&flipped), "a header has a wrong checksum");
        let mut huge = header(tar::EntryType::GNULongName, 1 << 40);
        huge.set_cksum();
        assert_eq!(problem(huge.as_bytes()), "a name is too long");
    }
}
