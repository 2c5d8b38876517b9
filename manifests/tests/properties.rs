//! Any content, written in any order by any number of threads, in one file or in volumes, is the same archive and reads
//! back the same.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use manifests::Digest;
use manifests::bundle::{BundleWriter, Plan, UnverifiedBundle, volume};
use manifests::document::{Blob, Encoding};
use proptest::prelude::*;

/// Content: a size, and how well it shrinks.
#[derive(Debug, Clone)]
struct Sample {
    size: usize,
    period: usize,
    seed: u32,
    encoding: Encoding,
}

impl Sample {
    fn content(&self) -> Vec<u8> {
        let byte = |i: usize| ((i % self.period) as u32 ^ self.seed).wrapping_mul(2_654_435_761) >> 13;
        (0..self.size).map(|i| byte(i) as u8).collect()
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    // Around every border of the format: blocks of tar and of zstd, frames.
    let border = prop::sample::select(vec![0_usize, 512, 1024, 131_072, 262_144, 31 * 131_072, 62 * 131_072, 4 << 20]);
    let near = (border, -2_i32..3).prop_map(|(border, by)| border.saturating_add_signed(by as isize));
    let size = prop_oneof![3 => 0_usize..5000, 2 => near, 1 => 0_usize..10_000_000];
    let encoding = prop::sample::select(vec![Encoding::Raw, Encoding::Zstd]);
    (size, prop::sample::select(vec![1, 1000, usize::MAX]), any::<u32>(), encoding)
        .prop_map(|(size, period, seed, encoding)| Sample { size, period, seed, encoding })
}

type Contents = BTreeMap<Digest, (Vec<u8>, Encoding)>;

fn plan(contents: &Contents) -> Plan {
    let blobs = contents.iter().map(|(digest, (content, encoding))| Blob {
        digest: *digest,
        size: content.len() as u64,
        encoding: *encoding,
    });
    let created = "2026-01-02T03:04:05Z".parse().unwrap();
    Plan::new("demo".parse().unwrap(), "1.2.3".parse().unwrap(), created, vec![], blobs.collect(), None).unwrap()
}

/// Writes with `threads` threads for raw blobs, in an order that follows from `order`, in chunks of `chunk` bytes.
fn write(
    path: &Path,
    contents: &Contents,
    split: Option<u64>,
    threads: usize,
    order: u64,
    chunk: usize,
) -> Vec<PathBuf> {
    let writer = BundleWriter::create(path, &plan(contents), split).unwrap();
    let fill = |blob: Blob| {
        let mut sink = writer.sink(&blob.digest).unwrap();
        contents[&blob.digest].0.chunks(chunk).for_each(|chunk| sink.write_all(chunk).unwrap());
        sink.finish().unwrap();
    };
    let mut raw = writer.pending_raw();
    raw.sort_by_key(|blob| u64::from(blob.digest.as_bytes()[7]).wrapping_mul(order) % 257);
    let queue = Mutex::new(raw);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(blob) = { queue.lock().unwrap().pop() } {
                    fill(blob);
                }
            });
        }
        writer.pending_compressed().into_iter().for_each(fill);
    });
    writer.finish(&[]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_archive_does_not_depend_on_how_it_was_written_and_reads_back(
        samples in prop::collection::vec(sample(), 0..8),
        threads in 1_usize..5,
        order in any::<u64>(),
        chunk in 1_000_usize..400_000,
        range in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let contents: Contents = samples.iter().map(|sample| {
            let content = sample.content();
            (Digest::of(&content), (content, sample.encoding))
        }).collect();
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        write(&one, &contents, None, 1, 1, 65_536);
        write(&other, &contents, None, threads, order, chunk);
        prop_assert!(fs::read(&one).unwrap() == fs::read(&other).unwrap());

        let size = 6 << 20;
        let volumes = write(&folder.path().join("v"), &contents, Some(size), threads, order, chunk);
        prop_assert!(volumes.iter().all(|path| fs::metadata(path).unwrap().len() < size));
        let joined = volume::join(&volumes, &folder.path().join("joined"), &|_| {}).unwrap();
        prop_assert!(fs::read(&joined[0]).unwrap() == fs::read(&one).unwrap());

        for path in [&one, &volumes[0]] {
            let bundle = UnverifiedBundle::open(&[path]).unwrap();
            let digest = bundle.document_digest();
            let bundle = bundle.verify_pinned(&digest).unwrap();
            prop_assert_eq!(bundle.check(threads, &|_| {}), vec![]);
            for (digest, (content, _)) in &contents {
                prop_assert!(bundle.read_to_vec(digest, u64::MAX).unwrap() == *content);
                let (a, b) = (range.0.index(content.len() + 1), range.1.index(content.len() + 1));
                let (from, to) = (a.min(b), a.max(b));
                let mut part = Vec::new();
                bundle.read_range(digest, from as u64..to as u64).unwrap().read_to_end(&mut part).unwrap();
                prop_assert!(part == content[from..to]);
            }
        }
    }
}
