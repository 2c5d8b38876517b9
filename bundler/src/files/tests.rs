use std::fs;

use manifests::oci::{Manifest, annotation};
use manifests::yaml::{Location, SourceFile};
use manifests::{Digest, document::Encoding};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::*;
use crate::http::Settings;
use crate::test_server::{Answer, TestServer};

fn file(component: &str, path: &str, source: FileSource) -> ResolvedFile {
    let text = format!("files:\n- path: {path}\n");
    ResolvedFile {
        path: path.to_owned(),
        source,
        checksums: None,
        component: component.parse().unwrap(),
        location: Location::new(&SourceFile::new("component.yaml", &text), 15..15 + path.len()),
    }
}

fn url(url: Url, content: &[u8]) -> FileSource {
    FileSource::Url { url, sha256: Some(Digest::of(content)) }
}

async fn resolve(files: &[ResolvedFile]) -> Result<Vec<Resolved>, Vec<FileError>> {
    let mut settings = Settings { use_proxies: false, ..Settings::default() };
    settings.patience.attempts = 1;
    let client = Client::new(settings, CancellationToken::new()).unwrap();
    let git = GitSources::new(&[], &BTreeMap::new(), Credentials::none(), CancellationToken::new(), None);
    let sources = FileSources::new(client, Credentials::none(), git);
    sources.resolve(files, &[], &"1.2.3+x".parse().unwrap(), &Pins::none()).await
}

fn problem(errors: &[FileError]) -> String {
    errors.iter().map(|error| error.problem().to_string()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn files_of_a_component_become_one_artifact() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("local");
    fs::write(&path, "from disk").unwrap();
    let server = TestServer::start(|_| Answer::ok("from the web")).await;
    let local = FileSource::Local { path: path.clone(), sha256: Some(Digest::of(b"from disk")) };
    let files = [
        file("tools", "sub/b.tgz", url(server.url("b.tgz"), b"from the web")),
        file("tools", "a.txt", local.clone()),
        file("other", "a.txt", local),
    ];
    let sets = resolve(&files).await.unwrap();
    assert_eq!(sets.len(), 2);
    let tools = sets[1].item.as_files().unwrap();
    assert_eq!(tools.reference.to_string(), "bundle.local/files/tools:1.2.3_x");
    assert_eq!(tools.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["a.txt", "sub/b.tgz"]);
    assert_eq!(tools.files[1].size, 12);
    let blob = |digest: Digest| sets[1].blobs.iter().find(|blob| blob.digest == digest).unwrap();
    assert!(matches!(&blob(Digest::of(b"from disk")).origin, Origin::LocalFile { path: p } if *p == path));
    assert_eq!(blob(Digest::of(b"from the web")).encoding, Encoding::Raw);
    assert_eq!(blob(Digest::of(b"from disk")).encoding, Encoding::Zstd);
    let Origin::Bytes(manifest) = &blob(tools.descriptor.digest).origin else { panic!("made here") };
    let manifest: Manifest = serde_json::from_slice(manifest).unwrap();
    assert_eq!(manifest.artifact_type.as_deref(), Some("application/vnd.airgap.files.v1"));
    assert_eq!(manifest.layers[1].annotations.get(annotation::TITLE).map(String::as_str), Some("sub/b.tgz"));
    assert!(blob(manifest.config.digest).size == 2);
    assert_eq!(server.asked().iter().map(|asked| asked.method.as_str()).collect::<Vec<_>>(), ["HEAD"]);
}

#[tokio::test]
async fn a_server_that_does_not_say_the_size_is_asked_for_the_file() {
    let server = TestServer::start(|asked| match asked.path.as_str() {
        "/silent" => Answer::ok("content").without_length(),
        _ if asked.method == "HEAD" => Answer::status(403),
        _ => Answer::ok(vec![7; 1 << 20]).without_length(),
    })
    .await;
    let files = [
        file("a", "silent", url(server.url("silent"), b"content")),
        file("a", "large", url(server.url("no-head"), &vec![7; 1 << 20])),
    ];
    let sets = resolve(&files).await.unwrap();
    let found: Vec<u64> = sets[0].item.as_files().unwrap().files.iter().map(|file| file.size).collect();
    assert_eq!(found, [1 << 20, 7]);
    let blob = |size| sets[0].blobs.iter().find(|blob| blob.size == size).unwrap();
    assert!(matches!(&blob(7).origin, Origin::Bytes(bytes) if bytes == "content"));
    assert!(matches!(blob(1 << 20).origin, Origin::Url { .. }), "what is large is not kept in memory");
}

#[tokio::test]
async fn a_changed_file_says_what_it_was_and_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    fs::write(&path, "new").unwrap();
    let server = TestServer::start(|_| Answer::ok("newer").without_length()).await;
    let place = server.url("f");
    let (old, sha256) = (Digest::of(b"old"), Some(Digest::of(b"old")));
    let files = [
        file("a", "web", url(place.clone(), b"old")),
        file("a", "disk", FileSource::Local { path: path.clone(), sha256 }),
    ];
    let errors = resolve(&files).await.unwrap_err();
    assert_eq!(
        problem(&errors),
        format!(
            "{place}: expected {old}, but it is now {} with 5 bytes\n{}: expected {old}, but it is now {} with 3 bytes",
            Digest::of(b"newer"),
            path.display(),
            Digest::of(b"new")
        )
    );
    assert_eq!(errors[0].to_string(), "can't take the file `web` of component `a`");
}

