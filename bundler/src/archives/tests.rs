use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use manifests::Digest;
use manifests::oci::{DescribedPlatform, Index, Manifest, annotation, media_type};
use manifests::yaml::{Location, SourceFile};

use super::*;
use crate::charts::artifact::to_json;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image layout that grows blob by blob.
struct Fixture {
    directory: tempfile::TempDir,
    entries: Vec<Descriptor>,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("blobs/sha256")).unwrap();
        fs::write(directory.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self { directory, entries: Vec::new() }
    }

    fn blob(&self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(media_type, bytes);
        fs::write(self.blob_path(&descriptor), bytes).unwrap();
        descriptor
    }

    fn blob_path(&self, descriptor: &Descriptor) -> PathBuf {
        self.directory.path().join("blobs/sha256").join(descriptor.digest.hex())
    }

    fn manifest(&self, architecture: &str, layer: &Descriptor, subject: Option<Descriptor>) -> Descriptor {
        let config = match architecture {
            "" => self.blob(media_type::OCI_EMPTY, b"{}"),
            _ => self.blob(CONFIG, format!(r#"{{"os":"linux","architecture":"{architecture}"}}"#).as_bytes()),
        };
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media_type::OCI_MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers: vec![layer.clone()],
            subject,
            annotations: BTreeMap::new(),
        };
        self.blob(media_type::OCI_MANIFEST, &to_json(&manifest))
    }

    fn index_of(&self, manifests: Vec<Descriptor>) -> Descriptor {
        let index = Index { schema_version: 2, media_type: None, manifests, annotations: BTreeMap::new() };
        self.blob(media_type::OCI_INDEX, &to_json(&index))
    }

    fn add(&mut self, descriptor: &Descriptor, name: &str) {
        let mut entry = descriptor.clone();
        entry.annotations.insert(annotation::REF_NAME.to_owned(), name.to_owned());
        self.entries.push(entry);
    }

    fn finish(&self) -> PathBuf {
        let index = Index {
            schema_version: 2,
            media_type: None,
            manifests: self.entries.clone(),
            annotations: BTreeMap::new(),
        };
        fs::write(self.directory.path().join("index.json"), to_json(&index)).unwrap();
        self.directory.path().to_owned()
    }

    fn resolve(&self, platforms: &[&str]) -> Result<Resolved, LocalImageError> {
        resolve(&image("quay.io/a/b:1", platforms, ImageSource::OciLayout(local(self.finish())))).map(Option::unwrap)
    }
}

fn local(path: PathBuf) -> LocalImage {
    LocalImage { path, name: None }
}

fn image(reference: &str, platforms: &[&str], source: ImageSource) -> ResolvedImage {
    ResolvedImage {
        reference: reference.parse().unwrap(),
        platforms: platforms.iter().map(|platform| platform.parse().unwrap()).collect(),
        attachments: true,
        source,
        found: false,
        others: Vec::new(),
        component: "test".parse().unwrap(),
        location: Location::new(&SourceFile::new("stack.yaml", ""), 0..0),
    }
}

fn for_platform(mut descriptor: Descriptor, os: &str, architecture: &str) -> Descriptor {
    descriptor.platform = Some(DescribedPlatform {
        architecture: architecture.to_owned(),
        os: os.to_owned(),
        variant: None,
        os_version: None,
    });
    descriptor
}

fn digests(resolved: &Resolved) -> Vec<Digest> {
    resolved.blobs.iter().map(|blob| blob.digest).collect()
}

