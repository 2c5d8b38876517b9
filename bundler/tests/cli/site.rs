//! A folder with bundles, and the command run in it with an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use manifests::fake::{self, FakeBundle};

/// What a run of the command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    /// Standard output of a command that must have worked.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Standard error of a command that must have failed.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// A folder that holds `demo.tar.zst`, signed by the test key, and `trust`, which trusts that key.
pub(crate) struct Site(tempfile::TempDir);

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        FakeBundle::small().write(&site.path("demo.tar.zst"));
        site.write("trust", &fake::allowed_signers());
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Flips one bit.
    pub(crate) fn damage(&self, name: &str, at: u64) {
        let mut bytes = std::fs::read(self.path(name)).unwrap();
        bytes[at as usize] ^= 1;
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// The names in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A command in this folder, with no environment but a PATH.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        // Helm as the set-up script builds it, where it is not installed.
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(".rig/bin");
        let path = std::env::join_paths(std::env::split_paths(&std::env::var_os("PATH").unwrap()).chain([built]));
        command.env_clear().env("PATH", path.unwrap()).current_dir(self.0.path());
        command
    }

    /// Runs `airgap-bundle` with words divided by blanks.
    pub(crate) fn run(&self, words: &str) -> Said {
        said(&self.command(env!("CARGO_BIN_EXE_airgap-bundle")).args(words.split_whitespace()).output().unwrap())
    }

    /// Runs another program, which must work.
    pub(crate) fn tool(&self, words: &str) -> String {
        let mut words = words.split_whitespace().map(|word| if word == "''" { "" } else { word });
        let program = words.next().unwrap();
        let output = self.command(program).args(words).output();
        said(&output.unwrap_or_else(|error| panic!("{program} is needed: {error}"))).ok()
    }
}

fn said(output: &Output) -> Said {
    Said {
        code: output.status.code().expect("not killed"),
        stdout: String::from_utf8(output.stdout.clone()).unwrap(),
        stderr: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// Makes a snapshot of what may change without harm: digests, fingerprints.
#[macro_export]
macro_rules! shown {
    ($value:expr, @$expected:literal) => {
        insta::with_settings!({filters => vec![
            (r"sha256:[0-9a-f]{64}", "sha256:<digest>"),
            (r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:<fingerprint>"),
            (r"\b[0-9a-f]{12}\b", "<digest>"),
            (r"in [0-9.]+ (s|min [0-9]+ s)\b", "in <time>"),
            (r"[0-9.]+ [KMGT]?i?B/s", "<rate>"),
        ]}, { insta::assert_snapshot!($value, @$expected) })
    };
}
