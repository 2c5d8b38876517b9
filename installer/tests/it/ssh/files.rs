//! Files that are put on machines.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use installer::host::files::{NodeFile, Placed, Served, put};
use installer::host::{HostError, Input, files};
use installer::secrets::Secret;
use manifests::Digest;

use super::server::{Rig, Server, me};

struct Place {
    server: Server,
    rig: Rig,
    owner: String,
}

impl Place {
    fn new() -> Self {
        Self::on(Server::new())
    }

    /// A machine that has all programs but one. The folder with them has to stay.
    fn without(program: &str) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for entry in ["/usr/sbin", "/usr/bin"].iter().flat_map(|from| std::fs::read_dir(from).unwrap()) {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() != program {
                let _ = std::os::unix::fs::symlink(&path, folder.path().join(path.file_name().unwrap()));
            }
        }
        let path = format!("SetEnv PATH={}", folder.path().display());
        (Self::on(Server::with(&[&path])), folder)
    }

    fn on(server: Server) -> Self {
        let rig = Rig::of(&server);
        let group = super::server::run("id", &["-gn"]);
        Self { server, rig, owner: format!("{}:{}", me(), group.trim()) }
    }

    fn put(&self, path: &Path, mode: u32, content: &[u8], digest: &Digest) -> Result<Placed, HostError> {
        let file = NodeFile { path: path.to_str().unwrap(), mode, owner: &self.owner, digest };
        let machine = self.rig.machine();
        self.rig.block(put(machine.as_ref(), &file, Input::Bytes(Arc::from(content))))
    }
}

/// What would change if a file was written or touched.
fn identity(path: &Path) -> (u64, i64, i64, i64) {
    let metadata = std::fs::metadata(path).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.ctime_nsec())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_is_written_once_and_again_when_it_differs() {
    let place = Place::new();
    let path = place.server.path("new folder/it's a file");
    let content: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let digest = Digest::of(&content);
    assert_eq!(place.put(&path, 0o640, &content, &digest).unwrap(), Placed::Changed);
    assert_eq!(std::fs::read(&path).unwrap(), content);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    let before = identity(&path);
    assert_eq!(place.put(&path, 0o640, &content, &digest).unwrap(), Placed::Unchanged);
    assert_eq!(identity(&path), before);
    // Another mode is set; the content stays.
    assert_eq!(place.put(&path, 0o600, &content, &digest).unwrap(), Placed::Changed);
    assert_eq!((identity(&path).0, std::fs::metadata(&path).unwrap().mode() & 0o7777), (before.0, 0o600));
    assert_eq!(place.put(&path, 0o600, b"other", &Digest::of(b"other")).unwrap(), Placed::Changed);
    assert_eq!(std::fs::read(&path).unwrap(), b"other");
    // A link is not followed: the file takes its place.
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(place.server.path("host"), &path).unwrap();
    assert_eq!(place.put(&path, 0o600, b"", &Digest::of(b"")).unwrap(), Placed::Changed);
    assert!(std::fs::symlink_metadata(&path).unwrap().is_file() && place.server.path("host").exists());
    assert_eq!(names(path.parent().unwrap()), ["it's a file"]);
}

#[test]
fn what_somebody_who_was_killed_has_left_goes_and_what_others_write_stays() {
    let place = Place::new();
    let path = place.server.path("files/file");
    let gone = {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    };
    let alive = format!(".airgap-{}-writing1", std::process::id());
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    for name in [&format!(".airgap-{gone}-abcdefgh"), &alive, ".airgap-probe.abcdef"] {
        std::fs::write(path.with_file_name(name), "half").unwrap();
    }
    assert_eq!(place.put(&path, 0o600, b"whole", &Digest::of(b"whole")).unwrap(), Placed::Changed);
    let mut left = names(path.parent().unwrap());
    left.sort();
    assert_eq!(left, [alive.as_str(), ".airgap-probe.abcdef", "file"]);
}

#[test]
fn content_with_another_digest_leaves_nothing_behind() {
    let place = Place::new();
    let path = place.server.path("folder/file");
    place.put(&path, 0o644, b"old", &Digest::of(b"old")).unwrap();
    let error = place.put(&path, 0o644, b"torn", &Digest::of(b"whole")).unwrap_err();
    assert!(error.to_string().contains("what arrived is not what was sent"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(names(path.parent().unwrap()), ["file"]);
}

/// A request that was answered.
struct Asked {
    /// Who asked, and the password, as the field has it.
    login: String,
    /// What of the file: `bytes=…`.
    range: Option<String>,
}

/// The bytes that a range names: `bytes=FROM-TO`, `bytes=FROM-`.
fn bytes_of<'c>(range: &str, content: &'c [u8]) -> &'c [u8] {
    let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    &content[from.parse().unwrap()..to.parse::<usize>().map_or(content.len(), |last| last + 1)]
}

/// How a server answers who asks for a range.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ranges {
    Known,
    /// All of the file is sent instead.
    Unknown,
    /// But all behind the first is refused.
    OnlyFirst,
}

