//! Against the real git, and repositories on this disk.

use std::path::Path;
use std::process::Command;

use manifests::yaml::SourceFile;

use super::*;

/// A repository with two commits, a tag with a message, and another branch.
pub(super) struct Upstream {
    folder: tempfile::TempDir,
}

impl Upstream {
    pub(super) fn new() -> Self {
        let upstream = Self { folder: tempfile::tempdir().unwrap() };
        upstream.git(&["init", "--quiet", "--initial-branch=main"]);
        upstream.commit("a.txt", "first\n");
        upstream.git(&["tag", "-a", "-m", "the first", "v1"]);
        upstream.git(&["branch", "old"]);
        upstream.commit("a.txt", "second\n");
        upstream
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.path()).args(arguments);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "T").env(format!("GIT_{who}_EMAIL"), "t@example.org");
            command.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
        }
        let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(super) fn commit(&self, path: &str, text: &str) -> String {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        self.git(&["add", path]);
        self.git(&["commit", "--quiet", "-m", text]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// What a component says of it.
    fn wanted(&self, more: &str) -> WantedGit {
        let path = self.path().display();
        let text = format!(
            "apiVersion: airgap/v1\nkind: Component\nname: apps\ngit:\n  - name: apps\n    path: {path}\n{more}"
        );
        let component = manifests::Component::parse(&SourceFile::new("apps.yaml", &text));
        component.unwrap_or_else(|problems| panic!("{problems:?}")).git.remove(0)
    }
}

fn sources() -> GitSources {
    GitSources::new(&[], &BTreeMap::new(), Credentials::none(), CancellationToken::new(), None)
}

async fn pack(upstream: &Upstream, more: &str) -> Result<(PackedGit, Vec<u8>), String> {
    let packed = sources();
    let file = packed.pack(&upstream.wanted(more)).await.map_err(|error| error.to_string())?;
    Ok((file.packed, std::fs::read(file.path).unwrap()))
}

fn heads(bundle: &[u8]) -> Vec<String> {
    let end = bundle.windows(2).position(|two| two == b"\n\n").unwrap();
    let text = String::from_utf8(bundle[..end].to_vec()).unwrap();
    text.lines().skip(1).map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

#[tokio::test]
async fn the_head_is_carried_with_its_history_and_nothing_else() {
    let upstream = Upstream::new();
    let (packed, bundle) = pack(&upstream, "").await.unwrap();
    assert_eq!(
        (packed.head.as_str(), packed.commit.to_string()),
        ("refs/heads/main", upstream.git(&["rev-parse", "HEAD"]))
    );
    assert_eq!(heads(&bundle), ["HEAD", "refs/heads/main"]);
    // What stock git makes of it.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("apps.bundle"), &bundle).unwrap();
    let bundle = folder.path().join("apps.bundle").display().to_string();
    upstream.git(&["bundle", "verify", "--quiet", &bundle]);
    let copy = folder.path().join("copy").display().to_string();
    upstream.git(&["clone", "--quiet", &bundle, &copy]);
    assert_eq!(std::fs::read_to_string(folder.path().join("copy/a.txt")).unwrap(), "second\n");
    assert_eq!(upstream.git(&["-C", &copy, "log", "--format=%s"]), "second\nfirst");
    assert_eq!(upstream.git(&["-C", &copy, "tag"]), "");
}

#[tokio::test]
async fn the_same_commits_are_the_same_bytes_however_upstream_has_packed_them() {
    let upstream = Upstream::new();
    for number in 0..20 {
        upstream.commit("b.txt", &"line\n".repeat(number * 7 + 1));
    }
    let (_, loose) = pack(&upstream, "    refs: [v1, old]\n").await.unwrap();
    upstream.git(&["repack", "-a", "-d", "-f", "-q", "--window=50"]);
    let (packed, repacked) = pack(&upstream, "    refs: [v1, old]\n").await.unwrap();
    assert_eq!(loose, repacked);
    assert_eq!(heads(&loose), ["HEAD", "refs/heads/main", "refs/heads/old", "refs/tags/v1"]);
    let tag = upstream.git(&["rev-parse", "v1"]);
    assert_eq!(packed.refs[&"refs/tags/v1".parse::<GitRef>().unwrap()].as_str(), tag, "with its message");
}

#[tokio::test]
async fn a_branch_is_carried_at_the_commit_that_is_named() {
    let upstream = Upstream::new();
    let first = upstream.git(&["rev-parse", "HEAD^"]);
    let (packed, bundle) = pack(&upstream, &format!("    commit: {first}\n")).await.unwrap();
    assert_eq!((packed.commit.to_string(), packed.head.as_str()), (first.clone(), "refs/heads/main"));
    assert!(String::from_utf8_lossy(&bundle).contains(&format!("{first} refs/heads/main\n")));
    // A tag stays what it is.
    let (packed, _) = pack(&upstream, &format!("    ref: v1\n    commit: {first}\n")).await.unwrap();
    assert_eq!(packed.commit.to_string(), first);
    let second = upstream.git(&["rev-parse", "HEAD"]);
    let error = pack(&upstream, &format!("    ref: v1\n    commit: {second}\n")).await.unwrap_err();
    assert_eq!(error, format!("`refs/tags/v1` is at {first}, and not at {second}"));
    let error = pack(&upstream, &format!("    commit: {}\n", "0123456789".repeat(4))).await.unwrap_err();
    assert!(error.starts_with("git can't fetch "), "{error}");
}

#[tokio::test]
async fn what_would_be_missing_at_the_site_is_refused() {
    let upstream = Upstream::new();
    upstream.commit("big/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    let error = pack(&upstream, "").await.unwrap_err();
    assert_eq!(error, "it keeps files in LFS, which are not carried: big/.gitattributes says so");
    assert!(pack(&upstream, "    lfs: pointers\n").await.is_ok());

    let upstream = Upstream::new();
    let other = Upstream::new();
    let commit = other.git(&["rev-parse", "HEAD"]);
    upstream.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendor/lib")]);
    let text = "[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = https://git.example.org/lib.git\n";
    upstream.commit(".gitmodules", text);
    for (more, step) in [("", ", and write `submodules: carry` for this one"), ("    submodules: carry\n", "")] {
        let packed = sources();
        let error = packed.pack(&upstream.wanted(more)).await.unwrap_err();
        assert_eq!(error.to_string(), "it has submodules that are not carried: vendor/lib");
        let help = miette::Diagnostic::help(&error).unwrap().to_string();
        let expected = format!(
            "list each under `git:` of a component{step}\n  - name: lib\n    url: https://git.example.org/lib.git\n    \
             commit: {commit}"
        );
        assert_eq!(help, expected);
    }
    let text = format!(
        "apiVersion: airgap/v1\nkind: Component\nname: apps\ngit:\n  - name: lib\n    url: https://git.example.org/lib\n    \
         commit: {commit}\n"
    );
    let lib = manifests::Component::parse(&SourceFile::new("apps.yaml", &text)).unwrap().git.remove(0);
    let carried = [ResolvedGit { wanted: lib, component: "apps".parse().unwrap() }];
    let with = GitSources::new(&carried, &BTreeMap::new(), Credentials::none(), CancellationToken::new(), None);
    assert!(with.pack(&upstream.wanted("    submodules: carry\n")).await.is_ok());
    assert!(with.pack(&upstream.wanted("")).await.is_err(), "to carry them has to be said");
}

#[tokio::test]
async fn nothing_of_this_machine_is_run_or_asked() {
    let upstream = Upstream::new();
    let marker = upstream.path().join("ran");
    let hook = format!("#!/bin/sh\ntouch {}\n", marker.display());
    for name in ["post-checkout", "reference-transaction", "pre-auto-gc"] {
        let path = upstream.path().join(".git/hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &hook).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    assert!(pack(&upstream, "").await.is_ok());
    assert!(!marker.exists(), "a hook ran");
    let error = pack(&upstream, "    ref: mian\n").await.unwrap_err();
    assert!(error.ends_with("has no branch and no tag `mian`"), "{error}");
}

/// The files of a tree, with their texts.
fn texts(tree: &TreeRequest) -> Vec<(&str, String)> {
    let text = |(path, file): (&'_ String, &PathBuf)| (path.clone(), std::fs::read_to_string(file).unwrap());
    let all = tree.files.iter().map(text);
    all.map(|(path, text)| (tree.files.get_key_value(&path).unwrap().0.as_str(), text)).collect()
}

#[tokio::test]
async fn files_are_read_as_they_are_in_each_commit_and_links_are_not_followed() {
    let upstream = Upstream::new();
    upstream.commit("app.yaml", "old: 1\n");
    upstream.git(&["branch", "--force", "old"]);
    upstream.git(&["branch", "same"]);
    upstream.commit("web/Chart.yaml", "name: web\n");
    upstream.commit("web/templates/_lib.tpl", "x\n");
    upstream.commit("k/kustomization.yaml", "resources: []\n");
    upstream.commit("k/settings.conf", "a=b\n");
    // What attributes say is for checkouts and archives.
    let marker = upstream.path().join("ran");
    upstream.git(&["config", "filter.x.smudge", &format!("touch {}", marker.display())]);
    upstream.commit("app.yaml", "new: 1\n");
    upstream.commit(".gitattributes", "* export-ignore\n*.yaml text eol=crlf filter=x\n");
    std::os::unix::fs::symlink("/etc/passwd", upstream.path().join("passwd.yaml")).unwrap();
    upstream.git(&["add", "passwd.yaml"]);
    upstream.git(&["commit", "--quiet", "-m", "a link"]);
    let sources = sources();
    let packed = sources.pack(&upstream.wanted("    refs: [old, same, v1]\n")).await.unwrap();
    let [main, old, v1] = &packed.trees[..] else { panic!("{:?}", packed.trees) };
    assert_eq!([&main.at, &old.at, &v1.at], ["main", "old", "v1"]);
    let expected = [
        ("app.yaml", "new: 1\n"),
        ("k/kustomization.yaml", "resources: []\n"),
        ("k/settings.conf", "a=b\n"),
        ("web/Chart.yaml", "name: web\n"),
        ("web/templates/_lib.tpl", "x\n"),
    ];
    assert_eq!(texts(main), expected.map(|(path, text)| (path, text.to_owned())));
    assert_eq!(main.links.iter().collect::<Vec<_>>(), ["passwd.yaml"]);
    assert_eq!((texts(old), texts(v1)), (vec![("app.yaml", "old: 1\n".to_owned())], vec![]));
    assert!(!marker.exists(), "a filter ran");

    // Who asks again gets the same, wherever upstream is by now.
    upstream.commit("app.yaml", "newest: 1\n");
    let again = sources.pack(&upstream.wanted("    refs: [old, same, v1]\n")).await.unwrap();
    assert_eq!(again.digest, packed.digest);
    let unread = upstream.wanted("    withoutDiscovery: only sources\n");
    assert!(sources.pack(&unread).await.unwrap().trees.is_empty());
}
