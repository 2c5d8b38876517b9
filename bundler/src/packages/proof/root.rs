//! The folder that a proof's apt lives in, and how it is run.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use manifests::Digest;
use manifests::debian::Release;
use manifests::debian::release::IndexFile;

use super::output::{installations, reasons};
use super::{Installation, ProofError, Subject};

/// Everything that apt would otherwise look for in the machine.
pub(super) struct Root {
    apt_get: OsString,
    folder: tempfile::TempDir,
}

impl Root {
    pub(super) fn new(apt_get: &OsStr, subject: &Subject<'_>) -> Result<Self, ProofError> {
        let prepare = |source| ProofError::Prepare { path: std::env::temp_dir(), source };
        let root = Self { apt_get: apt_get.to_owned(), folder: tempfile::tempdir().map_err(prepare)? };
        for folder in ["lists/partial", "cache/archives/partial", "etc/none.d", "log", "repository"] {
            let path = root.path(folder);
            fs::create_dir_all(&path).map_err(|source| ProofError::Prepare { path, source })?;
        }
        let source = format!("deb [trusted=yes] {} ./\n", file_url(&root.path("repository")));
        root.write("status", subject.profile.status())?;
        root.write("extended_states", b"")?;
        root.write("etc/sources.list", source.as_bytes())?;
        root.write("repository/Packages", subject.index.as_bytes())?;
        root.write("repository/Release", release(subject).to_string().as_bytes())?;
        root.write("apt.conf", root.configuration(subject).as_bytes())?;
        Ok(root)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), ProofError> {
        let path = self.path(name);
        fs::write(&path, content).map_err(|source| ProofError::Prepare { path, source })
    }

    fn configuration(&self, subject: &Subject<'_>) -> String {
        let at = |name: &str| self.path(name).display().to_string();
        let mut lines = vec![
            format!("APT::Architecture \"{}\";", subject.native),
            "APT::Get::Always-Include-Phased-Updates \"true\";".to_owned(),
            // The folder is ours alone, also where we are root.
            "APT::Sandbox::User \"\";".to_owned(),
            "Acquire::Languages \"none\";".to_owned(),
            "Acquire::AllowInsecureRepositories \"true\";".to_owned(),
            "Debug::NoLocking \"true\";".to_owned(),
            // An empty list first, for the machine's own.
            "#clear APT::Architectures;".to_owned(),
        ];
        let architectures = std::iter::once(subject.native).chain(subject.foreign);
        lines.extend(architectures.map(|architecture| format!("APT::Architectures:: \"{architecture}\";")));
        for (name, place) in [
            ("Dir::State", "."),
            ("Dir::State::lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::State::extended_states", "extended_states"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc", "etc"),
            ("Dir::Etc::main", "etc/none"),
            ("Dir::Etc::parts", "etc/none.d"),
            ("Dir::Etc::sourcelist", "etc/sources.list"),
            ("Dir::Etc::sourceparts", "etc/none.d"),
            ("Dir::Etc::preferences", "etc/none"),
            ("Dir::Etc::preferencesparts", "etc/none.d"),
            ("Dir::Etc::trusted", "etc/none"),
            ("Dir::Etc::trustedparts", "etc/none.d"),
            ("Dir::Log", "log"),
        ] {
            lines.push(format!("{name} \"{}\";", at(place)));
        }
        lines.join("\n") + "\n"
    }

    /// Has apt read the repository.
    pub(super) fn update(&self, subject: &Subject<'_>) -> Result<(), ProofError> {
        let output = self.run(&["update", "--error-on=any"])?;
        if output.status.success() {
            return Ok(());
        }
        Err(ProofError::Update { profile: subject.profile.name().to_owned(), output: said(&output) })
    }

    /// Has apt simulate an installation.
    pub(super) fn simulate(
        &self,
        subject: &Subject<'_>,
        wanted: &[String],
        recommends: bool,
    ) -> Result<Vec<Installation>, ProofError> {
        let recommends = if recommends { "--install-recommends" } else { "--no-install-recommends" };
        let mut arguments = vec!["install", "--simulate", "--no-remove", recommends];
        arguments.extend(wanted.iter().map(String::as_str));
        let output = self.run(&arguments)?;
        if output.status.success() {
            return installations(&String::from_utf8_lossy(&output.stdout));
        }
        Err(ProofError::Unmet { profile: subject.profile.name().to_owned(), output: said(&output) })
    }

    /// The environment has to say nothing: neither another configuration nor another language.
    fn run(&self, arguments: &[&str]) -> Result<Output, ProofError> {
        let mut command = Command::new(&self.apt_get);
        command.args(arguments).env_clear().env("LC_ALL", "C").env("APT_CONFIG", self.path("apt.conf"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
        command.current_dir(Path::new("/"));
        command.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => ProofError::NoApt,
            _ => ProofError::Run(error),
        })
    }
}

/// As apt takes it: a temporary folder may have blanks in its path, and apt decodes what is encoded.
fn file_url(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encoded = path.as_os_str().as_encoded_bytes().iter().map(|byte| match byte {
        byte if plain(*byte) => char::from(*byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    format!("file:{}", encoded.collect::<String>())
}

fn said(output: &Output) -> String {
    reasons(&String::from_utf8_lossy(&output.stdout), &String::from_utf8_lossy(&output.stderr))
}

/// The index needs a `Release` beside it, or apt warns of a repository without one. Its date is of no matter here.
fn release(subject: &Subject<'_>) -> Release {
    let mut release = Release::new(jiff::Timestamp::UNIX_EPOCH);
    release.label = Some("bundle".to_owned());
    release.architectures = std::iter::once(subject.native).chain(subject.foreign).cloned().collect();
    let file = IndexFile { digest: Digest::of(subject.index.as_bytes()), size: subject.index.len() as u64 };
    release.files.insert("Packages".to_owned(), file);
    release
}
