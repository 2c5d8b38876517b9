use std::fmt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{SiteError, make_folder, read_text};
use crate::store::write_atomically;

/// The user that is generated.
pub const USER: &str = "airgap";
/// The password has 144 bits, so a dearer hash would only slow the first request of every node.
const BCRYPT_COST: u32 = 10;

/// The credentials of a site: who may pull.
#[derive(Clone)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password in plain text.
    pub password: String,
    /// The file that the operator finds them in.
    pub path: PathBuf,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).field("path", &self.path).finish_non_exhaustive()
    }
}

impl Credentials {
    /// The site's credentials, which are generated when there is no `htpasswd` yet. `None`: an operator has brought
    /// their own `htpasswd`, or the process may not read the plain text.
    ///
    /// # Errors
    /// [`SiteError`] when the files can't be read or written.
    pub fn load_or_create(state: &Path) -> Result<Option<Self>, SiteError> {
        let (path, htpasswd) = (state.join("auth/credentials"), htpasswd_path(state));
        if htpasswd.exists() {
            return match read_text(&path) {
                Err(super::StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {
                    Ok(None)
                }
                text => Ok(text?.and_then(|text| Self::parse(&text, &path))),
            };
        }
        make_folder(&state.join("auth"))?;
        let credentials = match read_text(&path)?.and_then(|text| Self::parse(&text, &path)) {
            Some(credentials) => credentials,
            None => Self { user: USER.to_owned(), password: random_password()?, path },
        };
        credentials.write(&htpasswd)?;
        Ok(Some(credentials))
    }

    /// The site's generated credentials. `None`: there are none, since an operator has brought their own `htpasswd`, or
    /// since nothing was served yet.
    ///
    /// # Errors
    /// [`SiteError`] when the file can't be read, also for lack of permission.
    pub fn load(state: &Path) -> Result<Option<Self>, SiteError> {
        let path = state.join("auth/credentials");
        Ok(read_text(&path)?.and_then(|text| Self::parse(&text, &path)))
    }

    /// Those in the text of such a file: `username=…` and `password=…`, each on a line of its own. `None`: one of them is missing.
    pub fn parse(text: &str, path: &Path) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        Some(Self { user: field("username=")?, password: field("password=")?, path: path.to_owned() })
    }

    fn write(&self, htpasswd: &Path) -> Result<(), SiteError> {
        let hash = bcrypt::hash_with_result(&self.password, BCRYPT_COST).map_err(SiteError::Hash)?;
        let hash = hash.format_for_version(bcrypt::Version::TwoY);
        let text = format!("username={}\npassword={}\n", self.user, self.password);
        // The plain text first: a kill between the two must not leave a password that nobody knows.
        write_atomically(&self.path, text.as_bytes(), 0o600)?;
        write_atomically(htpasswd, format!("{}:{hash}\n", self.user).as_bytes(), 0o600)?;
        Ok(())
    }
}

/// The file that the server reads.
pub(crate) fn htpasswd_path(state: &Path) -> PathBuf {
    state.join("auth/htpasswd")
}

fn random_password() -> Result<String, SiteError> {
    let mut bytes = [0; 18];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SiteError::Random)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn credentials_are_made_once_and_belong_together() {
        let folder = tempfile::tempdir().unwrap();
        let first = Credentials::load_or_create(folder.path()).unwrap().unwrap();
        let again = Credentials::load_or_create(folder.path()).unwrap().unwrap();
        assert_eq!((first.user.as_str(), &first.password), (USER, &again.password));
        let htpasswd = std::fs::read_to_string(htpasswd_path(folder.path())).unwrap();
        let hash = htpasswd.trim().strip_prefix("airgap:").unwrap();
        assert!(hash.starts_with("$2y$") && bcrypt::verify(&first.password, hash).unwrap());
        assert!(!format!("{first:?}").contains(&first.password));
        for file in ["auth/htpasswd", "auth/credentials"] {
            assert_eq!(folder.path().join(file).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn an_operators_own_htpasswd_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("auth")).unwrap();
        std::fs::write(htpasswd_path(folder.path()), "me:$2y$10$x\n").unwrap();
        assert!(Credentials::load_or_create(folder.path()).unwrap().is_none());
    }
}
