//! Git repositories, cloned by the real git.

use std::path::Path;
use std::process::Command;

use manifests::fake::FakeBundle;
use registry::server::{Access, Transport};

use crate::site::{TestSite, import, run};

/// Runs git without this machine's configuration; gives whether it went well, and what it wrote.
fn try_git(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).env("HOME", "/nonexistent").env("GIT_TERMINAL_PROMPT", "0");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env_remove("GIT_SSL_CAINFO");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "T").env(format!("GIT_{who}_EMAIL"), "t@example.org");
    }
    let output = command.output().unwrap_or_else(|error| panic!("this test needs git: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).trim().to_owned())
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let (success, output) = try_git(folder, arguments);
    assert!(success, "git {arguments:?}: {output}");
    output
}

fn commit(folder: &Path, text: &str) {
    std::fs::write(folder.join("a.txt"), text).unwrap();
    git(folder, &["add", "a.txt"]);
    git(folder, &["commit", "--quiet", "-m", text]);
}

/// A repository with two commits and a tag, packed by stock git.
fn upstream() -> (tempfile::TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch=trunk"]);
    commit(folder.path(), "first");
    git(folder.path(), &["tag", "v1"]);
    commit(folder.path(), "second");
    git(folder.path(), &["bundle", "create", "--quiet", "packed", "HEAD", "trunk", "v1"]);
    let packed = std::fs::read(folder.path().join("packed")).unwrap();
    (folder, packed)
}

fn bundle(version: &str, packed: &[u8]) -> FakeBundle {
    FakeBundle::new("demo", version).files("gitops", &[("git/apps.bundle", packed), ("notes.txt", b"notes\n")])
}

/// What is unpacked in a site's state.
fn unpacked(site: &TestSite) -> Vec<String> {
    let entries = std::fs::read_dir(site.folder.path().join("git")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_repository_is_cloned_with_credentials_over_tls() {
    let (upstream, packed) = upstream();
    let site = TestSite::secure(&[bundle("1.0.0", &packed)]);
    let (user, password) = site.credentials();
    let ca = format!("http.sslCAInfo={}", site.ca_file());
    let folder = tempfile::tempdir().unwrap();
    let port = site.address.port();
    let url = format!("https://{user}:{password}@127.0.0.1:{port}/git/gitops/apps.git");
    for version in ["0", "1", "2"] {
        let protocol = format!("protocol.version={version}");
        git(folder.path(), &["-c", &ca, "-c", &protocol, "clone", "--quiet", &url, version]);
        let copy = folder.path().join(version);
        assert_eq!(git(&copy, &["rev-parse", "HEAD"]), git(upstream.path(), &["rev-parse", "HEAD"]));
        assert_eq!(git(&copy, &["branch", "--show-current"]), "trunk");
        assert_eq!(git(&copy, &["tag"]), "v1");
    }
    // As people write it.
    git(folder.path(), &["-c", &ca, "ls-remote", "--exit-code", url.strip_suffix(".git").unwrap(), "refs/tags/v1"]);
    // A commit by itself, and a part of the history.
    let first = git(upstream.path(), &["rev-parse", "v1"]);
    git(folder.path(), &["init", "--quiet", "one"]);
    git(&folder.path().join("one"), &["-c", &ca, "fetch", "--quiet", "--depth=1", &url, &first]);
    git(folder.path(), &["-c", &ca, "clone", "--quiet", "--depth=1", "--no-tags", &url, "shallow"]);
    assert_eq!(git(&folder.path().join("shallow"), &["rev-list", "--count", "HEAD"]), "1");
    let nobody = format!("https://127.0.0.1:{port}/git/gitops/apps.git");
    let (success, said) = try_git(folder.path(), &["-c", &ca, "clone", "--quiet", &nobody, "nobody"]);
    assert!(!success && said.contains("could not read Username"), "{said}");
    assert_eq!(unpacked(&site).len(), 1);
}

#[test]
fn a_later_bundle_moves_the_repository_on_and_what_nobody_serves_goes() {
    let (upstream, packed) = upstream();
    let site = TestSite::plain(&[bundle("1.0.0", &packed)]);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/git/gitops/apps.git", site.address);
    git(folder.path(), &["clone", "--quiet", &url, "copy"]);
    let copy = folder.path().join("copy");
    let before = unpacked(&site);
    commit(upstream.path(), "third");
    git(upstream.path(), &["bundle", "create", "--quiet", "packed", "HEAD", "trunk"]);
    import(site.folder.path(), &bundle("2.0.0", &std::fs::read(upstream.path().join("packed")).unwrap()));
    site.reload();
    let moved = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        git(&copy, &["pull", "--quiet"]);
        git(&copy, &["log", "-1", "--format=%s"]) == "third"
    });
    assert!(moved, "the later one is served");
    let after = unpacked(&site);
    assert_eq!(after.len(), 1, "{after:?}");
    assert_ne!(before, after);
}

#[test]
fn nothing_is_taken_and_nothing_else_is_given() {
    let (upstream, packed) = upstream();
    let site = TestSite::plain(&[bundle("1.0.0", &packed)]);
    let url = format!("http://{}/git/gitops/apps.git", site.address);
    commit(upstream.path(), "mine");
    let (success, said) = try_git(upstream.path(), &["push", &url, "trunk"]);
    assert!(!success && said.contains("403"), "{said}");
    for (path, status) in [
        ("/git/gitops/apps.git/info/refs?service=git-receive-pack", 403),
        ("/git/gitops/apps.git/info/refs", 403),
        ("/git/gitops/apps.git/info/refs?service=../../x", 403),
        ("/git/gitops/apps.git/git-upload-pack", 405),
        ("/git/gitops/apps.git/HEAD", 404),
        ("/git/gitops/apps.git/objects/info/packs", 404),
        ("/git/gitops/apps.git/../apps.git/info/refs?service=git-upload-pack", 404),
        ("/git/gitops/other/info/refs?service=git-upload-pack", 404),
        ("/git/gitops/none.git/info/refs?service=git-upload-pack", 404),
        ("/git/none/apps.git/info/refs?service=git-upload-pack", 404),
        ("/git/../gitops/apps.git/info/refs?service=git-upload-pack", 404),
        ("/git/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/git/gitops%2fapps.git/info/refs?service=git-upload-pack", 200),
        ("/git/gitops/apps.git%00/info/refs?service=git-upload-pack", 404),
        ("/git/gitops/..%2fapps.git/info/refs?service=git-upload-pack", 404),
    ] {
        assert_eq!(site.get(path).status, status, "{path}");
    }
    assert_eq!(site.other("POST", "/git/gitops/apps.git/git-receive-pack").status, 403);
    assert_eq!(site.other("DELETE", "/git/gitops/apps.git/git-upload-pack").status, 405);
    assert!(site.get("/git/").text().contains("/git/gitops/apps.git"));
}

#[test]
fn requests_are_bounded_and_strict() {
    let (_upstream, packed) = upstream();
    let site = TestSite::plain(&[bundle("1.0.0", &packed)]);
    let post = |headers: &str, body: &[u8]| {
        let mut connection = site.connect();
        let path = "/git/gitops/apps.git/git-upload-pack";
        connection.send(format!("POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n"));
        // What is too large is not read to its end.
        let _ = connection.try_send(body);
        let answer = String::from_utf8_lossy(&connection.rest()).into_owned();
        answer.split(' ').nth(1).unwrap_or_default().to_owned() + &answer
    };
    let starts = |answer: String, status: &str| assert!(answer.starts_with(status), "{status}: {answer}");
    starts(post("Content-Length: 5000000\r\n", b"0000"), "413");
    starts(post("Content-Length: 99999999999999999999\r\n", b""), "400");
    starts(post("Transfer-Encoding: chunked\r\n", b"zz\r\n"), "400");
    starts(post("Transfer-Encoding: chunked\r\n", b"4\r\n0000xx\r\n"), "400");
    starts(post("Transfer-Encoding: chunked\r\n", b"ffffffff\r\n"), "413");
    starts(post("Content-Encoding: gzip\r\nContent-Length: 4\r\n", b"0000"), "400");
    starts(post("Content-Encoding: br\r\nContent-Length: 4\r\n", b"0000"), "400");
    let bomb = run("sh", &["-c", "head -c 20000000 /dev/zero | gzip | base64 -w 0"]);
    let bomb = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, bomb.trim()).unwrap();
    starts(post(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len()), &bomb), "413");
    // In chunks, after a word of the server, and with nothing wanted: nothing is given.
    starts(post("Transfer-Encoding: chunked\r\n", b"4\r\n0000\r\n0\r\n\r\n"), "200");
    let waiting = post("Content-Length: 4\r\nExpect: 100-continue\r\n", b"0000");
    starts(waiting.clone(), "100");
    assert!(waiting.contains("HTTP/1.1 200 OK"), "{waiting}");
    // The connection goes on after a body that was read.
    let mut connection = site.connect();
    let path = "/git/gitops/apps.git/git-upload-pack";
    connection.send(format!("POST {path} HTTP/1.0\r\nHost: test\r\nContent-Length: 4\r\n\r\n0000"));
    let answer = connection.rest();
    assert!(!String::from_utf8_lossy(&answer).contains("chunked"), "HTTP/1.0 knows no chunks");
}

