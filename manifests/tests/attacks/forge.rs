//! Takes a bundle apart and puts it together again, as an attacker would: with code of its own.

use std::fs;
use std::path::PathBuf;

use manifests::Digest;
use manifests::bundle::{Damage, OpenError, UnverifiedBundle, VerifiedBundle};
use manifests::fake::FakeBundle;

/// The slot's frame in a bundle whose document takes one frame.
pub const SLOT: usize = 1;
/// Frames of the other members in front.
pub const CHECKSUMS: usize = 2;
pub const INDEX: usize = 4;
/// The first blob's frame.
pub const BLOBS: usize = 5;

/// The frames of a bundle: stored bytes and the unpacked size that the table names.
#[derive(Clone)]
pub struct Forge {
    pub frames: Vec<(Vec<u8>, u32)>,
    folder: std::rc::Rc<tempfile::TempDir>,
}

fn number(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes.try_into().unwrap()) as usize
}

impl Forge {
    pub fn new() -> Self {
        Self::of(&FakeBundle::small())
    }

    pub fn of(bundle: &FakeBundle) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = bundle.write(&folder.path().join("good"));
        let bytes = fs::read(path).unwrap();
        let end = bytes.len() - 9;
        let count = number(&bytes[end..end + 4]);
        let mut place = 0;
        let mut frames = Vec::new();
        for entry in bytes[end - count * 8..end].chunks(8) {
            let stored = number(&entry[..4]);
            frames.push((bytes[place..place + stored].to_vec(), number(&entry[4..]) as u32));
            place += stored;
        }
        Self { frames, folder: folder.into() }
    }

    /// The seek table that fits the frames.
    pub fn table(&self) -> Vec<u8> {
        let mut table = 0x184D_2A5E_u32.to_le_bytes().to_vec();
        table.extend((self.frames.len() as u32 * 8 + 9).to_le_bytes());
        for (stored, unpacked) in &self.frames {
            table.extend((stored.len() as u32).to_le_bytes());
            table.extend(unpacked.to_le_bytes());
        }
        table.extend((self.frames.len() as u32).to_le_bytes());
        table.push(0);
        table.extend(0x8F92_EAB1_u32.to_le_bytes());
        table
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.with_table(&self.table())
    }

    pub fn with_table(&self, table: &[u8]) -> Vec<u8> {
        let frames: Vec<&[u8]> = self.frames.iter().map(|(stored, _)| stored.as_slice()).collect();
        [frames.concat().as_slice(), table].concat()
    }

    pub fn unpacked(&self, frame: usize) -> Vec<u8> {
        zstd::decode_all(self.frames[frame].0.as_slice()).unwrap()
    }

    /// Replaces what a frame holds.
    pub fn pack(&mut self, frame: usize, content: &[u8]) {
        self.frames[frame] = (zstd::bulk::compress(content, 3).unwrap(), content.len() as u32);
    }

    pub fn document(&self) -> String {
        let member = self.unpacked(0);
        let size = usize::from_str_radix(std::str::from_utf8(&member[124..135]).unwrap(), 8).unwrap();
        String::from_utf8(member[512..512 + size].to_vec()).unwrap()
    }

    /// Replaces the document, with a tar header that fits.
    pub fn set_document(&mut self, text: &str) {
        let mut header = tar::Header::from_byte_slice(&self.unpacked(0)[..512]).clone();
        header.set_size(text.len() as u64);
        header.set_cksum();
        self.set_document_member(&header, text);
    }

    pub fn set_document_member(&mut self, header: &tar::Header, text: &str) {
        let mut member = [header.as_bytes().as_slice(), text.as_bytes()].concat();
        member.resize(member.len().next_multiple_of(512), 0);
        // A large one takes more frames: the numbers of those behind it no longer hold then.
        let pieces = member.chunks(4 << 20);
        let frames: Vec<_> =
            pieces.map(|piece| (zstd::bulk::compress(piece, 3).unwrap(), piece.len() as u32)).collect();
        self.frames.splice(0..1, frames);
    }

    /// Replaces a part of the document's text, which must be there.
    pub fn edit(&mut self, from: &str, to: &str) {
        let text = self.document();
        assert!(text.contains(from), "{from} is not in {text}");
        self.set_document(&text.replacen(from, to, 1));
    }

    pub fn write(&self, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join("forged");
        fs::write(&path, bytes).unwrap();
        path
    }

    pub fn open(&self) -> Result<UnverifiedBundle, OpenError> {
        UnverifiedBundle::open(&[self.write(&self.bytes())])
    }

    /// Why opening fails, with all causes.
    pub fn refusal(&self) -> String {
        chain(&self.open().unwrap_err())
    }
}

/// Opens bytes as one whose document is trusted: whoever signed it, the reader has to hold.
pub fn accept(forge: &Forge, bytes: &[u8]) -> Result<VerifiedBundle, OpenError> {
    let bundle = UnverifiedBundle::open(&[forge.write(bytes)])?;
    let digest: Digest = bundle.document_digest();
    bundle.verify_pinned(&digest)
}

/// The damages of a bundle that opens.
pub fn damages(forge: &Forge) -> Vec<Damage> {
    accept(forge, &forge.bytes()).unwrap().check(2, &|_| {})
}

/// The only damage of a bundle that opens.
pub fn damage(forge: &Forge) -> (String, String) {
    let damages = damages(forge);
    assert_eq!(damages.len(), 1, "{damages:?}");
    (damages[0].what.clone(), damages[0].problem.clone())
}

pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
