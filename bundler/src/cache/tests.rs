use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use manifests::document::Encoding;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::credentials::Credentials;
use crate::http::{Client, MemorySink, Settings};
use crate::oci::Registries;
use crate::test_server::{Answer, TestServer};

fn fetcher() -> Fetcher {
    let mut settings = Settings { use_proxies: false, ..Settings::default() };
    settings.patience.attempts = 1;
    let client = Client::new(settings, CancellationToken::new()).unwrap();
    Fetcher::new(Registries::new(client, Credentials::none(), Default::default()), Credentials::none())
}

async fn serve(content: &'static [u8]) -> (TestServer, Vec<WantedBlob>) {
    let server = TestServer::start(move |_| Answer::ok(content)).await;
    let origin = Origin::Url { url: server.url("blob") };
    let blob = WantedBlob { digest: Digest::of(content), size: content.len() as u64, encoding: Encoding::Raw, origin };
    (server, vec![blob])
}

async fn fetch(cache: &Cache, blobs: &[WantedBlob]) -> Vec<u8> {
    let mut pump = Pump::new(Tee::new(MemorySink::new(1 << 20, Some(blobs[0].digest))));
    cache.fetch_any(&fetcher(), blobs, &mut pump).await.unwrap();
    pump.into_sink().await.unwrap().into_inner().into_bytes().to_vec()
}

fn add(cache: &Cache, content: &[u8]) -> Digest {
    let digest = Digest::of(content);
    let mut tee = Tee::new(MemorySink::new(1 << 20, Some(digest)));
    tee.keep(cache, digest, content.len() as u64);
    tee.write(content).unwrap();
    tee.finish().unwrap();
    digest
}

fn incoming(cache: &Cache) -> usize {
    fs::read_dir(cache.folder().join("new")).unwrap().count()
}

#[tokio::test]
async fn a_blob_is_fetched_once() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(&directory.path().join("cache"), DEFAULT_LIMIT).unwrap();
    let (server, blobs) = serve(b"content").await;
    for _ in 0..3 {
        assert_eq!(fetch(&cache, &blobs).await, b"content");
    }
    assert_eq!(server.asked().len(), 1);
    let again = Cache::open(cache.folder(), 1).unwrap();
    assert_eq!(again.info().unwrap(), CacheInfo { blobs: 1, bytes: 7, limit: 1 });
    assert_eq!(incoming(&cache), 0);
}

#[tokio::test]
async fn a_flipped_byte_is_found_and_the_blob_is_fetched_again() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), DEFAULT_LIMIT).unwrap();
    let (server, blobs) = serve(b"content").await;
    let path = cache.path(&add(&cache, b"content"));
    for damaged in [&b"Content"[..], b"short"] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(fetch(&cache, &blobs).await, b"content");
        assert_eq!(fs::read(&path).unwrap(), b"content", "the good one takes its place");
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn wrong_and_unfinished_blobs_are_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), DEFAULT_LIMIT).unwrap();
    let digest = Digest::of(b"right");
    let mut tee = Tee::new(MemorySink::new(100, Some(digest)));
    tee.keep(&cache, digest, 5);
    tee.write(b"wrong").unwrap();
    tee.finish().unwrap_err();
    assert_eq!(cache.find(&digest, 5), None);
    tee.restart().unwrap();
    tee.write(b"rig").unwrap();
    assert_eq!(incoming(&cache), 1);
    drop(tee);
    assert_eq!((incoming(&cache), cache.find(&digest, 5)), (0, None));
    let mut tee = Tee::new(MemorySink::new(100, Some(digest)));
    tee.keep(&cache, digest, 5);
    for part in [&b"wro"[..], b"ng"] {
        tee.write(part).unwrap();
    }
    tee.restart().unwrap();
    tee.write(b"right").unwrap();
    tee.finish().unwrap();
    assert_eq!(fs::read(cache.find(&digest, 5).unwrap()).unwrap(), b"right");
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), 30).unwrap();
    let blobs = [add(&cache, &[1; 10]), add(&cache, &[2; 10]), add(&cache, &[3; 10])];
    for (age, digest) in [(30, blobs[0]), (20, blobs[1]), (10, blobs[2])] {
        let file = File::open(cache.path(&digest)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }
    cache.find(&blobs[0], 10).unwrap();
    let latest = add(&cache, &[4; 5]);
    let kept = |digest: &Digest| cache.path(digest).exists();
    assert_eq!(blobs.map(|digest| kept(&digest)), [true, false, true], "35 bytes are cut to at most 27");
    assert!(kept(&latest));
    add(&cache, &[5; 31]);
    assert_eq!(cache.info().unwrap().blobs, 3, "what is larger than the cache does not empty it");
    assert_eq!(cache.prune(0).unwrap(), Pruned { blobs: 3, bytes: 25 });
    assert_eq!(cache.info().unwrap().bytes, 0);
}

#[test]
fn builds_share_a_cache() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Cache::open(directory.path(), 1 << 20).unwrap();
    let (one, two) = (open(), open());
    let content = [7; 1000];
    let digest = Digest::of(&content);
    let mut tees = [&one, &two].map(|cache| {
        let mut tee = Tee::new(MemorySink::new(1 << 20, Some(digest)));
        tee.keep(cache, digest, 1000);
        tee.write(&content[..500]).unwrap();
        tee
    });
    // A third build starts: what the others write is not left behind, this is.
    fs::write(directory.path().join("new/left-behind"), "x").unwrap();
    open();
    assert_eq!(incoming(&one), 2);
    for tee in &mut tees {
        tee.write(&content[500..]).unwrap();
        tee.finish().unwrap();
    }
    assert_eq!(one.info().unwrap().blobs, 1);
    assert_eq!(incoming(&one), 0);
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let cache = open();
                for number in 0..50_u8 {
                    add(&cache, &[number; 2000]);
                    cache.prune(20_000).unwrap();
                }
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!((count.into_inner(), incoming(&one)), (4, 0));
    assert!(open().info().unwrap().bytes <= 20_000);
}

#[tokio::test]
async fn a_cache_that_can_t_be_written_fails_no_build() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::open(directory.path(), DEFAULT_LIMIT).unwrap();
    let (server, blobs) = serve(b"content").await;
    fs::remove_dir(directory.path().join("new")).unwrap();
    for _ in 0..2 {
        assert_eq!(fetch(&cache, &blobs).await, b"content");
    }
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_folder_with_other_things_is_no_cache() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("thesis.txt"), "x").unwrap();
    let error = Cache::open(directory.path(), 1).unwrap_err();
    assert!(matches!(error, CacheError::NotACache(_)), "{error}");
    assert!(directory.path().join("thesis.txt").exists());
    let error = Cache::existing(&directory.path().join("typo"), 1).unwrap_err();
    assert!(matches!(error, CacheError::None(_)) && !directory.path().join("typo").exists());
}