#[test]
fn a_large_negotiation_goes_through() {
    let (_upstream, packed) = upstream();
    let site = TestSite::plain(&[bundle("1.0.0", &packed)]);
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet"]);
    // Commits that the server knows nothing of: the client tells it of them, in chunks once they are many.
    let script = "for n in $(seq 1 4000); do printf 'commit refs/heads/b%s\\ncommitter T <t@example.org> %s +0000\\ndata 1\\nx\\n' $n $n; done";
    run("sh", &["-c", &format!("cd {} && ({script}) | git fast-import --quiet", folder.path().display())]);
    let url = format!("http://{}/git/gitops/apps.git", site.address);
    for version in ["protocol.version=0", "protocol.version=2"] {
        git(folder.path(), &["-c", version, "-c", "http.postBuffer=70000", "fetch", "--quiet", &url, "trunk"]);
    }
    assert_eq!(git(folder.path(), &["log", "-1", "--format=%s", "FETCH_HEAD"]), "second");
}

#[test]
fn a_name_that_leads_here_finds_the_repository_by_its_own_url() {
    let (_upstream, packed) = upstream();
    let from = Some("https://git.example.org/team/apps.git");
    let bundle = FakeBundle::new("demo", "1.0.0").files_from("gitops", &[("git/apps.bundle", &packed, from)]);
    let site = TestSite::plain(&[bundle]);
    let folder = tempfile::tempdir().unwrap();
    let port = site.address.port();
    let resolve = format!("http.curloptResolve=git.example.org:{port}:127.0.0.1");
    for path in ["team/apps.git", "team/apps"] {
        let url = format!("http://git.example.org:{port}/{path}");
        git(folder.path(), &["-c", &resolve, "clone", "--quiet", &url, &path.replace('/', "-")]);
    }
    for path in ["team/other.git", "apps.git"] {
        let url = format!("http://git.example.org:{port}/{path}");
        assert!(!try_git(folder.path(), &["-c", &resolve, "clone", "--quiet", &url, "x"]).0, "{path}");
    }
    // The other way: git's own configuration says what stands for what.
    let instead = format!("url.http://127.0.0.1:{port}/git/gitops/apps.git.insteadOf");
    let mapped = format!("{instead}=https://git.example.org/team/apps.git");
    git(folder.path(), &["-c", &mapped, "clone", "--quiet", "https://git.example.org/team/apps.git", "mapped"]);
    assert!(site.get("/").text().contains("https://git.example.org/team/apps.git"));
}

#[test]
fn what_can_not_be_unpacked_is_told_and_nothing_is_left_of_it() {
    let site = TestSite::with(&[bundle("1.0.0", b"no git bundle at all\n")], |config| {
        config.transport = Transport::Plain;
        config.access = Access::Anonymous;
    });
    let answer = site.get("/git/gitops/apps.git/info/refs?service=git-upload-pack");
    assert_eq!((answer.status, answer.header("Retry-After")), (503, Some("10")));
    assert_eq!(unpacked(&site), [""; 0]);
}
