//! `config.json` of docker and `auth.json` of podman, skopeo and buildah.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use manifests::Repository;
use serde::Deserialize;

use super::{Credential, CredentialError};
use crate::http::Secret;

/// Larger files are not read.
const LIMIT: u64 = 4 << 20;
/// The names that Docker Hub goes by.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One such file.
pub(super) struct AuthFile {
    path: PathBuf,
    content: Content,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl fmt::Debug for AuthFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AuthFile").field(&self.path).finish()
    }
}

impl AuthFile {
    /// Reads a file; none when it does not exist.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialError> {
        let failed = |source| CredentialError::Read { path: path.to_owned(), source };
        let text = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
            Ok(metadata) if metadata.len() > LIMIT => {
                return Err(CredentialError::Format { path: path.to_owned(), problem: "it is too large".to_owned() });
            }
            Ok(_) => std::fs::read(path).map_err(failed)?,
        };
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let content = serde_json::from_slice(&text).map_err(|error| CredentialError::Format {
            path: path.to_owned(),
            // The parser's own words could quote a value.
            problem: format!("line {}, column {}", error.line(), error.column()),
        })?;
        Ok(Some(Self { path: path.to_owned(), content }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The helper for a registry, and whether it was set for just this one.
    pub(super) fn helper(&self, registry: &str) -> Option<(String, bool)> {
        let mut helpers = self.content.cred_helpers.iter();
        let own = helpers.find(|(key, _)| same_registry(key, registry)).map(|(_, name)| (name.clone(), true));
        let store = || self.content.creds_store.clone().filter(|name| !name.is_empty()).map(|name| (name, false));
        own.or_else(store)
    }

    /// The entry for a repository: that with the longest path, else that of the registry.
    pub(super) fn entry(&self, repository: &Repository) -> Result<Option<Credential>, CredentialError> {
        let whole = repository.to_string();
        let mut name = whole.as_str();
        loop {
            if let Some(entry) = self.content.auths.get(name)
                && let Some(credential) = self.credential(name, entry)?
            {
                return Ok(Some(credential));
            }
            match name.rsplit_once('/') {
                Some((shorter, _)) => name = shorter,
                None => break,
            }
        }
        for (key, entry) in &self.content.auths {
            if same_registry(key, repository.registry())
                && let Some(credential) = self.credential(key, entry)?
            {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }

    fn credential(&self, key: &str, entry: &Entry) -> Result<Option<Credential>, CredentialError> {
        let given = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&entry.identitytoken) {
            return Ok(Some(Credential::IdentityToken(Secret::new(token))));
        }
        if let Some(token) = given(&entry.registrytoken) {
            return Ok(Some(Credential::RegistryToken(Secret::new(token))));
        }
        if let Some(auth) = given(&entry.auth) {
            let decoded = BASE64.decode(auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
                let problem = format!("`auth` of `{key}` is not user:password in base64");
                return Err(CredentialError::Format { path: self.path.clone(), problem });
            };
            // Some writers fill up with zero bytes.
            let password = Secret::new(password.trim_matches('\0'));
            return Ok(Some(Credential::Login { user: user.to_owned(), password }));
        }
        let login = given(&entry.username).zip(given(&entry.password));
        Ok(login.map(|(user, password)| Credential::Login { user, password: Secret::new(password) }))
    }
}

/// Whether a key, which may be a URL in old files, names a registry.
fn same_registry(key: &str, registry: &str) -> bool {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = key.split_once('/').unwrap_or((key, ""));
    // `…/v1/` and `…/v2/` mark the registry itself; any other path is that of a part of it.
    let whole = matches!(path.trim_end_matches('/'), "" | "v1" | "v2");
    whole && (host == registry || (DOCKER_HUB.contains(&host) && DOCKER_HUB.contains(&registry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> AuthFile {
        AuthFile { path: "config.json".into(), content: serde_json::from_str(content).unwrap() }
    }

    fn user(file: &AuthFile, registry: &str, path: &str) -> Option<String> {
        match file.entry(&Repository::new(registry, path).unwrap()).unwrap() {
            Some(Credential::Login { user, .. }) => Some(user),
            Some(other) => Some(format!("{other:?}")),
            None => None,
        }
    }

    #[test]
    fn the_most_specific_entry_wins() {
        let file = file(
            r#"{"auths": {"quay.io": {"username": "all", "password": "p"},
                "quay.io/team": {"username": "team", "password": "p"},
                "quay.io/team/app": {"username": "app", "password": "p"}}}"#,
        );
        assert_eq!(user(&file, "quay.io", "team/app").as_deref(), Some("app"));
        assert_eq!(user(&file, "quay.io", "team/other").as_deref(), Some("team"));
        assert_eq!(user(&file, "quay.io", "teams/other").as_deref(), Some("all"));
        assert_eq!(user(&file, "ghcr.io", "team/app"), None);
    }

    #[test]
    fn docker_hub_goes_by_its_old_name_too() {
        let file = file(r#"{"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnB3AA=="}}}"#);
        let found = file.entry(&Repository::new("docker.io", "nginx").unwrap()).unwrap();
        assert_eq!(found, Some(Credential::Login { user: "hub".to_owned(), password: Secret::new("pw") }));
        assert_eq!(user(&file, "docker.io.evil.example", "nginx"), None);
    }

    #[test]
    fn tokens_are_told_apart() {
        let file = file(
            r#"{"auths": {"a.io": {"auth": "PHRva2VuPjo=", "identitytoken": "i"}, "b.io": {"registrytoken": "r"},
                "c.io": {}}}"#,
        );
        assert_eq!(user(&file, "a.io", "x").as_deref(), Some("IdentityToken(***)"));
        assert_eq!(user(&file, "b.io", "x").as_deref(), Some("RegistryToken(***)"));
        assert_eq!(user(&file, "c.io", "x"), None);
    }

    #[test]
    fn a_helper_of_a_registry_goes_before_the_store() {
        let file = file(r#"{"credHelpers": {"gcr.io": "gcloud"}, "credsStore": "pass"}"#);
        assert_eq!(file.helper("gcr.io"), Some(("gcloud".to_owned(), true)));
        assert_eq!(file.helper("quay.io"), Some(("pass".to_owned(), false)));
    }

    #[test]
    fn a_broken_entry_is_an_error_that_does_not_quote_it() {
        let file = file(r#"{"auths": {"a.io": {"auth": "aHVudGVyMg=="}}}"#);
        let error = file.entry(&Repository::new("a.io", "x").unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "config.json is not a valid file of credentials: `auth` of `a.io` is not user:password in base64"
        );
    }
}
