//! Git repositories: from a server with the real git behind it, as locked after upstream moved, and refused when they are gone.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use manifests::bundle::UnverifiedBundle;
use manifests::{Document, Lock};

use crate::server::{Received, Reply, Server};
use crate::upstream::Ended;

const LOCKED: &str = "build stack.yaml --unsigned --locked";

/// A server with one repository, and a stack that carries it.
pub struct Rig {
    pub server: Server,
    folder: tempfile::TempDir,
}

impl Rig {
    async fn start() -> Self {
        Self::with(|_| None).await
    }

    /// One whose server asks `first` for an answer.
    pub async fn with(first: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("served");
        fs::create_dir(&root).unwrap();
        let served = root.clone();
        let server = Server::start(move |request, _| first(request).unwrap_or_else(|| backend(&served, request))).await;
        let rig = Self { server, folder };
        rig.git(&["init", "--quiet", "--initial-branch=main", "served/apps.git"]);
        rig.commit("first");
        rig.in_repository(&["tag", "-a", "-m", "the first", "v1"]);
        rig.write_stack("");
        rig
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write_stack(&self, more: &str) {
        let url = self.server.url("/apps.git");
        let head = "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\n";
        let text = format!("{head}git:\n  - name: apps\n    url: {url}\n    refs: [v1]\n{more}");
        fs::write(self.path("stack.yaml"), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.folder.path()).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "T").env(format!("GIT_{who}_EMAIL"), "t@example.org");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn in_repository(&self, arguments: &[&str]) -> String {
        self.git(&[&["-C", "served/apps.git"], arguments].concat())
    }

    fn commit(&self, text: &str) -> String {
        fs::write(self.path("served/apps.git/a.txt"), text).unwrap();
        self.in_repository(&["add", "a.txt"]);
        self.in_repository(&["commit", "--quiet", "-m", text]);
        self.in_repository(&["rev-parse", "HEAD"])
    }

    pub async fn run(&self, words: &str) -> Ended {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_airgap-bundle"));
        command.current_dir(self.folder.path()).env("HOME", self.folder.path()).args(words.split(' '));
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC"] {
            command.env_remove(name);
        }
        let output = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub fn lock(&self) -> Lock {
        bundler::lock::read(&self.path("stack.lock.yaml")).unwrap().unwrap()
    }

    pub fn document(&self, name: &str) -> Document {
        UnverifiedBundle::open(&[self.path(name)]).unwrap().claimed().clone()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

/// Answers as a web server with `git http-backend` behind it. It wants a login for what is called private.
fn backend(root: &Path, request: &Received) -> Reply {
    if request.path().starts_with("/private") && request.header("authorization") != Some("Basic bWU6czNjcmV0") {
        return Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\"");
    }
    let path = request.path().replacen("/private", "", 1);
    let query = request.target.split_once('?').map_or("", |(_, query)| query).to_owned();
    let mut command = Command::new("git");
    command.arg("http-backend").env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("REQUEST_METHOD", &request.method).env("PATH_INFO", path).env("QUERY_STRING", query);
    command.env("CONTENT_TYPE", request.header("content-type").unwrap_or_default());
    command.env("CONTENT_LENGTH", request.body.len().to_string());
    command.env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.body.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(output[..end].to_vec()).unwrap();
    let fields: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();
    let status =
        fields.iter().find(|(name, _)| *name == "Status").map_or(200, |(_, status)| status[..3].parse().unwrap());
    let reply = Reply::new(status, output[end + 4..].to_vec());
    fields
        .iter()
        .filter(|(name, _)| *name == "Content-Type")
        .fold(reply, |reply, (name, value)| reply.with(name, value))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_locked_is_built_byte_for_byte_after_upstream_moved() {
    let rig = Rig::start().await;
    rig.run("lock stack.yaml").await.ok();
    let locked = rig.lock().git.remove(0);
    assert_eq!((locked.head.as_str(), locked.asked.to_string().as_str()), ("refs/heads/main", "stack.yaml:7"));
    assert_eq!(locked.commit.as_str(), rig.in_repository(&["rev-parse", "main"]));
    let tag = rig.in_repository(&["rev-parse", "v1"]);
    assert_eq!(locked.refs[&"refs/tags/v1".parse().unwrap()].as_str(), tag);
    rig.run(&format!("{LOCKED} -o before.tar.zst")).await.ok();
    let document = rig.document("before.tar.zst");
    let carried = document.repositories().next().unwrap();
    assert_eq!((carried.component, carried.name, carried.file.digest), ("demo", "apps", locked.digest));
    assert_eq!(carried.names()[0], rig.server.url("/apps.git").to_string());

    let second = rig.commit("second");
    rig.run(&format!("{LOCKED} -o after.tar.zst")).await.ok();
    assert!(rig.read("after.tar.zst") == rig.read("before.tar.zst"));
    let outdated = rig.run("outdated stack.yaml").await.ok();
    assert!(outdated.contains("git/apps.bundle"), "{outdated}");
    rig.run("lock stack.yaml --update apps").await.ok();
    assert_eq!(rig.lock().git[0].commit.as_str(), second);
    assert_eq!(rig.run("outdated stack.yaml").await.ok(), "nothing has moved\n");
    // Stock git reads what is carried.
    rig.run("keygen ci --principal ci@example.org").await.ok();
    let key = fs::read_to_string(rig.path("ci.pub")).unwrap();
    fs::write(rig.path("trusted"), format!("ci@example.org namespaces=\"airgap-bundle\" {key}")).unwrap();
    rig.run("build stack.yaml --locked --key ci -o now.tar.zst").await.ok();
    rig.run("extract now.tar.zst --trust trusted --item demo --output out").await.ok();
    let found = walk(&rig.path("out")).into_iter().find(|path| path.ends_with("git/apps.bundle")).unwrap();
    rig.git(&["clone", "--quiet", &found.display().to_string(), "copy"]);
    assert_eq!(rig.read("copy/a.txt"), b"second");
}

/// All files below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_upstream_wrote_anew_comes_from_an_earlier_bundle_or_is_told_to_be_gone() {
    let rig = Rig::start().await;
    let second = rig.commit("second");
    rig.run("lock stack.yaml").await.ok();
    rig.run(&format!("{LOCKED} -o before.tar.zst")).await.ok();
    rig.in_repository(&["reset", "--quiet", "--hard", "HEAD^"]);
    rig.commit("another second");
    rig.in_repository(&["reflog", "expire", "--expire=now", "--all"]);
    rig.in_repository(&["gc", "--quiet", "--prune=now"]);
    let told = rig.run(&format!("{LOCKED} -o after.tar.zst")).await.fails();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&format!("upstream does not have {second} any more, which is `apps` in the lock")), "{told}");
    assert!(told.contains("airgap-bundle lock STACK --update apps"), "{told}");
    // What was seen in it the lock remembers, and what is carried the earlier bundle has: nothing is asked.
    let asked = rig.server.targets().len();
    rig.run(&format!("{LOCKED} -o after.tar.zst --reuse before.tar.zst")).await.ok();
    assert_eq!(rig.server.targets().len(), asked);
    assert!(rig.read("after.tar.zst") == rig.read("before.tar.zst"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_request_is_not_what_is_locked() {
    let rig = Rig::start().await;
    rig.run("lock stack.yaml").await.ok();
    rig.write_stack("    ref: v1\n");
    let told = rig.run(&format!("{LOCKED} -o x.tar.zst")).await.fails();
    assert!(told.contains("git repository demo/apps: `ref` is `HEAD` in the lock and `v1` in the stack"), "{told}");
    rig.write_stack("    ref: mian\n");
    let told = rig.run("lock stack.yaml").await.fails();
    assert!(told.contains("can't take the git repository `apps` of component `demo`"), "{told}");
    assert!(told.contains("has no branch and no tag `mian`") && told.contains("did you mean `main`?"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_of_netrc_is_sent_and_shown_to_nobody() {
    let rig = Rig::start().await;
    let stack = fs::read_to_string(rig.path("stack.yaml")).unwrap();
    fs::write(rig.path("stack.yaml"), stack.replace("/apps.git", "/private/apps.git")).unwrap();
    let told = rig.run("lock stack.yaml").await.fails();
    assert!(told.contains("could not read Username") && told.contains("~/.netrc"), "{told}");
    fs::write(rig.path(".netrc"), "machine 127.0.0.1 login me password s3cret\n").unwrap();
    let ended = rig.run("lock stack.yaml -vv").await;
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("s3cret"));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!fs::read_to_string(rig.path("stack.lock.yaml")).unwrap().contains("s3cret"));
}
