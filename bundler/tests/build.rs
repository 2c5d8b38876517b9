//! Builds from sources on disk, through the library: what is placed, what is reused, what is listed.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use airgap_console::Progress;
use bundler::build::{BuildError, BuildOptions, Built, LockUse, ResolveOptions, build};
use bundler::sign::Signers;
use manifests::bundle::UnverifiedBundle;
use manifests::oci::{Descriptor, Index, Manifest, media_type};
use tokio_util::sync::CancellationToken;

/// Writes an image layout with one image of a small and a large layer.
fn layout(folder: &Path, seed: u8) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |media_type: &str, bytes: &[u8]| {
        let descriptor = Descriptor::of(media_type, bytes);
        fs::write(blobs.join(descriptor.digest.hex()), bytes).unwrap();
        descriptor
    };
    let config = put(
        "application/vnd.oci.image.config.v1+json",
        br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#,
    );
    let large: Vec<u8> = (0..9_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 ^ seed).collect();
    let layers = vec![
        put("application/vnd.oci.image.layer.v1.tar+gzip", b"the same in every version"),
        put("application/vnd.oci.image.layer.v1.tar+gzip", &large),
        put("application/vnd.oci.image.layer.v1.tar", &[seed; 300_000]),
    ];
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.into()),
        artifact_type: None,
        config,
        layers,
        subject: None,
        annotations: Default::default(),
    };
    let mut descriptor = put(media_type::OCI_MANIFEST, &serde_json::to_vec(&manifest).unwrap());
    descriptor.annotations.insert("org.opencontainers.image.ref.name".into(), "example.org/app:1".into());
    let index =
        Index { schema_version: 2, media_type: None, manifests: vec![descriptor], annotations: Default::default() };
    fs::write(folder.join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

const STACK: &str = "
apiVersion: airgap/v1
kind: Stack
name: platform
version: 1.2.3
created: 2026-11-21
images:
  - image: example.org/app:1
    attachments: false
    from: { ociLayout: layout }
";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        layout(&folder.path().join("layout"), 1);
        fs::write(folder.path().join("stack.yaml"), STACK).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn build(&self) -> Result<Built, BuildError> {
        self.build_until(CancellationToken::new()).await
    }

    async fn build_until(&self, stop: CancellationToken) -> Result<Built, BuildError> {
        build(self.options(), Signers::none(), Progress::hidden(), stop).await
    }

    fn options(&self) -> BuildOptions {
        let resolve = ResolveOptions {
            stack: self.path("stack.yaml"),
            reuse: Vec::new(),
            cache: None,
            source_date_epoch: None,
            concurrency: 4,
            deadline: None,
            now: "2026-11-21T08:00:00Z".parse().unwrap(),
            helm: None,
            without_apt_proof: None,
        };
        BuildOptions { resolve, lock: LockUse::IfThere, output: self.path("platform.tar.zst"), volume_size: None }
    }
}

#[tokio::test]
async fn a_build_holds_every_byte_and_a_second_one_places_nothing() {
    let bench = Bench::new();
    let first = bench.build().await.unwrap();
    assert_eq!((first.items, first.blobs, first.placed), (1, 5, 5));

    let bundle = UnverifiedBundle::open(&[bench.path("platform.tar.zst")]).unwrap();
    let digest = bundle.document_digest();
    let bundle = bundle.verify_pinned(&digest).unwrap();
    assert!(bundle.check(2, &|_| ()).is_empty());
    for blob in &bundle.document().blobs {
        let held = bundle.read_to_vec(&blob.digest, u64::MAX).unwrap();
        assert_eq!(held, fs::read(bench.path("layout/blobs/sha256").join(blob.digest.hex())).unwrap());
    }

    let before = fs::read(bench.path("platform.tar.zst")).unwrap();
    let again = bench.build().await.unwrap();
    assert_eq!((again.placed, again.digest), (0, first.digest));
    assert_eq!(fs::read(bench.path("platform.tar.zst")).unwrap(), before);
}

#[tokio::test]
async fn what_the_older_bundle_holds_is_taken_from_it() {
    let bench = Bench::new();
    bench.build().await.unwrap();
    // A new version, of which the shared layer is not to be had any more.
    layout(&bench.path("layout"), 2);
    let shared = manifests::Digest::of(b"the same in every version");
    fs::write(bench.path("layout/blobs/sha256").join(shared.hex()), b"the sane in every version").unwrap();
    let second = bench.build().await.unwrap();
    assert_eq!(second.placed, 5);
}

