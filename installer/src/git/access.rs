//! How a git server is reached: who asks, and whom its certificate is believed.

use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registry::site::Credentials;
use url::Url;

use crate::secrets::{Secret, read_file};

/// The variables that name a user and a password.
const VARIABLES: [&str; 2] = ["AIRGAP_GIT_USERNAME", "AIRGAP_GIT_PASSWORD"];

/// A git server inside.
#[derive(Debug)]
pub struct Access {
    /// The URL that repositories are below.
    pub(super) base: Url,
    pub(super) login: Option<Login>,
    pub(super) ca: Option<PathBuf>,
}

/// Who asks.
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Why a server can't be reached so.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AccessError {
    /// The URL is none of a git server.
    #[error("`{shown}` is not where repositories can be pushed to: {why}")]
    #[diagnostic(help("write the URL of the organisation or user: https://git.site.internal/platform"))]
    Place {
        /// The URL, without a password.
        shown: String,
        /// Why not.
        why: &'static str,
    },
    /// The file with user and password can't be used.
    #[error("can't use the credentials: {problem}")]
    #[diagnostic(help("{help}"))]
    Credentials {
        /// Why not.
        problem: String,
        /// What to do.
        help: String,
    },
    /// The file of whom to trust is not there.
    #[error("there is no certificate in `{}`", .0.display())]
    #[diagnostic(help("name a file with certificates (PEM): that of the site's server is `<state>/ca/ca.crt`"))]
    Ca(PathBuf),
}

impl Access {
    /// A server at `base`, with the user and password of a file or of the environment.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn new(base: &str, credentials: Option<&Path>, ca: Option<&Path>) -> Result<Self, AccessError> {
        let place = |why| AccessError::Place { shown: without_login(base), why };
        let base = Url::parse(base).map_err(|_| place("it is no URL"))?;
        if !matches!(base.scheme(), "https" | "http") || !base.has_host() {
            return Err(place("it does not begin with https:// or http://"));
        }
        if !base.username().is_empty()
            || base.password().is_some()
            || base.query().is_some()
            || base.fragment().is_some()
        {
            return Err(place("a user, a password or a query has no place in it"));
        }
        if base.path().trim_matches('/').is_empty() {
            return Err(place("it names no organisation and no user"));
        }
        let login = match credentials {
            Some(path) => Some(Login::read(path)?),
            None => Login::of_environment(),
        };
        let is_here = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if login.is_some() && base.scheme() == "http" && !is_here {
            return Err(place("credentials are not sent without TLS"));
        }
        if let Some(path) = ca.filter(|path| !path.is_file()) {
            return Err(AccessError::Ca(path.to_owned()));
        }
        let ca = ca.and_then(|path| std::path::absolute(path).ok());
        Ok(Self { base, login, ca })
    }

    /// As git is told. Through the environment: arguments are there for every user of the machine to see.
    pub(super) fn configuration(&self) -> Vec<(String, String)> {
        let origin = format!("{}/", self.base.origin().ascii_serialization());
        let mut configuration = Vec::new();
        if let Some(Login { user, password }) = &self.login {
            let coded = STANDARD.encode(format!("{user}:{}", password.reveal()));
            configuration.push((format!("http.{origin}.extraHeader"), format!("Authorization: Basic {coded}")));
        }
        if let Some(ca) = &self.ca {
            configuration.push((format!("http.{origin}.sslCAInfo"), ca.display().to_string()));
        }
        configuration
    }
}

impl Login {
    fn of_environment() -> Option<Self> {
        let [user, password] = VARIABLES.map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        Some(Self { user: user?, password: Secret::new(password?) })
    }

    /// Reads `username=` and `password=`, each on a line of its own, as `<state>/auth/credentials` has them.
    fn read(path: &Path) -> Result<Self, AccessError> {
        let text = read_file(path).map_err(|(problem, help)| AccessError::Credentials { problem, help })?;
        let found = Credentials::parse(text.reveal(), path).ok_or_else(|| AccessError::Credentials {
            problem: format!("`{}` has no user and no password", path.display()),
            help: "write a line `username=…` and a line `password=…`".to_owned(),
        })?;
        Ok(Self { user: found.user, password: Secret::new(found.password) })
    }
}

/// A text that may be a URL with a password in it, as it may be shown.
fn without_login(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => format!("{}…{}", &text[..scheme + 3], &text[at..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn credentials_come_from_a_file_that_others_can_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login");
        std::fs::write(&path, "username=ci\npassword=s3cret \"x\"\n").unwrap();
        let open = Access::new("https://git.example.org/team", Some(&path), None).unwrap_err();
        assert!(open.to_string().contains("others than its owner may read"), "{open}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let access = Access::new("https://git.example.org/team", Some(&path), None).unwrap();
        assert!(!format!("{access:?}").contains("s3cret"));
        let said = &access.configuration()[0];
        assert_eq!(said.0, "http.https://git.example.org/.extraHeader");
        let coded = said.1.strip_prefix("Authorization: Basic ").unwrap();
        assert_eq!(STANDARD.decode(coded).unwrap(), b"ci:s3cret \"x\"");
        let plain = Access::new("http://git.example.org/team", Some(&path), None).unwrap_err();
        assert!(plain.to_string().contains("without TLS"), "{plain}");
        std::fs::write(&path, "ci:s3cret\n").unwrap();
        let odd = Access::new("https://git.example.org/team", Some(&path), None).unwrap_err();
        assert!(odd.to_string().contains("has no user") && !odd.to_string().contains("s3cret"), "{odd}");
    }

    #[test]
    fn a_place_is_an_organisation_at_a_server() {
        for base in
            ["git.example.org/team", "ssh://git@a.org/x", "https://a.org", "https://a.org/", "https://a.org/x?y"]
        {
            assert!(Access::new(base, None, None).is_err(), "{base}");
        }
        let error = Access::new("https://me:s3cret@a.org/x", None, None).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(matches!(Access::new("https://a.org/x", None, Some(Path::new("/none"))), Err(AccessError::Ca(_))));
    }
}
