//! Credentials, from where people have them: docker's and podman's files, credential helpers and netrc.
//!
//! Sources: `docker login`'s `config.json`, containers-auth.json(5), docker-credential-helpers' protocol, netrc(5).

mod auth_file;
mod error;
mod helper;
mod netrc;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use manifests::Repository;
use tokio::sync::Mutex;
use url::Url;

pub use error::CredentialError;

use crate::http::{Auth, Authorization, Secret};
use auth_file::AuthFile;
use netrc::Netrc;

/// How to log in at a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user name and a password.
    Login {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// An OAuth 2 refresh token.
    IdentityToken(Secret),
    /// A bearer token, to be sent as it is.
    RegistryToken(Secret),
}

/// What a helper (the first) said about a registry (the second).
type Answers = HashMap<(String, String), Option<Credential>>;

/// All credentials of the one who builds.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    files: Arc<Vec<AuthFile>>,
    netrc: Arc<Netrc>,
    /// `PATH`, to find helpers by.
    search_path: Option<OsString>,
    /// What helpers said: they may be slow, and may ask a person.
    asked: Arc<Mutex<Answers>>,
}

impl Credentials {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads the files that the environment points to. Missing files are no error, unless one was named.
    ///
    /// Registries: `REGISTRY_AUTH_FILE` alone where it is set; else `$XDG_RUNTIME_DIR/containers/auth.json`,
    /// `$XDG_CONFIG_HOME/containers/auth.json` and `$DOCKER_CONFIG/config.json` (`~/.docker`), in this order. Web
    /// servers: `NETRC`, or `~/.netrc`.
    ///
    /// # Errors
    /// [`CredentialError`] when a file is there but can't be read or understood.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, CredentialError> {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = path("HOME");
        let below = |base: Option<PathBuf>, rest: &str| base.map(|base| base.join(rest));
        let mut files = Vec::new();
        if let Some(named) = path("REGISTRY_AUTH_FILE") {
            files.extend(AuthFile::read(&named)?);
        } else {
            let config = path("XDG_CONFIG_HOME").or_else(|| below(home.clone(), ".config"));
            let docker = path("DOCKER_CONFIG").or_else(|| below(home.clone(), ".docker"));
            let candidates = [
                below(path("XDG_RUNTIME_DIR"), "containers/auth.json"),
                below(config, "containers/auth.json"),
                below(docker, "config.json"),
            ];
            for candidate in candidates.into_iter().flatten() {
                files.extend(AuthFile::read(&candidate)?);
            }
        }
        let netrc = match path("NETRC").or_else(|| below(home, ".netrc")) {
            Some(path) => Netrc::read(&path)?,
            None => Netrc::default(),
        };
        Ok(Self {
            files: Arc::new(files),
            netrc: Arc::new(netrc),
            search_path: variable("PATH"),
            asked: Arc::default(),
        })
    }

    /// The credential for a repository: the most specific entry of the first file that has one.
    ///
    /// # Errors
    /// [`CredentialError`] when a credential helper that is set for the registry fails.
    pub async fn for_repository(&self, repository: &Repository) -> Result<Option<Credential>, CredentialError> {
        for file in self.files.iter() {
            if let Some((helper, must_work)) = file.helper(repository.registry()) {
                match self.ask(&helper, file.path(), repository.registry(), must_work).await? {
                    Some(credential) => return Ok(Some(credential)),
                    None if must_work => continue,
                    None => {}
                }
            }
            if let Some(credential) = file.entry(repository)? {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }

    /// The authorization for a web server: what netrc has for its host.
    pub fn for_url(&self, url: &Url) -> Option<Authorization> {
        match self.netrc.login(url.host_str()?)? {
            Credential::Login { user, password } => Some(Authorization::Basic { user, password }),
            Credential::IdentityToken(_) | Credential::RegistryToken(_) => None,
        }
    }

    /// How a web server is asked: with the authorization for it, if there is one.
    pub fn auth(&self, url: &Url) -> Auth {
        self.for_url(url).map_or(Auth::None, Auth::Fixed)
    }

    async fn ask(
        &self,
        helper: &str,
        file: &Path,
        registry: &str,
        must_work: bool,
    ) -> Result<Option<Credential>, CredentialError> {
        let key = (helper.to_owned(), registry.to_owned());
        // Held while the helper runs: many images of one registry ask at the same moment, and one question is enough.
        let mut asked = self.asked.lock().await;
        if let Some(known) = asked.get(&key) {
            return Ok(known.clone());
        }
        let found = match helper::get(helper, self.search_path.as_deref(), file, registry).await {
            Err(error) if !must_work => {
                tracing::warn!(%error, "going on without the credential store");
                None
            }
            other => other?,
        };
        asked.insert(key, found.clone());
        Ok(found)
    }
}
