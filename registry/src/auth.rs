//! Who may pull: HTTP Basic authentication (RFC 7617) against an `htpasswd` file.
//!
//! bcrypt is slow on purpose, so each credential is put through it once; after that a keyed hash of the header is
//! looked up. Who fails too often from one address is asked to wait, and costs no bcrypt any more.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine as _;
use tokio::sync::Semaphore;

use crate::site::SiteError;
use crate::store::StoreError;

/// Credentials remembered as good.
const REMEMBERED: usize = 4096;
/// Failures from one address within [`WINDOW`] before it has to wait.
const FAILURES: u32 = 10;
/// See [`FAILURES`].
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses whose failures are counted.
const PEERS: usize = 10_000;
/// Checks at one time: more would keep the processors from serving.
const AT_ONCE: usize = 2;
/// What an unknown user's password is compared with, so that it takes as long as for a known one: a hash of nothing
/// that anybody knows.
const NOBODY: &str = "$2y$10$AAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What a request's credentials come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are good.
    Good,
    /// There are none, or they are wrong.
    Refused,
    /// There were too many wrong ones from this address.
    Wait(Duration),
}

/// Checks credentials.
pub struct Auth {
    path: PathBuf,
    users: RwLock<Users>,
    good: Mutex<HashSet<[u8; 32]>>,
    key: hmac::Key,
    failures: Mutex<HashMap<IpAddr, (Instant, u32)>>,
    room: Semaphore,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Auth {
    /// Checks against the `htpasswd` file at `path`.
    ///
    /// # Errors
    /// [`SiteError`] when the file can't be read.
    pub fn load(path: &Path) -> Result<Self, SiteError> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(|_| SiteError::Random)?;
        Ok(Self {
            path: path.to_owned(),
            users: RwLock::new(Users::read(path)?),
            good: Mutex::default(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            failures: Mutex::default(),
            room: Semaphore::new(AT_ONCE),
        })
    }

    /// Reads the file again: users who are gone are refused from now on.
    ///
    /// # Errors
    /// [`SiteError`] when the file can't be read; the users stay those they were then.
    pub fn reload(&self) -> Result<(), SiteError> {
        let text = read_text(&self.path)?;
        let mut current = self.users.write().unwrap_or_else(PoisonError::into_inner);
        if current.text != text {
            *current = Users::parse(text);
            self.good.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(())
    }

    /// Judges the `Authorization` header of a request.
    pub async fn check(&self, header: Option<&str>, peer: IpAddr) -> Verdict {
        let Some(encoded) = header.and_then(basic) else { return Verdict::Refused };
        let fingerprint = self.fingerprint(encoded);
        if self.good.lock().unwrap_or_else(PoisonError::into_inner).contains(&fingerprint) {
            return Verdict::Good;
        }
        if let Some(wait) = self.must_wait(peer) {
            return Verdict::Wait(wait);
        }
        let Ok(_permit) = self.room.acquire().await else { return Verdict::Refused };
        // Guesses sent side by side all came this far: those that waited for room are judged by what came before them.
        if let Some(wait) = self.must_wait(peer) {
            return Verdict::Wait(wait);
        }
        if let Some(login) = self.verify(encoded).await
            && self.remember(fingerprint, &login)
        {
            return Verdict::Good;
        }
        self.note_failure(peer);
        tracing::warn!(%peer, "wrong credentials");
        Verdict::Refused
    }

    fn fingerprint(&self, encoded: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.key, encoded.as_bytes());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(tag.as_ref());
        fingerprint
    }

    async fn verify(&self, encoded: &str) -> Option<Login> {
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (user, password) = text.split_once(':')?;
        let known = self.users.read().unwrap_or_else(PoisonError::into_inner).hashes.get(user).cloned();
        let hash = known.clone().unwrap_or_else(|| NOBODY.to_owned());
        let password = password.to_owned();
        let verify = move || bcrypt::verify(password, &hash).unwrap_or(false);
        let good = tokio::task::spawn_blocking(verify).await.unwrap_or(false);
        known.filter(|_| good).map(|hash| Login { user: user.to_owned(), hash })
    }

    /// Remembers a login, if the user is still there with the hash that the password was compared with: the file may
    /// have been read again meanwhile.
    fn remember(&self, fingerprint: [u8; 32], login: &Login) -> bool {
        // Held until the login stands among the good ones: a reload that comes now clears it.
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        if users.hashes.get(&login.user) != Some(&login.hash) {
            return false;
        }
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= REMEMBERED {
            good.clear();
        }
        good.insert(fingerprint);
        true
    }

    fn must_wait(&self, peer: IpAddr) -> Option<Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, count) = *failures.get(&peer)?;
        let waited = since.elapsed();
        if waited >= WINDOW {
            failures.remove(&peer);
            return None;
        }
        (count >= FAILURES).then(|| WINDOW - waited)
    }

    fn note_failure(&self, peer: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= PEERS {
            failures.retain(|_, (since, _)| since.elapsed() < WINDOW);
            if failures.len() >= PEERS {
                failures.clear();
            }
        }
        failures.entry(peer).or_insert_with(|| (Instant::now(), 0)).1 += 1;
    }
}