#[test]
fn an_index_is_carried_as_it_is_with_the_wanted_platforms_alone() {
    let mut fixture = Fixture::new();
    let (one, two) = (fixture.blob(LAYER, b"amd64 layer"), fixture.blob(LAYER, b"arm64 layer"));
    let amd64 = for_platform(fixture.manifest("amd64", &one, None), "linux", "amd64");
    let arm64 = for_platform(fixture.manifest("arm64", &two, None), "linux", "arm64");
    let mut attestation = for_platform(fixture.manifest("", &one, None), "unknown", "unknown");
    attestation.annotations.insert("vnd.docker.reference.digest".to_owned(), amd64.digest.to_string());
    let mut other = for_platform(fixture.manifest("", &two, None), "unknown", "unknown");
    other.annotations.insert("vnd.docker.reference.digest".to_owned(), arm64.digest.to_string());
    let index = fixture.index_of(vec![amd64.clone(), arm64.clone(), attestation.clone(), other.clone()]);
    fixture.add(&index, "1");
    let resolved = fixture.resolve(&["linux/amd64"]).unwrap();
    let item = resolved.item.as_image().unwrap();
    assert_eq!(item.descriptor.digest, index.digest);
    assert_eq!(item.platforms, ["linux/amd64".parse().unwrap()]);
    let digests = digests(&resolved);
    assert!(digests.contains(&attestation.digest) && digests.contains(&one.digest) && digests.contains(&index.digest));
    assert!(!digests.contains(&arm64.digest) && !digests.contains(&two.digest) && !digests.contains(&other.digest));
    let layer = resolved.blobs.iter().find(|blob| blob.digest == one.digest).unwrap();
    assert!(matches!(&layer.origin, Origin::LocalFile { path } if *path == fixture.blob_path(&one)));
    // Whether a part will do is judged by those who know what the platforms are wanted for.
    let part = fixture.resolve(&["linux/amd64", "linux/s390x"]).unwrap();
    assert_eq!(part.item.as_image().unwrap().platforms, ["linux/amd64".parse().unwrap()]);
    let error = fixture.resolve(&["linux/s390x"]).unwrap_err().to_string();
    assert!(error.ends_with("is not for linux/s390x; it is for linux/amd64, linux/arm64"), "{error}");
}

#[test]
fn signatures_and_referrers_beside_an_image_go_with_it() {
    let mut fixture = Fixture::new();
    let layer = fixture.blob(LAYER, b"layer");
    let root = fixture.manifest("amd64", &layer, None);
    let signature = fixture.manifest("", &fixture.blob("application/x-sig", b"signature"), None);
    let sbom = fixture.manifest("", &fixture.blob("application/x-sbom", b"sbom"), Some(root.clone()));
    let stranger = fixture.manifest("", &fixture.blob("application/x-other", b"other"), None);
    let tag = format!("sha256-{}.sig", root.digest.hex());
    fixture.add(&root, "1");
    fixture.add(&signature, &tag);
    fixture.entries.push(sbom.clone());
    fixture.add(&stranger, &format!("sha256-{}.sig", Digest::of(b"unrelated").hex()));
    let resolved = fixture.resolve(&["linux/amd64"]).unwrap();
    let attached = &resolved.item.as_image().unwrap().attached;
    let mut expected = [signature.digest, sbom.digest];
    expected.sort();
    assert_eq!(attached.iter().map(|a| a.digest).collect::<Vec<_>>(), expected);
    let signed = attached.iter().find(|a| a.digest == signature.digest).unwrap();
    assert_eq!(signed.annotations.get(annotation::REF_NAME), Some(&tag));
    assert!(!digests(&resolved).contains(&stranger.digest));
}

#[test]
fn missing_damaged_and_foreign_blobs_are_named() {
    let mut fixture = Fixture::new();
    let layer = fixture.blob(LAYER, b"layer");
    let root = fixture.manifest("amd64", &layer, None);
    fixture.add(&root, "1");
    fs::write(fixture.blob_path(&layer), b"short").unwrap();
    fixture.resolve(&["linux/amd64"]).unwrap();
    fs::write(fixture.blob_path(&layer), b"longer than it should be").unwrap();
    assert!(
        matches!(fixture.resolve(&["linux/amd64"]), Err(LocalImageError::Damaged { digest, .. }) if digest == layer.digest)
    );
    fs::remove_file(fixture.blob_path(&layer)).unwrap();
    assert!(
        matches!(fixture.resolve(&["linux/amd64"]), Err(LocalImageError::MissingBlob { digest, .. }) if digest == layer.digest)
    );
    fs::write(fixture.blob_path(&root), vec![b' '; root.size as usize]).unwrap();
    assert!(
        matches!(fixture.resolve(&["linux/amd64"]), Err(LocalImageError::Damaged { digest, .. }) if digest == root.digest)
    );
    let mut foreign = Fixture::new();
    let layer = foreign.blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", b"windows");
    let root = foreign.manifest("amd64", &layer, None);
    foreign.add(&root, "1");
    assert!(matches!(foreign.resolve(&["linux/amd64"]), Err(LocalImageError::Foreign { .. })));
}

