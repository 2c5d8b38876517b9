//! What Go writes into the programs that it builds: its version and the modules that went in.
//!
//! It is looked for by its mark, not by the tables of the executable's format: a layer is read once and forwards, and
//! those tables point to and fro. Go marks it for exactly this. Programs of Go before 1.18 have it in another form, which
//! is not read.

use std::io::{self, Read};

use memchr::memmem::Finder;

use super::field;
use crate::sbom::inventory::{Package, PackageType};

/// The mark.
const MARK: [u8; 14] = *b"\xff Go buildinf:";
/// From the mark to the two texts, when they stand right behind.
const HEADER: usize = 32;
/// The most that mark and texts take together.
const WINDOW: usize = 2 << 20;
/// How often the mark may stand where nothing follows, as in the source code of programs that look for it.
const FALSE_MARKS: usize = 64;
/// What stands before and behind the list of modules.
const FRAME: usize = 16;

/// Looks through a program; none for one that Go did not build.
pub(super) fn read(program: &mut impl Read) -> io::Result<Option<Vec<Package>>> {
    let finder = Finder::new(&MARK);
    let mut window = Window { program, bytes: Vec::new(), ended: false };
    let mut at = 0;
    for _ in 0..FALSE_MARKS {
        let Some(found) = window.find(&finder, at)? else { return Ok(None) };
        at = window.hold(found, WINDOW)?;
        if let Some(info) = BuildInfo::parse(&window.bytes[at..]) {
            return Ok(Some(info.packages()));
        }
        at += MARK.len();
    }
    Ok(None)
}

/// The part of a program that is held.
struct Window<'a, R> {
    program: &'a mut R,
    bytes: Vec<u8>,
    ended: bool,
}

impl<R: Read> Window<'_, R> {
    const CHUNK: usize = 256 << 10;

    /// Where the mark stands next, from `at` on; reads on until it comes.
    fn find(&mut self, finder: &Finder<'_>, mut at: usize) -> io::Result<Option<usize>> {
        loop {
            if let Some(found) = finder.find(&self.bytes[at..]) {
                return Ok(Some(at + found));
            }
            if self.ended {
                return Ok(None);
            }
            // The mark may lie across the edge.
            let keep = self.bytes.len().saturating_sub(MARK.len() - 1).max(at);
            self.bytes.drain(..keep);
            at = 0;
            self.more()?;
        }
    }

    /// Holds `size` bytes from `at` on, where there are so many. The result is where `at` is then.
    fn hold(&mut self, at: usize, size: usize) -> io::Result<usize> {
        if self.bytes.len() - at >= size || self.ended {
            return Ok(at);
        }
        self.bytes.drain(..at);
        while self.bytes.len() < size && !self.ended {
            self.more()?;
        }
        Ok(0)
    }

    fn more(&mut self) -> io::Result<()> {
        let read = self.program.by_ref().take(Self::CHUNK as u64).read_to_end(&mut self.bytes)?;
        self.ended = read == 0;
        Ok(())
    }
}

/// What Go wrote.
struct BuildInfo<'a> {
    go: &'a str,
    modules: &'a str,
}

impl<'a> BuildInfo<'a> {
    /// Reads what begins with the mark: the size of a pointer, flags, and at [`HEADER`] two texts with their lengths before them.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        const TEXTS_FOLLOW: u8 = 2;
        if bytes.get(MARK.len() + 1)? & TEXTS_FOLLOW == 0 {
            return None;
        }
        let (go, rest) = text(bytes.get(HEADER..)?)?;
        let (modules, _) = text(rest)?;
        let go = std::str::from_utf8(go).ok().filter(|go| go.starts_with("go") || go.starts_with("devel"))?;
        let framed = modules.len().checked_sub(FRAME).and_then(|end| modules.get(FRAME..end)).unwrap_or_default();
        Some(Self { go, modules: std::str::from_utf8(framed).ok()? })
    }

    fn packages(&self) -> Vec<Package> {
        let mut packages = vec![standard_library(self.go)];
        for line in self.modules.lines() {
            let parts: Vec<&str> = line.split('\t').collect();
            match parts[..] {
                ["mod" | "dep", path, version, ..] => packages.push(module(path, version)),
                // What is before it was replaced by this.
                ["=>", path, version, ..] => {
                    packages.pop();
                    packages.push(module(path, version));
                }
                _ => {}
            }
        }
        packages
    }
}

/// The library of the version of Go: advisories name it like a module.
fn standard_library(go: &str) -> Package {
    let version = go.strip_prefix("go").and_then(|version| version.split_whitespace().next());
    Package::new(PackageType::Golang, "stdlib", version.map(field))
}

fn module(path: &str, version: &str) -> Package {
    let (namespace, name) = match path.rsplit_once('/') {
        Some((namespace, name)) => (Some(field(namespace)), name),
        None => (None, path),
    };
    let version = Some(field(version)).filter(|version| !version.is_empty() && version != "(devel)");
    Package { namespace, ..Package::new(PackageType::Golang, field(name), version) }
}

/// A text with its length before it, as a varint; and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut length, mut shift) = (0_usize, 0);
    for (at, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return bytes.get(at + 1..)?.split_at_checked(length);
        }
        shift += 7;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program with this before the mark.
    fn program(before: usize, go: &str, modules: &str) -> Vec<u8> {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(&MARK);
        bytes.extend_from_slice(&[8, 2]);
        bytes.resize(before + HEADER, 0);
        for text in [go.to_owned(), format!("{}{modules}{}", "s".repeat(FRAME), "e".repeat(FRAME))] {
            bytes.push((text.len() & 0x7f) as u8 | 0x80);
            bytes.push((text.len() >> 7) as u8);
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    fn shown(bytes: &[u8]) -> Option<Vec<String>> {
        let packages = read(&mut &bytes[..]).unwrap()?;
        let shown = |p: &Package| format!("{}@{}", p.full_name(), p.version.as_deref().unwrap_or("?"));
        Some(packages.iter().map(shown).collect())
    }

    #[test]
    fn modules_and_the_version_of_go_are_read_wherever_the_mark_stands() {
        let modules = "path\texample.com/app\nmod\texample.com/app\t(devel)\t\n\
                       dep\tgolang.org/x/net\tv0.20.0\th1:x\ndep\told.org/a\tv1.0.0\n=>\tnew.org/a\tv1.0.1\th1:y\n";
        for before in [0, 100, Window::<&[u8]>::CHUNK - 7, 3 << 20] {
            let found = shown(&program(before, "go1.22.1 X:some", modules)).unwrap();
            assert_eq!(
                found,
                ["stdlib@1.22.1", "example.com/app@?", "golang.org/x/net@v0.20.0", "new.org/a@v1.0.1"],
                "{before}"
            );
        }
    }

    #[test]
    fn a_mark_alone_is_nothing_and_many_of_them_end_the_search() {
        assert_eq!(shown(b"\x7fELF no mark"), None);
        let mut bytes = MARK.to_vec();
        bytes.extend_from_slice(&program(5, "go1.22.1", ""));
        assert_eq!(shown(&bytes).unwrap(), ["stdlib@1.22.1"]);
        assert_eq!(shown(&MARK.repeat(100_000)), None);
        assert_eq!(shown(&program(0, "go1.22.1", "x")[..60]), None);
    }
}