#[tokio::test]
async fn all_failures_are_listed() {
    let server = TestServer::start(|_| Answer::status(404)).await;
    let local = |path: &str| FileSource::Local { path: path.into(), sha256: None };
    let files = [
        file("a", "gone", url(server.url("gone"), b"")),
        file("a", "missing", local("/nonexistent/file")),
        file("b", "folder", local("/")),
    ];
    let errors = resolve(&files).await.unwrap_err();
    let text = problem(&errors);
    assert_eq!(errors.len(), 3);
    assert!(text.contains("/gone answered 404"), "{text}");
    assert!(text.ends_with("can't read /nonexistent/file\n/ is not a file"), "{text}");
}

#[tokio::test]
async fn a_file_is_held_against_the_list_of_its_component() {
    let sums = format!("{}  tool\n{}  other\n", Digest::of(b"a tool").hex(), Digest::of(b"else").hex());
    let server = TestServer::start(move |request| match request.path.as_str() {
        "/sums" => Answer::ok(sums.clone()),
        _ => Answer::ok("a tool"),
    })
    .await;
    let from = |path: &str| FileSource::Url { url: server.url(path), sha256: None };
    let held = |path: &str| ResolvedFile { checksums: Some("sums".to_owned()), ..file("tools", path, from(path)) };
    let list = file("tools", "sums", from("sums"));
    assert_eq!(resolve(&[held("tool"), list.clone()]).await.unwrap()[0].item.as_files().unwrap().files.len(), 2);
    let errors = resolve(&[held("other"), held("strange"), list]).await.unwrap_err();
    let (is, lists) = (Digest::of(b"a tool"), Digest::of(b"else"));
    assert_eq!(
        problem(&errors),
        format!(
            "`sums`, which it is held against, has {lists} for other, which is {is}\n`sums`, which it is held against, does \
             not list strange"
        )
    );
}

#[tokio::test]
async fn a_file_without_a_digest_is_downloaded_once_and_is_what_came() {
    let server = TestServer::start(|_| Answer::ok("as it is today")).await;
    let source = FileSource::Url { url: server.url("latest"), sha256: None };
    let sets = resolve(&[file("tools", "latest", source)]).await.unwrap();
    let carried = &sets[0].item.as_files().unwrap().files[0];
    assert_eq!((carried.digest, carried.size), (Digest::of(b"as it is today"), 14));
    let blob = sets[0].blobs.iter().find(|blob| blob.digest == carried.digest).unwrap();
    assert!(matches!(blob.origin, Origin::LocalFile { .. }), "it is not asked for again");
}