#[test]
fn an_image_for_another_system_and_another_digest_are_refused() {
    let mut fixture = Fixture::new();
    let root = fixture.manifest("arm64", &fixture.blob(LAYER, b"layer"), None);
    fixture.add(&root, "1");
    assert!(matches!(fixture.resolve(&["linux/amd64"]), Err(LocalImageError::NoPlatform { .. })));
    let pinned = format!("quay.io/a/b:1@{}", Digest::of(b"other"));
    let error =
        resolve(&image(&pinned, &["linux/arm64"], ImageSource::OciLayout(local(fixture.finish())))).unwrap_err();
    assert!(matches!(error, LocalImageError::OtherDigest { actual, .. } if actual == root.digest), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let source = ImageSource::OciLayout(local(empty.path().to_owned()));
    assert!(matches!(resolve(&image("a:1", &[], source)), Err(LocalImageError::NotALayout(_))));
}

/// A tar with members and links, as an old `docker save` writes it.
fn docker_archive(directory: &Path, gzip_layer: bool) -> PathBuf {
    let layer = b"one layer".to_vec();
    let stored = if gzip_layer { [b"\x1f\x8b".as_slice(), &layer].concat() } else { layer.clone() };
    let id = Digest::of(&layer);
    let config =
        format!(r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{id}","{id}"]}}}}"#);
    let manifest = r#"[{"Config":"c.json","RepoTags":["nginx:1"],"Layers":["a/layer.tar","b/layer.tar"]}]"#;
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in
        [("a/layer.tar", &stored[..]), ("c.json", config.as_bytes()), ("manifest.json", manifest.as_bytes())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "b/layer.tar", "../a/layer.tar").unwrap();
    let path = directory.join("image.tar");
    fs::write(&path, tar.into_inner().unwrap()).unwrap();
    path
}

#[test]
fn an_old_docker_archive_gets_a_manifest_that_is_always_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = docker_archive(directory.path(), false);
    let take = || {
        let source = ImageSource::DockerArchive(local(path.clone()));
        resolve(&image("docker.io/library/nginx:1", &["linux/amd64"], source)).unwrap().unwrap()
    };
    let resolved = take();
    let root = &resolved.item.as_image().unwrap().descriptor;
    assert_eq!(root.digest, take().item.descriptor().unwrap().digest);
    let Origin::Bytes(manifest) = &resolved.blobs.iter().find(|b| b.digest == root.digest).unwrap().origin else {
        panic!("the manifest is made here");
    };
    let manifest: Manifest = serde_json::from_slice(manifest).unwrap();
    let id = Digest::of(b"one layer");
    assert_eq!(manifest.layers.iter().map(|layer| layer.digest).collect::<Vec<_>>(), [id, id], "the link is followed");
    let layer = resolved.blobs.iter().find(|b| b.digest == id).unwrap();
    let Origin::ArchiveMember { offset, .. } = &layer.origin else { panic!("read in place") };
    let bytes = fs::read(&path).unwrap();
    assert_eq!(&bytes[*offset as usize..][..layer.size as usize], b"one layer");
}

#[test]
fn a_compressed_layer_in_a_docker_archive_keeps_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let source = ImageSource::DockerArchive(local(docker_archive(directory.path(), true)));
    let resolved = resolve(&image("nginx:1", &["linux/amd64"], source)).unwrap().unwrap();
    assert!(digests(&resolved).contains(&Digest::of(b"\x1f\x8bone layer")));
}

#[test]
fn a_docker_archive_without_the_image_says_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let path = docker_archive(directory.path(), false);
    let take = |reference: &str, name: Option<&str>| {
        let local = LocalImage { path: path.clone(), name: name.map(str::to_owned) };
        resolve(&image(reference, &["linux/amd64"], ImageSource::DockerArchive(local))).map(|_| ())
    };
    let error = take("redis:7", None).unwrap_err().to_string();
    assert!(error.ends_with("has no image `docker.io/library/redis:7`; it has nginx:1"), "{error}");
    take("redis:7", Some("nginx:1")).unwrap();
    let error =
        resolve(&image("nginx:1", &["linux/arm64"], ImageSource::DockerArchive(local(path.clone())))).unwrap_err();
    assert!(matches!(error, LocalImageError::NoPlatform { .. }));
    let error = resolve(&image("nginx:1", &[], ImageSource::OciArchive(local(path)))).unwrap_err();
    assert!(matches!(error, LocalImageError::NotALayout(_)));
}
