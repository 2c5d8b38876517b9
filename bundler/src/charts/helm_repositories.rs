//! Logins for chart repositories, from where `helm repo add --username --password` keeps them: `repositories.yaml`.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::http::Authorization;

/// The largest file that is read, in bytes.
const MAX_SIZE: u64 = 4 << 20;

/// The chart repositories that helm knows a login for.
#[derive(Clone, Default)]
pub struct HelmRepositories {
    logins: Vec<(Url, Authorization)>,
}

impl fmt::Debug for HelmRepositories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HelmRepositories({} logins)", self.logins.len())
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    repositories: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<String>,
}

impl HelmRepositories {
    /// Reads the file that helm would read: `HELM_REPOSITORY_CONFIG`, else `repositories.yaml` in `HELM_CONFIG_HOME`,
    /// `$XDG_CONFIG_HOME/helm` or `~/.config/helm`. A missing one is an empty one.
    ///
    /// # Errors
    /// [`HelmRepositoriesError`] when it is there but can't be read or understood.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, HelmRepositoriesError> {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let file = path("HELM_REPOSITORY_CONFIG").or_else(|| {
            let config = path("XDG_CONFIG_HOME").or_else(|| path("HOME").map(|home| home.join(".config")));
            let folder = path("HELM_CONFIG_HOME").or_else(|| config.map(|config| config.join("helm")));
            folder.map(|folder| folder.join("repositories.yaml"))
        });
        file.map_or_else(|| Ok(Self::default()), |file| Self::read(&file))
    }

    fn read(path: &Path) -> Result<Self, HelmRepositoriesError> {
        let failed = |source| HelmRepositoriesError::Read { path: path.to_owned(), source };
        let file = match std::fs::File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            file => file.map_err(failed)?,
        };
        let mut bytes = Vec::new();
        file.take(MAX_SIZE).read_to_end(&mut bytes).map_err(failed)?;
        // What the parser says shows the text around a mistake, which may be a password: so it is not passed on.
        let document: Option<Document> =
            serde_yaml::from_slice(&bytes).map_err(|_| HelmRepositoriesError::Format(path.to_owned()))?;
        let entries = document.and_then(|document| document.repositories).unwrap_or_default();
        let login = |entry: Entry| {
            let user = entry.username.filter(|user| !user.is_empty())?;
            let url = Url::parse(&entry.url?).ok()?;
            Some((url, Authorization::basic(user, entry.password.unwrap_or_default())))
        };
        Ok(Self { logins: entries.into_iter().filter_map(login).collect() })
    }

    /// The login of a repository, for a URL at the repository's own origin; for any other there is none.
    pub fn for_url(&self, repository: &Url, url: &Url) -> Option<Authorization> {
        if repository.origin() != url.origin() {
            return None;
        }
        let same = |known: &Url| {
            let path = |url: &Url| url.path().trim_end_matches('/').to_owned();
            known.origin() == repository.origin() && path(known) == path(repository)
        };
        self.logins.iter().find(|(known, _)| same(known)).map(|(_, login)| login.clone())
    }
}

/// A `repositories.yaml` of helm that can't be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum HelmRepositoriesError {
    /// It can't be read.
    #[error("can't read helm's repositories in {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what helm writes.
    #[error("{} is not a file of helm's repositories", .0.display())]
    #[diagnostic(help("`helm repo add` writes it; `helm repo list` shows whether helm can read it"))]
    Format(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_for_its_repository_at_its_own_origin() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("helm");
        std::fs::create_dir(&folder).unwrap();
        let text = "apiVersion: \"\"\nrepositories:\n- {name: a, url: \"https://host/charts/\", username: u, password: p}\n\
                    - {name: b, url: \"https://host/open\", username: \"\", password: \"\"}\n";
        std::fs::write(folder.join("repositories.yaml"), text).unwrap();
        let variable = |name: &str| (name == "XDG_CONFIG_HOME").then(|| directory.path().as_os_str().to_owned());
        let known = HelmRepositories::from_environment(variable).unwrap();
        let login = |repository: &str, url: &str| known.for_url(&repository.parse().unwrap(), &url.parse().unwrap());
        assert_eq!(login("https://host/charts", "https://host/x.tgz"), Some(Authorization::basic("u", "p")));
        assert_eq!(login("https://host/charts", "https://cdn/x.tgz"), None);
        assert_eq!(login("https://host/charts", "http://host/x.tgz"), None);
        assert_eq!(login("https://host/open", "https://host/open/x.tgz"), None);
        assert_eq!(format!("{known:?}"), "HelmRepositories(1 logins)");
    }

    #[test]
    fn a_missing_file_is_empty_and_a_broken_one_shows_nothing_of_itself() {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: PathBuf| {
            HelmRepositories::from_environment(|name| (name == "HELM_REPOSITORY_CONFIG").then(|| path.clone().into()))
        };
        assert!(at(directory.path().join("none")).unwrap().logins.is_empty());
        let broken = directory.path().join("broken");
        std::fs::write(&broken, "repositories: [{password: secret").unwrap();
        let error = at(broken).unwrap_err();
        assert!(std::error::Error::source(&error).is_none() && !error.to_string().contains("secret"), "{error}");
    }
}
