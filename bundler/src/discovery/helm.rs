//! The real Helm: found, its version checked, run where it sees nothing of this machine and reaches no network.
//!
//! It is never downloaded: which Helm renders decides what is found, so that is the user's to say.

mod error;
mod process;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use semver::Version;

pub use error::HelmError;
use process::{Ended, Limits};

use super::Trouble;

/// The name that is looked for in the search path.
const NAME: &str = "helm";
/// The oldest Helm that has everything that is asked of it, and the first that is not known.
const VERSIONS: (Version, Version) = (Version::new(3, 8, 0), Version::new(5, 0, 0));
/// How long one rendering may take, unless somebody says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes of one rendering that are read. The largest charts give some 10 MiB.
pub const OUTPUT: u64 = 48 << 20;
/// Bytes of memory that one rendering may take. The largest charts take some 300 MiB.
pub const MEMORY: u64 = 2 << 30;
/// A proxy that can't be: what Helm should fetch fails at once.
const NO_PROXY: &str = "http://127.0.0.1:0";

/// A Helm whose version is known.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
    version: Version,
    patience: Duration,
    memory: u64,
}

/// One rendering.
#[derive(Debug)]
pub(super) struct Rendering<'a> {
    /// The release's name.
    pub(super) release: &'a str,
    /// Its namespace.
    pub(super) namespace: &'a str,
    /// The chart's archive.
    pub(super) archive: &'a Path,
    /// A file with the values.
    pub(super) values: &'a Path,
    /// The version of Kubernetes.
    pub(super) kubernetes: &'a str,
    /// What the API has beside Kubernetes' own: `group/version` and `group/version/Kind`.
    pub(super) apis: &'a [String],
    /// Whether the release is there already.
    pub(super) is_upgrade: bool,
}

impl Helm {
    /// Finds Helm: the program that is named, else the one of the search path; and asks for its version.
    ///
    /// # Errors
    /// [`HelmError`] when there is none, or none of a version that will do.
    pub async fn find(named: Option<&Path>, search_path: Option<&OsStr>) -> Result<Self, HelmError> {
        let program = match named {
            // It is run in a folder of its own.
            Some(path) => std::path::absolute(path).map_err(HelmError::Folder)?,
            None => in_search_path(search_path).ok_or(HelmError::Absent)?,
        };
        let home = tempfile::tempdir().map_err(HelmError::Folder)?;
        let arguments = ["version", "--template", "{{.Version}}"].map(OsString::from);
        let limits = Limits { time: PATIENCE, output: 4096, memory: MEMORY };
        let environment = environment(home.path());
        let said = match process::run(&program, &arguments, &environment, home.path(), limits).await {
            Ok(Ended::Well(said)) => String::from_utf8_lossy(&said).trim().to_owned(),
            Ok(Ended::Failed(said)) => return Err(HelmError::NoVersion { program, said }),
            Ok(Ended::Late | Ended::TooMuch | Ended::NoMemory) => {
                return Err(HelmError::NoVersion { program, said: String::new() });
            }
            Err(source) => return Err(HelmError::Start { program, source }),
        };
        // A Helm that somebody built says `v3.16+unreleased`.
        let version = said.parse::<manifests::component::Version>().ok();
        let Some(version) = version.map(|version| version.meaning().clone()) else {
            return Err(HelmError::NoVersion { program, said });
        };
        let (first, beyond) = VERSIONS;
        let is_known = version >= first && version.major < beyond.major;
        if is_known {
            Ok(Self { program, version, patience: PATIENCE, memory: MEMORY })
        } else {
            Err(HelmError::Version { program, version })
        }
    }

    /// The same Helm, of which one rendering may take so long.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same Helm, of which one rendering may take so many bytes of memory.
    #[must_use]
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// Its version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Where it is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Renders a chart: hooks, tests and definitions too. `home` is an empty folder that it may use.
    pub(super) async fn template(&self, rendering: &Rendering<'_>, home: &Path) -> Result<Vec<u8>, Trouble> {
        let limits = Limits { time: self.patience, output: OUTPUT, memory: self.memory };
        let unreadable = |error: std::io::Error| Trouble::Unreadable { why: error.to_string() };
        let arguments = rendering.arguments().map_err(unreadable)?;
        let ended = process::run(&self.program, &arguments, &environment(home), home, limits).await;
        match ended {
            Ok(Ended::Well(output)) => Ok(output),
            Ok(Ended::Failed(said)) => Err(refused(said)),
            Ok(Ended::Late) => Err(Trouble::Late { seconds: self.patience.as_secs() }),
            Ok(Ended::TooMuch) => Err(Trouble::TooMuch { limit: OUTPUT }),
            Ok(Ended::NoMemory) => Err(Trouble::Memory { limit: self.memory }),
            Err(error) => Err(Trouble::Unreadable { why: format!("{NAME} can't be started: {error}") }),
        }
    }
}

impl Rendering<'_> {
    fn arguments(&self) -> std::io::Result<Vec<OsString>> {
        let archive = std::path::absolute(self.archive)?;
        let mut arguments = vec!["template".into(), self.release.into(), archive.into_os_string()];
        for (option, value) in [
            ("--namespace", OsStr::new(self.namespace)),
            ("--kube-version", OsStr::new(self.kubernetes)),
            ("--values", self.values.as_os_str()),
        ] {
            arguments.extend([option.into(), value.to_owned()]);
        }
        arguments.push("--include-crds".into());
        if self.is_upgrade {
            arguments.push("--is-upgrade".into());
        }
        arguments.extend(self.apis.iter().map(|api| format!("--api-versions={api}").into()));
        Ok(arguments)
    }
}

/// What Helm says when it refuses, as trouble.
fn refused(said: String) -> Trouble {
    let is_version = said.contains("kubeVersion") && said.contains("incompatible with Kubernetes");
    if is_version { Trouble::KubernetesVersion { said } } else { Trouble::Render { said } }
}

/// All that Helm is told of the machine: folders that are empty, no cluster, and no way out.
fn environment(home: &Path) -> Vec<(&'static str, OsString)> {
    let folder = |name: &str| home.join(name).into_os_string();
    let mut variables = vec![
        ("HOME", home.as_os_str().to_owned()),
        ("TMPDIR", home.as_os_str().to_owned()),
        ("HELM_CACHE_HOME", folder("cache")),
        ("HELM_CONFIG_HOME", folder("config")),
        ("HELM_DATA_HOME", folder("data")),
        ("HELM_PLUGINS", folder("plugins")),
        ("KUBECONFIG", folder("no-cluster")),
    ];
    variables.extend(["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, NO_PROXY.into())));
    variables
}

fn in_search_path(search_path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(search_path?).map(|folder| folder.join(NAME)).find(|path| path.is_file())
}
