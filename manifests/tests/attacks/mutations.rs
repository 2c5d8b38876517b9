//! Random damage: it never makes the reader panic, and `check` never misses it.

use manifests::bundle::UnverifiedBundle;
use manifests::fake::{self, FakeBundle, fuzz_entry};
use proptest::prelude::*;

use super::forge::{Forge, accept};

fn tiny() -> FakeBundle {
    FakeBundle::new("demo", "1.0.0").image("docker.io/library/x:1", &[&[7; 2000]]).files("f", &[("a", b"text")])
}

/// Every byte of an archive counts: whichever is changed, opening fails, the signature does not fit or the check finds
/// it. Only where zstd knows two ways to write the same content, both are right.
#[test]
fn no_changed_byte_goes_unnoticed() {
    let forge = Forge::of(&tiny());
    let bytes = forge.bytes();
    let unpacked = zstd::decode_all(bytes.as_slice()).unwrap();
    // The filler of the slot is one run of spaces: a few of them stand for all.
    let filler = bytes.windows(9).position(|window| window == b" comment=").unwrap() + 20;
    let places = (0..filler).chain((filler..filler + 28_000).step_by(1009)).chain(filler + 28_000..bytes.len());
    // Every seventh, with every bit in turn: all of them take minutes.
    for (i, place) in places.step_by(7).enumerate() {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (i % 8);
        let noticed = accept(&forge, &changed).map_or(true, |bundle| !bundle.check(1, &|_| {}).is_empty());
        let same = || zstd::decode_all(changed.as_slice()).is_ok_and(|content| content == unpacked);
        assert!(noticed || signature_breaks(&forge, &changed) || same(), "byte {place} of {}", bytes.len());
    }
}

/// A document that was changed and is still a document is for the signature to find.
fn signature_breaks(forge: &Forge, bytes: &[u8]) -> bool {
    let opened = UnverifiedBundle::open(&[forge.write(bytes)]).unwrap();
    opened.verify(&fake::trust()).is_err()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_archives_never_make_it_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = Forge::of(&tiny()).bytes();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fuzz_entry(&bytes);
    }

    #[test]
    fn mutated_documents_never_make_it_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[0-9]{1,20}|[a-z]|\\[|\\]|\\{|\\}|\"|,|:|null|-1"), 1..4),
    ) {
        let mut forge = Forge::of(&tiny());
        let mut text = forge.document();
        for (place, replacement) in edits {
            let place = place.index(text.len());
            text.replace_range(place..=place, &replacement);
        }
        forge.set_document(&text);
        fuzz_entry(&forge.bytes());
    }

    #[test]
    fn tables_of_any_sizes_never_make_it_panic(sizes in prop::collection::vec((any::<u32>(), any::<u32>()), 0..20)) {
        let forge = Forge::of(&tiny());
        let mut liar = forge.clone();
        for (frame, (stored, unpacked)) in liar.frames.iter_mut().zip(sizes) {
            frame.0.resize((stored % 100_000) as usize, 0);
            frame.1 = unpacked;
        }
        fuzz_entry(&forge.with_table(&liar.table()));
        fuzz_entry(&liar.bytes());
    }
}
