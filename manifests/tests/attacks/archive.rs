//! Attacks on frames, the seek table, tar headers and the slot.

use std::io::Read as _;

use manifests::fake::{self, FakeBundle};

use super::forge::{BLOBS, CHECKSUMS, Forge, INDEX, SLOT, accept, damage, damages};

/// The frame of the blob with these bytes at the start of its content.
fn frame_of(forge: &Forge, start: &[u8]) -> usize {
    (BLOBS..forge.frames.len() - 1).find(|frame| forge.unpacked(*frame)[512..].starts_with(start)).unwrap()
}

fn refusal(forge: &Forge, bytes: &[u8]) -> String {
    accept(forge, bytes).unwrap_err().to_string()
}

#[test]
fn a_seek_table_that_lies_is_refused() {
    let good = Forge::new();
    let last = good.frames.len() - 2;
    let lies: [fn(&mut Forge, usize); 6] = [
        |forge, last| forge.frames.swap(last, last - 1),
        |forge, last| forge.frames[last].1 += 1,
        |forge, last| forge.frames[last].1 = 0,
        |forge, last| forge.frames[last].1 = u32::MAX,
        |forge, last| drop(forge.frames.remove(last)),
        |forge, last| forge.frames.insert(last, forge.frames[last].clone()),
    ];
    for (i, lie) in lies.iter().enumerate() {
        let mut liar = good.clone();
        lie(&mut liar, last);
        let error = refusal(&good, &good.with_table(&liar.table()));
        assert!(error.contains("seek table"), "{i}: {error}");
    }
}

#[test]
fn stored_sizes_are_moved_between_frames_in_vain() {
    let good = Forge::new();
    let mut liar = good.clone();
    // Raw blobs: their sizes follow from the document.
    for (from, to) in [(BLOBS, BLOBS + 1), (SLOT, CHECKSUMS)] {
        let byte = liar.frames[from].0.pop().unwrap();
        liar.frames[to].0.push(byte);
        assert!(refusal(&good, &good.with_table(&liar.table())).contains("the seek table disagrees"));
        liar = good.clone();
    }
    // Compressed ones: the sum is right, the frames are not.
    let byte = liar.frames[CHECKSUMS].0.pop().unwrap();
    liar.frames[CHECKSUMS + 1].0.push(byte);
    let bundle = accept(&good, &good.with_table(&liar.table())).unwrap();
    assert!(bundle.check(1, &|_| {}).iter().any(|damage| damage.what == "SHA256SUMS"));
}

#[test]
fn a_count_that_is_huge_takes_no_memory() {
    let good = Forge::new();
    let mut table = good.table();
    let end = table.len();
    table[end - 9..end - 5].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refusal(&good, &good.with_table(&table)).contains("more frames than bundle.json knows of"));
}

#[test]
fn members_that_the_document_does_not_know_are_refused() {
    let mut forge = Forge::new();
    let end = forge.frames.len() - 1;
    let mut header = tar::Header::new_gnu();
    header.set_path("etc/passwd").unwrap();
    header.set_size(0);
    header.set_cksum();
    forge.frames.insert(end, (Vec::new(), 0));
    forge.pack(end, header.as_bytes());
    assert!(refusal(&forge, &forge.bytes()).contains("the seek table"));
    // Unpacking to nothing, as a header of a volume does, and not being one.
    forge.frames[end] = (vec![0x55; 512], 0);
    let damages = damages(&forge);
    assert_eq!(damages[0].what, "the header of volume 1");
}

#[test]
fn links_and_other_names_in_headers_of_blobs_are_found_and_have_no_effect() {
    for (kind, name) in [(b'2', None), (b'1', None), (b'5', None), (b'0', Some(b"../../etc/cron.d/x"))] {
        let mut forge = Forge::new();
        let frame = frame_of(&forge, &[7; 100]);
        // A raw frame: nine bytes, three of the block, then the tar header.
        let header = &mut forge.frames[frame].0[12..12 + 512];
        header[156] = kind;
        if let Some(name) = name {
            header[..name.len()].copy_from_slice(name);
        }
        let (what, problem) = damage(&forge);
        assert!(what.starts_with("blobs/sha256/"));
        assert_eq!(problem, "a frame or block header, a tar header or padding is damaged");
        let bundle = accept(&forge, &forge.bytes()).unwrap();
        assert_eq!(bundle.read_to_vec(&manifests::Digest::of(&[7; 300_000]), 1 << 20).unwrap(), [7; 300_000]);
    }
}