/// A user whose password was right, and the hash that says so.
struct Login {
    user: String,
    hash: String,
}

/// The part behind `Basic`.
fn basic(header: &str) -> Option<&str> {
    let (scheme, encoded) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| encoded.trim())
}

/// The users and their bcrypt hashes.
struct Users {
    text: String,
    hashes: HashMap<String, String>,
}

impl Users {
    fn read(path: &Path) -> Result<Self, SiteError> {
        Ok(Self::parse(read_text(path)?))
    }

    /// Lines of other kinds are named and left out.
    fn parse(text: String) -> Self {
        let mut hashes = HashMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once(':') {
                Some((user, hash)) if hash.starts_with("$2") => {
                    hashes.insert(user.to_owned(), hash.to_owned());
                }
                Some((user, _)) => {
                    tracing::warn!(user, "this user's password is not hashed with bcrypt (htpasswd -B): left out");
                }
                None => tracing::warn!("a line of htpasswd is not `user:hash`: left out"),
            }
        }
        Self { text, hashes }
    }
}

fn read_text(path: &Path) -> Result<String, SiteError> {
    Ok(std::fs::read_to_string(path).map_err(StoreError::io("read", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(user: &str, password: &str) -> String {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
    }

    fn auth(folder: &Path) -> Auth {
        let path = folder.join("htpasswd");
        std::fs::write(&path, format!("me:{}\nother:$apr1$x\n", bcrypt::hash("secret", 4).unwrap())).unwrap();
        Auth::load(&path).unwrap()
    }

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn good_credentials_pass_and_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let auth = auth(folder.path());
        for _ in 0..2 {
            assert_eq!(auth.check(Some(&header("me", "secret")), PEER).await, Verdict::Good);
        }
        for wrong in
            [header("me", "Secret"), header("you", "secret"), header("other", ""), "Basic !".into(), "Bearer x".into()]
        {
            assert_eq!(auth.check(Some(&wrong), PEER).await, Verdict::Refused, "{wrong}");
        }
        assert_eq!(auth.check(None, PEER).await, Verdict::Refused);
    }

    #[tokio::test]
    async fn who_guesses_has_to_wait_and_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let auth = auth(folder.path());
        assert_eq!(auth.check(Some(&header("me", "secret")), PEER).await, Verdict::Good);
        for _ in 0..FAILURES {
            assert_eq!(auth.check(Some(&header("me", "guess")), PEER).await, Verdict::Refused);
        }
        assert!(matches!(auth.check(Some(&header("me", "guess")), PEER).await, Verdict::Wait(_)));
        // What was good before stays so: a guesser behind the same address locks nobody out.
        assert_eq!(auth.check(Some(&header("me", "secret")), PEER).await, Verdict::Good);
        assert_eq!(auth.check(Some(&header("me", "guess")), [127, 0, 0, 2].into()).await, Verdict::Refused);
    }

    #[tokio::test]
    async fn a_user_who_is_gone_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let auth = auth(folder.path());
        assert_eq!(auth.check(Some(&header("me", "secret")), PEER).await, Verdict::Good);
        std::fs::write(folder.path().join("htpasswd"), "").unwrap();
        auth.reload().unwrap();
        assert_eq!(auth.check(Some(&header("me", "secret")), PEER).await, Verdict::Refused);
    }

    #[tokio::test]
    async fn a_login_under_way_while_its_user_goes_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let auth = auth(folder.path());
        let header = header("me", "secret");
        let encoded = basic(&header).unwrap();
        let login = auth.verify(encoded).await.unwrap();
        std::fs::write(folder.path().join("htpasswd"), "").unwrap();
        auth.reload().unwrap();
        assert!(!auth.remember(auth.fingerprint(encoded), &login));
        assert_eq!(auth.check(Some(&header), PEER).await, Verdict::Refused);
    }
}
