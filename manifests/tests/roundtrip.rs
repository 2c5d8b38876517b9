//! What is written is read back, whatever the order and the number of threads.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write as _;
use std::path::Path;

use manifests::Digest;
use manifests::bundle::{BundleWriter, Plan, UnverifiedBundle, VerifiedBundle};
use manifests::document::{Blob, Encoding};

fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

fn plan(contents: &[(Vec<u8>, Encoding)]) -> Plan {
    let blobs = contents.iter().map(|(content, encoding)| Blob {
        digest: Digest::of(content),
        size: content.len() as u64,
        encoding: *encoding,
    });
    let created = "2026-01-02T03:04:05Z".parse().unwrap();
    Plan::new("demo".parse().unwrap(), "1.2.3".parse().unwrap(), created, vec![], blobs.collect(), None).unwrap()
}

fn write(path: &Path, plan: &Plan, contents: &[(Vec<u8>, Encoding)], split: Option<u64>) {
    let writer = BundleWriter::create(path, plan, split).unwrap();
    let content = |digest: &Digest| contents.iter().find(|(content, _)| Digest::of(content) == *digest).unwrap();
    let fill = |blob: &Blob| {
        let mut sink = writer.sink(&blob.digest).unwrap();
        content(&blob.digest).0.chunks(100_003).for_each(|chunk| sink.write_all(chunk).unwrap());
        sink.finish().unwrap();
    };
    let mut raw = writer.pending_raw();
    raw.reverse();
    std::thread::scope(|scope| {
        raw.iter().for_each(|blob| drop(scope.spawn(|| fill(blob))));
        writer.pending_compressed().iter().for_each(fill);
    });
    writer.finish(&["one".to_owned()]).unwrap();
}

fn open(path: &Path, plan: &Plan) -> VerifiedBundle {
    UnverifiedBundle::open(&[path]).unwrap().verify_pinned(&plan.document_digest()).unwrap()
}

fn samples() -> Vec<(Vec<u8>, Encoding)> {
    let sizes = [0, 1, 511, 512, 131_072, 131_073, 31 * 131_072, 31 * 131_072 + 1, 9_000_000];
    let mut samples: Vec<_> = sizes.iter().map(|size| (noise(*size as u64 + 1, *size), Encoding::Raw)).collect();
    for size in [1, 3000, 4 << 20, (4 << 20) - 512, 9_000_001] {
        samples.push((noise(size as u64 + 77, size), Encoding::Zstd));
        samples.push((noise(5, 10).repeat(size / 10 + 2), Encoding::Zstd));
    }
    samples
}

fn assert_whole(bundle: &VerifiedBundle, contents: &[(Vec<u8>, Encoding)]) {
    for (content, encoding) in contents {
        let digest = Digest::of(content);
        assert_eq!(bundle.read_to_vec(&digest, u64::MAX).unwrap(), *content);
        let size = content.len() as u64;
        for range in [0..size, 0..1, size / 3..size / 3 * 2, size.saturating_sub(1)..size + 10] {
            let expected = &content[range.start as usize..(range.end.min(size)) as usize];
            let mut part = Vec::new();
            std::io::Read::read_to_end(&mut bundle.read_range(&digest, range.clone()).unwrap(), &mut part).unwrap();
            assert_eq!(part, expected, "{size} {range:?}");
            if *encoding == Encoding::Raw {
                let mut part = Vec::new();
                for segment in bundle.segments(&digest, range).unwrap() {
                    let mut bytes = vec![0; segment.length as usize];
                    std::os::unix::fs::FileExt::read_exact_at(&*segment.file, &mut bytes, segment.offset).unwrap();
                    part.extend(bytes);
                }
                assert_eq!(part, expected);
            }
        }
    }
    assert_eq!(bundle.check(2, &|_| {}), vec![]);
}

#[test]
fn one_file_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.zst");
    let contents = samples();
    let plan = plan(&contents);
    write(&path, &plan, &contents, None);
    assert_whole(&open(&path, &plan), &contents);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["x.tar.zst"]);
    assert_eq!(UnverifiedBundle::open(&[path]).unwrap().signatures(), ["one"]);
}

#[test]
fn volumes_read_back_apart_and_joined() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.zst");
    let contents = samples();
    let plan = plan(&contents);
    write(&path, &plan, &contents, Some(6 << 20));
    assert_whole(&open(&path, &plan), &contents);
    assert_whole(&open(&folder.path().join("x.tar.zst.002"), &plan), &contents);
    let mut joined = Vec::new();
    for number in 1.. {
        let Ok(volume) = std::fs::read(folder.path().join(format!("x.tar.zst.{number:03}"))) else { break };
        assert!(volume.len() < 6 << 20);
        joined.extend(volume);
    }
    let single = folder.path().join("joined");
    std::fs::write(&single, joined).unwrap();
    assert_whole(&open(&single, &plan), &contents);
}

#[test]
fn a_document_of_several_frames_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<String> = (0..40_000).map(|i| format!("share/{i}")).collect();
    let files: Vec<(&str, &[u8])> = paths.iter().map(|path| (path.as_str(), &b"the same"[..])).collect();
    let bundle = manifests::fake::FakeBundle::small().files("many", &files);
    assert!(bundle.plan().document_bytes().len() > 4 << 20);
    let path = bundle.write(&folder.path().join("x"));
    let opened = UnverifiedBundle::open(&[&path]).unwrap().verify(&manifests::fake::trust()).unwrap();
    assert_eq!(opened.document(), bundle.plan().document());
    assert_eq!(opened.check(2, &|_| {}), vec![]);
}

#[test]
fn opening_takes_as_long_for_a_huge_bundle_as_for_a_small_one() {
    // Only the head and the end are ever read: the rest is a hole, though a writer asks for room for all of it.
    const SIZE: u64 = 5 << 30;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let blob = Blob { digest: Digest::of(b"never read"), size: SIZE, encoding: Encoding::Raw };
    let created = "2026-01-02T03:04:05Z".parse().unwrap();
    let plan = Plan::new("demo".parse().unwrap(), "1.2.3".parse().unwrap(), created, vec![], vec![blob], None).unwrap();
    let digest = plan.document_digest();
    let started = BundleWriter::create(&path, &plan, None).unwrap();
    drop(started);
    let journal = folder.path().join("x.partial.journal");
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text.push_str(&format!("{{\"raw\":\"{}\"}}\n", blob.digest));
    std::fs::write(&journal, text).unwrap();
    BundleWriter::create(&path, &plan, None).unwrap().finish(&[]).unwrap();
    let bundle = UnverifiedBundle::open(&[&path]).unwrap().verify_pinned(&digest).unwrap();
    assert!(bundle.archive_size() > SIZE);
    // A part from the far end is found without reading what is before.
    let end = SIZE - 100..SIZE;
    assert_eq!(bundle.segments(&blob.digest, end).unwrap().iter().map(|segment| segment.length).sum::<u64>(), 100);
}