#[test]
fn wrong_bytes_are_found_on_reading_and_on_checking() {
    let mut forge = Forge::new();
    let raw = frame_of(&forge, &[7; 100]);
    forge.frames[raw].0[100_000] ^= 1;
    let (what, problem) = damage(&forge);
    let digest = manifests::Digest::of(&[7; 300_000]);
    assert_eq!(what, format!("blobs/sha256/{}", digest.hex()));
    assert!(problem.contains(&format!("expected {digest}")), "{problem}");
    let bundle = accept(&forge, &forge.bytes()).unwrap();
    let mut reader = bundle.read(&digest).unwrap();
    let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

#[test]
fn compressed_content_that_was_exchanged_is_found() {
    let mut forge = Forge::new();
    let frame = frame_of(&forge, b"#!/bin/sh\n");
    let mut content = forge.unpacked(frame);
    content[512] = b'!';
    forge.pack(frame, &content);
    let (_, problem) = damage(&forge);
    assert!(problem.starts_with("expected sha256:"), "{problem}");
    let digest = manifests::Digest::of(b"#!/bin/sh\n");
    assert!(accept(&forge, &forge.bytes()).unwrap().read_to_vec(&digest, 100).is_err());
}

#[test]
fn a_decompression_bomb_stays_small() {
    let good = Forge::new();
    let frame = frame_of(&good, b"#!/bin/sh\n");
    let size = good.frames[frame].1;
    // It says what it is: 1 GiB. It lies: the size in its header is the expected one. It does not say.
    let honest = zstd::bulk::compress(&vec![0; 256 << 20], 3).unwrap();
    let mut lying = zstd::bulk::compress(&vec![0; 70_000], 3).unwrap();
    assert_eq!(lying[4] >> 6, 2, "the size takes four bytes");
    lying[5..9].copy_from_slice(&size.to_le_bytes());
    let mut silent = Vec::new();
    zstd::Encoder::new(&mut silent, 3)
        .and_then(|mut encoder| {
            encoder.include_contentsize(false)?;
            std::io::copy(&mut std::io::repeat(0).take(64 << 20), &mut encoder)?;
            encoder.finish().map(drop)
        })
        .unwrap();
    for bomb in [honest, lying, silent] {
        let mut forge = good.clone();
        forge.frames[frame].0 = bomb.clone();
        // Where the bomb is larger than a writer's frame would be, the table gives it away.
        match accept(&forge, &forge.bytes()) {
            Err(error) => assert!(error.to_string().contains("the seek table disagrees"), "{error}"),
            Ok(bundle) => {
                assert_eq!(bundle.check(1, &|_| {}).len(), 1);
                assert!(bundle.read_to_vec(&manifests::Digest::of(b"#!/bin/sh\n"), 100).is_err());
            }
        }
        // As the document's own frame it does not even open.
        let mut forge = good.clone();
        forge.frames[0].0 = bomb;
        assert!(forge.open().is_err());
    }
}

#[test]
fn a_frame_with_something_behind_it_is_found() {
    let mut forge = Forge::new();
    let frame = frame_of(&forge, b"#!/bin/sh\n");
    forge.frames[frame].0.extend(zstd::bulk::compress(b"", 3).unwrap());
    let (_, problem) = damage(&forge);
    assert!(problem.contains("but the seek table says"), "{problem}");
}

#[test]
fn bytes_hidden_in_padding_are_found() {
    let mut forge = Forge::new();
    let raw = frame_of(&forge, &[7; 100]);
    *forge.frames[raw].0.last_mut().unwrap() = 1;
    assert_eq!(damage(&forge).1, "a frame or block header, a tar header or padding is damaged");
    let mut forge = Forge::new();
    let packed = frame_of(&forge, b"#!/bin/sh\n");
    let mut content = forge.unpacked(packed);
    *content.last_mut().unwrap() = 1;
    forge.pack(packed, &content);
    assert_eq!(damage(&forge).1, "its tar header or padding is damaged");
}

#[test]
fn checksums_index_and_layout_that_differ_from_the_document_are_found() {
    for frame in CHECKSUMS..=INDEX {
        let mut forge = Forge::new();
        let mut content = forge.unpacked(frame);
        content[520] ^= 1;
        forge.pack(frame, &content);
        let (what, problem) = damage(&forge);
        assert_eq!(what, ["SHA256SUMS", "oci-layout", "index.json"][frame - CHECKSUMS]);
        assert_eq!(problem, "it is not what bundle.json says");
        let bundle = accept(&forge, &forge.bytes()).unwrap();
        assert_eq!(bundle.layout_index().is_err(), frame == INDEX);
    }
}

#[test]
fn the_slot_holds_nothing_but_signatures() {
    let good = Forge::new();
    let slot = |change: &dyn Fn(&mut [u8])| {
        let mut forge = good.clone();
        change(&mut forge.frames[SLOT].0[12..]);
        forge
    };
    // Bytes in the filler: harmless, and found.
    let forge = slot(&|content| content[20_000] = b'x');
    assert_eq!(damage(&forge), ("signatures".to_owned(), "the signature slot holds more than signatures".to_owned()));
    // Links, sizes beyond the slot, no text, headers to the end.
    let refused: [fn(&mut [u8]); 4] = [
        |content| content[156] = b'2',
        |content| content[124..135].copy_from_slice(b"77777777777"),
        |content| content[600] = 0xFF,
        |content| content.fill(0),
    ];
    for change in refused {
        assert!(slot(&change).refusal().contains("can't read the signatures"), "{}", slot(&change).refusal());
    }
    // Stored in another way, it could not be rewritten in place.
    let mut forge = good.clone();
    let content = forge.unpacked(SLOT);
    forge.pack(SLOT, &content);
    assert!(forge.refusal().contains("the signature slot"), "{}", forge.refusal());
}

#[test]
fn a_signature_for_another_bundle_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let other = FakeBundle::new("demo", "2.0.0").plan();
    FakeBundle::small().write_with(&path, None, &[fake::sign(other.document_bytes())]);
    let opened = manifests::bundle::UnverifiedBundle::open(&[path]).unwrap();
    assert!(opened.verify(&fake::trust()).unwrap_err().to_string().ends_with("x is not trusted"));
}

#[test]
fn an_unsigned_bundle_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    FakeBundle::small().write_with(&path, None, &[]);
    let opened = manifests::bundle::UnverifiedBundle::open(&[path]).unwrap();
    assert!(opened.verify(&fake::trust()).is_err());
}