#[tokio::test]
async fn what_is_damaged_in_the_older_bundle_is_fetched_instead() {
    let bench = Bench::new();
    bench.build().await.unwrap();
    let mut older = fs::read(bench.path("platform.tar.zst")).unwrap();
    // In the large layer, most of which has been copied by then.
    let late = older.len() * 3 / 4;
    older[late] ^= 1;
    fs::write(bench.path("platform.tar.zst"), older).unwrap();
    fs::write(bench.path("stack.yaml"), STACK.replace("1.2.3", "1.2.4")).unwrap();
    bench.build().await.unwrap();
    let bundle = UnverifiedBundle::open(&[bench.path("platform.tar.zst")]).unwrap();
    let digest = bundle.document_digest();
    let bundle = bundle.verify_pinned(&digest).unwrap();
    assert_eq!(bundle.document().version.to_string(), "1.2.4");
    assert!(bundle.check(2, &|_| ()).is_empty());
}

#[tokio::test]
async fn a_stopped_build_leaves_the_older_bundle_alone_and_goes_on() {
    let bench = Bench::new();
    bench.build().await.unwrap();
    let older = fs::read(bench.path("platform.tar.zst")).unwrap();
    layout(&bench.path("layout"), 3);
    let stop = CancellationToken::new();
    stop.cancel();
    let error = bench.build_until(stop).await.unwrap_err();
    assert!(matches!(error, BuildError::Interrupted { .. }), "{error:?}");
    assert_eq!(fs::read(bench.path("platform.tar.zst")).unwrap(), older);
    bench.build().await.unwrap();
    assert_ne!(fs::read(bench.path("platform.tar.zst")).unwrap(), older);
    let left: Vec<_> = fs::read_dir(bench.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(".partial")), "{left:?}");
}

#[tokio::test]
async fn a_deadline_that_passes_while_items_are_looked_for_is_told_as_one() {
    let bench = Bench::new();
    // Connections are taken by the kernel, and nobody answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let more = format!("  - {address}/app:1\nregistries: {{ \"{address}\": {{ plainHTTP: true }} }}\n");
    fs::write(bench.path("stack.yaml"), format!("{STACK}{more}")).unwrap();
    let mut options = bench.options();
    options.resolve.deadline = Some(Duration::from_millis(300));
    let error = build(options, Signers::none(), Progress::hidden(), CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().starts_with("the deadline has passed"), "{error}");
    let BuildError::Deadline { partial: None, failures } = error else { panic!("{error:?}") };
    let told = format!("{failures:?}");
    assert!(failures.len() == 1 && told.contains(&format!("http://{address}/v2/app/manifests/1")), "{told}");
}

#[tokio::test]
async fn all_that_fails_is_listed_together() {
    let bench = Bench::new();
    let more = "  - { image: example.org/other:1, from: { ociLayout: nowhere } }\n  - { image: example.org/third:1, \
                from: { ociLayout: layout, name: nothing } }\n";
    fs::write(bench.path("stack.yaml"), format!("{STACK}{more}")).unwrap();
    let error = bench.build().await.unwrap_err();
    let BuildError::Unresolved { failures, of } = error else { panic!("{error:?}") };
    assert_eq!((failures.len(), of), (2, 3));
    assert!(!bench.path("platform.tar.zst.partial").exists());
}

#[tokio::test]
async fn a_build_takes_the_place_of_nothing_but_a_bundle() {
    let bench = Bench::new();
    fs::write(bench.path("precious.txt"), "mine").unwrap();
    for name in ["set.001", "other.002", "third.set.json"] {
        fs::write(bench.path(name), "mine").unwrap();
    }
    fs::create_dir(bench.path("folder")).unwrap();
    bench.build().await.unwrap();
    std::os::unix::fs::symlink("platform.tar.zst", bench.path("link")).unwrap();
    let before = |name: &str| fs::read(bench.path(name)).unwrap();
    let kept = ["stack.yaml", "precious.txt", "set.001", "other.002", "third.set.json", "platform.tar.zst"]
        .map(|name| (name, before(name)));
    // Were anything looked for, that would fail first.
    fs::remove_dir_all(bench.path("layout")).unwrap();
    for (name, volume_size, expected) in [
        ("stack.yaml", None, "stack.yaml` is there and is no bundle"),
        ("precious.txt", None, "precious.txt` is there and is no bundle"),
        ("set", Some(6 << 20), "set.001` is there and is no volume of a bundle"),
        ("other", Some(6 << 20), "other.002` is there and is no volume of a bundle"),
        ("third", Some(6 << 20), "third.set.json` is there and is no list of a bundle's volumes"),
        ("folder", None, "folder` is a folder"),
        ("link", None, "link` is a link"),
        ("/dev/null", None, "`/dev/null` is a device, a socket or a pipe"),
        ("nowhere/x.tar.zst", None, "there is no folder `"),
    ] {
        let options = BuildOptions { output: bench.path(name), volume_size, ..bench.options() };
        let error = build(options, Signers::none(), Progress::hidden(), CancellationToken::new()).await.unwrap_err();
        assert!(matches!(error, BuildError::Output(_)) && error.to_string().contains(expected), "{name}: {error}");
        assert!(miette::Diagnostic::help(&error).is_some(), "{name}: {error}");
    }
    for (name, content) in kept {
        assert!(before(name) == content, "{name} was changed");
    }
}