/// Answers requests for `/file` of a user with a password, and tells of them.
fn serve(content: &'static [u8], ranges: Ranges) -> (String, std::sync::mpsc::Receiver<Asked>) {
    use std::io::{BufRead as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/file", listener.local_addr().unwrap());
    let (sender, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = std::io::BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let field = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            let (login, range) = (field("Authorization: Basic "), field("Range: "));
            let answer: (&str, &[u8]) = match (&login, &range) {
                (Some(_), Some(range)) if ranges == Ranges::OnlyFirst && !range.starts_with("bytes=0-") => {
                    ("500 Internal Server Error", b"")
                }
                (Some(_), Some(range)) if ranges != Ranges::Unknown => {
                    ("206 Partial Content", bytes_of(range, content))
                }
                (Some(_), _) => ("200 OK", content),
                (None, _) => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", b""),
            };
            let head =
                format!("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.0, answer.1.len());
            if let Some(login) = login {
                let _ = sender.send(Asked { login, range });
            }
            std::thread::spawn(move || {
                // Whoever has enough goes.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.1));
            });
        }
    });
    (url, asked)
}

#[test]
fn a_machine_fetches_by_itself_and_is_sent_what_it_can_not_fetch() {
    fetches_by_itself(&Place::new());
    let (without_curl, _programs) = Place::without("curl");
    fetches_by_itself(&without_curl);
}

fn fetches_by_itself(place: &Place) {
    use base64::Engine as _;
    let path = place.server.path("fetched");
    let password = "p\"a\\s $x";
    let (url, asked) = serve(b"served", Ranges::Known);
    let mut served = Served { url, authority: None, login: Some(("ann".into(), Secret::new(password))) };
    let fetch = |served: &Served, content: &'static [u8]| {
        let digest = Digest::of(content);
        let file = NodeFile { path: path.to_str().unwrap(), mode: 0o644, owner: &place.owner, digest: &digest };
        let machine = place.rig.machine();
        let fetched = place.rig.block(files::fetch(machine.as_ref(), &file, served, content.len() as u64)).unwrap();
        fetched.unwrap_or_else(|| {
            place.rig.block(files::put(machine.as_ref(), &file, Input::Bytes(Arc::from(content)))).unwrap()
        })
    };
    assert_eq!(fetch(&served, b"served"), Placed::Changed);
    let login = base64::engine::general_purpose::STANDARD.decode(asked.try_recv().unwrap().login).unwrap();
    assert_eq!(String::from_utf8(login).unwrap(), format!("ann:{password}"));
    assert_eq!(fetch(&served, b"served"), Placed::Unchanged);
    assert!(asked.try_recv().is_err(), "nothing is fetched for a file that is there");
    // Other content than is wanted, nobody who answers, nobody who lets in: it is sent.
    assert_eq!(fetch(&served, b"wanted"), Placed::Changed);
    served.url = served.url.replace("http", "https");
    assert_eq!(fetch(&served, b"wanted again"), Placed::Changed);
    assert_eq!(std::fs::read(&path).unwrap(), b"wanted again");
    assert!(names(place.server.folder.path()).iter().all(|name| !name.starts_with(".airgap")));
}

/// A little more than what is fetched whole.
const LARGE: usize = (64 << 20) + 12345;

#[test]
fn both_halves_of_a_large_file_are_fetched_at_once() {
    let place = Place::new();
    let path = place.server.path("large");
    let content: &[u8] = (0..LARGE).map(|n| (n % 253) as u8).collect::<Vec<_>>().leak();
    let digest = Digest::of(content);
    let file = NodeFile { path: path.to_str().unwrap(), mode: 0o644, owner: &place.owner, digest: &digest };
    let fetch = |url: String| {
        let served = Served { url, authority: None, login: Some(("ann".into(), Secret::new("word"))) };
        let machine = place.rig.machine();
        place.rig.block(files::fetch(machine.as_ref(), &file, &served, LARGE as u64)).unwrap()
    };
    let nothing_is_left =
        || assert!(names(place.server.folder.path()).iter().all(|name| !name.starts_with(".airgap")), "half is left");
    // What knows no ranges sends both times all of it; a half does not come; nobody is there: it has to be sent.
    for ranges in [Ranges::Unknown, Ranges::OnlyFirst] {
        let (url, _asked) = serve(content, ranges);
        assert_eq!(fetch(url), None, "{ranges:?}");
        nothing_is_left();
    }
    for _ in 0..5 {
        assert_eq!(fetch("http://127.0.0.1:9/file".to_owned()), None);
        nothing_is_left();
    }
    let (url, asked) = serve(content, Ranges::Known);
    assert_eq!(fetch(url), Some(Placed::Changed));
    let mut ranges: Vec<_> = asked.try_iter().map(|asked| asked.range.unwrap()).collect();
    ranges.sort();
    assert_eq!(ranges, ["bytes=0-33554431", "bytes=33554432-"]);
    assert!(std::fs::read(&path).unwrap() == content, "what was put together is not what was served");
    nothing_is_left();
}

#[test]
fn the_script_is_what_every_shell_of_posix_understands() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/host/files.sh");
    super::server::run("shellcheck", &["--shell=sh", script]);
}
