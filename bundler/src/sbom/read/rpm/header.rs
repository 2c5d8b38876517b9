//! The header of a package, as databases of RPM hold it.
//!
//! Two numbers (how many entries, how many bytes of data), the entries (tag, type, offset, count), the data.
//! <https://rpm-software-management.github.io/rpm/manual/format_header.html>

use crate::sbom::inventory::{Origin, Package, PackageType};
use crate::sbom::read::{Problem, field};

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const LICENSE: u32 = 1014;
const ARCHITECTURE: u32 = 1022;
const SOURCE: u32 = 1044;

const INTRODUCTION: usize = 8;
const ENTRY: usize = 16;
/// Numbers of four bytes.
const INT32: u32 = 4;

struct Header<'a> {
    entries: &'a [u8],
    data: &'a [u8],
}

/// Reads a header; none for a key, which stands among the packages.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Package>, Problem> {
    let header = Header::parse(bytes).ok_or(Problem::Text("a package's header is cut off"))?;
    let lacks = Problem::Text("a package's header lacks its name or version");
    let (Some(name), Some(version)) = (header.text(NAME), header.text(VERSION)) else { return Err(lacks) };
    if name == "gpg-pubkey" {
        return Ok(None);
    }
    let epoch = header.number(EPOCH).filter(|epoch| *epoch > 0).map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let release = header.text(RELEASE).map(|release| format!("-{release}")).unwrap_or_default();
    let whole = format!("{epoch}{version}{release}");
    let mut package = Package::new(PackageType::Rpm, field(&name), Some(field(&whole)));
    package.architecture = header.text(ARCHITECTURE).map(|text| field(&text));
    package.licences = header.text(LICENSE).map(|text| field(&text)).into_iter().collect();
    package.origin = header.text(SOURCE).and_then(|source| origin(&source)).filter(|origin| origin.name != name);
    Ok(Some(package))
}

/// `bash-5.2.26-3.el9.src.rpm`
fn origin(source: &str) -> Option<Origin> {
    let whole = source.strip_suffix(".rpm").and_then(|rest| rest.rsplit_once('.')).map(|(whole, _)| whole)?;
    let (rest, release) = whole.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(Origin { name: field(name), version: field(&format!("{version}-{release}")) })
}

impl<'a> Header<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (entries, data) = (word(bytes, 0)? as usize, word(bytes, 4)? as usize);
        let end = INTRODUCTION.checked_add(entries.checked_mul(ENTRY)?)?;
        Some(Self { entries: bytes.get(INTRODUCTION..end)?, data: bytes.get(end..end.checked_add(data)?)? })
    }

    /// The bytes from where an entry says that its data begins.
    fn find(&self, tag: u32) -> Option<(u32, &'a [u8])> {
        let entry = self.entries.chunks_exact(ENTRY).find(|entry| word(entry, 0) == Some(tag))?;
        Some((word(entry, 4)?, self.data.get(word(entry, 8)? as usize..)?))
    }

    fn number(&self, tag: u32) -> Option<u32> {
        let (kind, data) = self.find(tag)?;
        (kind == INT32).then(|| word(data, 0)).flatten()
    }

    /// A text, or the first of several: each ends with a zero.
    fn text(&self, tag: u32) -> Option<String> {
        /// One text, a list of them, one for each language.
        const TEXTS: [u32; 3] = [6, 8, 9];
        let (kind, data) = self.find(tag)?;
        let end = data.iter().position(|byte| *byte == 0)?;
        (TEXTS.contains(&kind) && end > 0).then(|| String::from_utf8_lossy(&data[..end]).into_owned())
    }
}

/// A number, the high byte first.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(texts: &[(u32, &str)], epoch: Option<u32>) -> Vec<u8> {
        let (mut entries, mut data) = (Vec::new(), Vec::new());
        let mut entry = |tag: u32, kind: u32, at: usize| {
            [tag, kind, at as u32, 1].iter().for_each(|number| entries.extend_from_slice(&number.to_be_bytes()));
        };
        if let Some(epoch) = epoch {
            entry(EPOCH, INT32, 0);
            data.extend_from_slice(&epoch.to_be_bytes());
        }
        for (tag, text) in texts {
            entry(*tag, 6, data.len());
            data.extend_from_slice(text.as_bytes());
            data.push(0);
        }
        let count = (entries.len() / ENTRY) as u32;
        [&count.to_be_bytes()[..], &(data.len() as u32).to_be_bytes(), &entries, &data].concat()
    }

    #[test]
    fn a_header_gives_version_with_epoch_licence_and_source() {
        let texts = [
            (NAME, "openssl-libs"),
            (VERSION, "3.0.7"),
            (RELEASE, "27.el9"),
            (ARCHITECTURE, "x86_64"),
            (LICENSE, "Apache-2.0"),
            (SOURCE, "openssl-3.0.7-27.el9.src.rpm"),
        ];
        let package = read(&header(&texts, Some(1))).unwrap().unwrap();
        assert_eq!((package.name.as_str(), package.version.as_deref()), ("openssl-libs", Some("1:3.0.7-27.el9")));
        assert_eq!(package.origin, Some(Origin { name: "openssl".into(), version: "3.0.7-27.el9".into() }));
        assert_eq!(package.licences, ["Apache-2.0"]);
        assert_eq!(read(&header(&[(NAME, "gpg-pubkey"), (VERSION, "1")], None)).unwrap(), None);
    }

    #[test]
    fn headers_that_lie_about_sizes_are_refused() {
        let good = header(&[(NAME, "a"), (VERSION, "1")], None);
        for bytes in [&good[..good.len() - 1], &[0xff; 40], b""] {
            assert!(read(bytes).is_err());
        }
        assert!(read(&header(&[(NAME, "a")], None)).is_err());
    }
}
