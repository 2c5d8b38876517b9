//! A folder with a bundle, a trust file and a state directory, and the program to run on them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use manifests::fake::{self, FakeBundle};
use tempfile::TempDir;

pub struct Context {
    folder: TempDir,
}

impl Context {
    /// A folder with a trust file, and no bundle yet.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("airgap-install-").tempdir().unwrap();
        std::fs::write(folder.path().join("allowed_signers"), fake::allowed_signers()).unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder }
    }

    /// The same with the small bundle in it, as `bundle.tar.zst`.
    pub fn with_bundle() -> Self {
        let context = Self::new();
        FakeBundle::small().write(&context.path("bundle.tar.zst"));
        context
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// The program in the folder: relative paths are as a person would write them.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_airgap-install"));
        command.args(arguments).arg("--state").arg("state").current_dir(self.folder.path());
        command.env_clear().env("TMPDIR", self.path("tmp")).env("HOME", self.path("home"));
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// Imports `bundle` without serving it.
    pub fn import(&self, bundle: &str, more: &[&str]) -> Ended {
        let arguments = ["--bundle", bundle, "--trust", "allowed_signers", "--no-serve"];
        self.run(&[&arguments[..], more].concat())
    }

    /// What is left in the folder for temporary files.
    pub fn litter(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The files below a folder, with their paths in it.
    pub fn files(&self, name: &str) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let (root, mut found) = (self.path(name), Vec::new());
        walk(&root, &root, &mut found);
        found.sort();
        found
    }
}

/// A command that has ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Exit code, output and messages, for a snapshot.
    pub fn show(&self) -> String {
        let Self { code, stdout, stderr } = self;
        format!("exit: {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.show());
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.show()))
    }
}

/// What differs from run to run, in snapshots.
pub fn filters() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"/\S*/airgap-install-\w+", "[FOLDER]");
    settings.add_filter(r"sha256:[0-9a-f]{64}", "[DIGEST]");
    settings.add_filter(r"SHA256:[\w+/]{43}", "[FINGERPRINT]");
    settings.add_filter(r"[\d.]+ (B|KiB|MiB|GiB|TiB) free", "[FREE]");
    settings.add_filter(r"[\d.]+ (B|KiB|MiB) used", "[USED]");
    settings.add_filter(r"[\d.]+ (B|KiB) (checked|read|of|, done)", "[SIZE] $2");
    settings.add_filter(r"all [\d.]+ (B|KiB)", "all [SIZE]");
    settings.add_filter(r"(import): [\d.]+ \w+, [\d.]+ \w+/s, done in .*", "$1: [PROGRESS]");
    settings.add_filter(r"\d{4}-\d\d-\d\d \d\d:\d\d", "[TIME]");
    settings.bind_to_scope()
}

/// A program that runs, and is killed when the test is over.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
