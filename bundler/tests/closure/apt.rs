//! Real `apt-get`, which simulates in a folder of its own.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

/// A package that apt installs: name, version, and the architecture of the package.
pub type Installed = (String, String, String);

/// An apt with its own state.
pub struct Apt {
    folder: tempfile::TempDir,
    /// The folder of its sources, which lasts as long as it does.
    _sources: Option<tempfile::TempDir>,
    options: Vec<String>,
}

impl Apt {
    /// An apt that has `status`. What else it is to know comes as options of its configuration.
    pub fn new(status: &[u8], options: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for name in ["cache/archives/partial", "lists/partial", "none.d"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        std::fs::write(at("status"), status).unwrap();
        std::fs::write(at("extended_states"), "").unwrap();
        let mut all: Vec<String> = [
            ("Dir::State::status", at("status")),
            ("Dir::State::extended_states", at("extended_states")),
            ("Dir::Cache", at("cache")),
            ("Dir::Cache::pkgcache", "pkgcache.bin".to_owned()),
            ("Dir::Cache::srcpkgcache", "srcpkgcache.bin".to_owned()),
            ("Dir::Etc::preferences", at("preferences")),
            ("Dir::Etc::preferencesparts", at("none.d")),
            ("Debug::NoLocking", "true".to_owned()),
            ("APT::Sandbox::User", String::new()),
            ("Acquire::Languages", "none".to_owned()),
            ("APT::Get::Always-Include-Phased-Updates", "true".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
        all.extend_from_slice(options);
        Self { folder, _sources: None, options: all }
    }

    /// The same, which owns the folder of its sources.
    pub fn with_sources(self, sources: tempfile::TempDir) -> Self {
        Self { _sources: Some(sources), ..self }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("apt-get");
        for option in &self.options {
            command.args(["-o", option]);
        }
        let output =
            command.args(arguments).env("LC_ALL", "C").env_remove("APT_CONFIG").current_dir(Path::new("/")).output();
        output.expect("apt-get is missing: these tests run on Debian and Ubuntu")
    }

    /// What apt would install, or what it says against it. Nothing may be removed.
    pub fn simulate(&self, packages: &[String], recommends: bool) -> Result<BTreeSet<Installed>, String> {
        let recommends = if recommends { "--install-recommends" } else { "--no-install-recommends" };
        let mut arguments = vec!["install", "--simulate", "--no-remove", recommends];
        arguments.extend(packages.iter().map(String::as_str));
        let output = self.run(&arguments);
        let stdout = String::from_utf8(output.stdout).unwrap();
        if !output.status.success() {
            return Err(format!("{stdout}{}", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(stdout.lines().filter_map(|line| line.strip_prefix("Inst ")).map(installed).collect())
    }
}

/// `name[:arch] [old] (version origin [arch])`
fn installed(line: &str) -> Installed {
    let name = line.split([' ', ':']).next().unwrap();
    let inner = line.split_once('(').unwrap().1.split_once(')').unwrap().0;
    let version = inner.split(' ').next().unwrap();
    let architecture = inner.rsplit_once('[').unwrap().1.trim_end_matches(']');
    (name.to_owned(), version.to_owned(), architecture.to_owned())
}
