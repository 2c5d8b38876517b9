//! Secrets that a site refers to, fetched from where they are.
//!
//! All of them are fetched before any machine is reached, so that what is missing is known at once and nobody is asked in
//! the middle of the work. They are wiped from memory with their last owner, and never shown.

mod terminal;

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use manifests::site::{NeededSecret, SecretSource};
use zeroize::Zeroizing;

/// How large a secret may be, in bytes.
const SECRET_SIZE: u64 = 64 << 10;

/// A secret. It is not shown by `Debug` and wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// The secrets of a site, by where they are.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<(SecretSource, Secret)>);

/// Secrets that are not where the site says: all of them.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} of the site's secrets can't be had", .missing.len())]
pub struct MissingSecrets {
    #[related]
    missing: Vec<MissingSecret>,
}

/// A secret that is not where the site says.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{purpose} ({place}): {problem}")]
pub struct MissingSecret {
    purpose: String,
    place: String,
    problem: String,
    #[help]
    help: String,
}

/// Why a secret can't be had, and what to do.
type Trouble = (String, String);

impl Secret {
    /// A secret with this value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// Its value. Whoever takes it sees to it that it is neither shown nor kept.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secrets {
    /// Fetches what `needed` names; `folder` is where `site.yaml` is. Files and the environment come first, so that nobody
    /// types a password to learn that a file is missing.
    ///
    /// # Errors
    /// [`MissingSecrets`] with all that can't be had.
    pub fn fetch(needed: &[NeededSecret<'_>], folder: &Path) -> Result<Self, MissingSecrets> {
        let (asked, found): (Vec<_>, Vec<_>) =
            needed.iter().partition(|one| matches!(one.source, SecretSource::Prompt(_)));
        let (mut secrets, mut missing) = (Self::default(), Vec::new());
        if !terminal::is_there() {
            missing.extend(asked.iter().map(|one| MissingSecret::of(one, no_terminal())));
        }
        for one in found {
            secrets.add(one, folder, &mut missing);
        }
        if missing.is_empty() {
            for one in asked {
                secrets.add(one, folder, &mut missing);
            }
        }
        if missing.is_empty() { Ok(secrets) } else { Err(MissingSecrets { missing }) }
    }

    /// The secret that is there, if it was fetched.
    pub fn get(&self, source: &SecretSource) -> Option<&Secret> {
        self.0.iter().find(|(known, _)| same(known, source)).map(|(_, secret)| secret)
    }

    /// All that were fetched.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().map(|(_, secret)| secret)
    }

    fn add(&mut self, needed: &NeededSecret<'_>, folder: &Path, missing: &mut Vec<MissingSecret>) {
        if self.get(needed.source).is_some() {
            return;
        }
        match fetch(needed.source, folder) {
            Ok(secret) => self.0.push((needed.source.clone(), secret)),
            Err(trouble) => missing.push(MissingSecret::of(needed, trouble)),
        }
    }
}

impl MissingSecret {
    fn of(needed: &NeededSecret<'_>, (problem, help): Trouble) -> Self {
        Self { purpose: needed.purpose.clone(), place: needed.source.to_string(), problem, help }
    }
}

/// Whether two sources are the same place, wherever they are named.
fn same(one: &SecretSource, other: &SecretSource) -> bool {
    match (one, other) {
        (SecretSource::File(one), SecretSource::File(other)) => one.path == other.path,
        _ => one == other,
    }
}

fn fetch(source: &SecretSource, folder: &Path) -> Result<Secret, Trouble> {
    let secret = match source {
        SecretSource::File(file) => read(&folder.join(&file.path))?,
        SecretSource::Environment(name) => match std::env::var(name.as_str()) {
            Ok(value) => Secret::new(value),
            Err(std::env::VarError::NotPresent) => {
                return Err(("it is not set".into(), format!("run `export {name}=…` first")));
            }
            Err(std::env::VarError::NotUnicode(_)) => return Err(no_text()),
        },
        SecretSource::Prompt(question) => terminal::ask(question).map_err(|error| {
            (format!("the terminal can't be read: {error}"), "answer the question with one line".into())
        })?,
    };
    match secret.reveal() {
        "" => Err(("it is empty".into(), "write the secret there".into())),
        text if text.contains('\0') => Err(no_text()),
        _ => Ok(secret),
    }
}

/// Reads a file with a secret that only its owner may read. Errors say what is wrong and what to do.
pub(crate) fn read_file(path: &Path) -> Result<Secret, (String, String)> {
    read(path)
}

/// Reads a file with a secret, without the line end at its end.
fn read(path: &Path) -> Result<Secret, Trouble> {
    let shown = path.display();
    let unreadable = |error| (format!("`{shown}` can't be read: {error}"), "name a file that can be read".into());
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.mode() & 0o077 != 0 {
        let problem = format!("others than its owner may read `{shown}` (mode {:04o})", metadata.mode() & 0o7777);
        return Err((problem, format!("run `chmod 600 {shown}`")));
    }
    // Room for all of it from the start: what grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_SIZE as usize + 1));
    file.take(SECRET_SIZE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SECRET_SIZE {
        return Err((format!("`{shown}` is larger than a secret may be"), "keep it within 64 KiB".into()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| no_text())?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Secret::new(text))
}

fn no_text() -> Trouble {
    ("it is no text".into(), "write it as UTF-8, without a zero byte".into())
}

fn no_terminal() -> Trouble {
    ("there is no terminal to ask at".into(), "run this at a terminal, or name a `file:` or `env:` for it".into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use manifests::Site;
    use manifests::yaml::SourceFile;
    use miette::Diagnostic as _;

    use super::*;

    /// A site whose components need secrets from these places.
    fn site(places: &[&str]) -> Site {
        let secrets: Vec<_> = places.iter().enumerate().map(|(n, place)| format!("s{n}: {place}")).collect();
        let text = format!(
            "apiVersion: airgap/v1\nkind: Site\nname: test\nbundle: {{name: platform, versions: \"*\"}}\n\
             jumpHost: {{address: 10.0.0.2}}\nssh: {{user: root}}\n\
             nodes:\n- {{name: node-1, address: 10.0.0.11, role: server}}\n\
             components: {{some: {{secrets: {{{}}}}}}}\n",
            secrets.join(", ")
        );
        Site::parse(&SourceFile::new("site.yaml", &text)).unwrap()
    }

    fn write(folder: &Path, name: &str, content: &[u8], mode: u32) {
        std::fs::write(folder.join(name), content).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_is_a_secret_without_one_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let place = Arc::new(site(&["{file: a}"]));
        let needed = place.secrets();
        for (content, secret) in [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), (" x ", " x ")] {
            write(folder.path(), "a", content.as_bytes(), 0o600);
            let secrets = Secrets::fetch(&needed, folder.path()).unwrap();
            assert_eq!(secrets.get(needed[0].source).unwrap().reveal(), secret);
            assert!(!format!("{secrets:?}").contains('x'), "{secrets:?}");
        }
    }

    #[test]
    fn all_that_is_missing_is_named_together() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "open", b"x", 0o640);
        write(folder.path(), "large", &[b'x'; 65537], 0o600);
        write(folder.path(), "empty", b"\n", 0o600);
        write(folder.path(), "bytes", b"\xff", 0o600);
        let files = ["{file: gone}", "{file: open}", "{file: large}", "{file: empty}", "{file: bytes}"];
        let site = site(&[&files[..], &["{env: AIRGAP_TEST_NOBODY_SETS_THIS}"]].concat());
        let missing = Secrets::fetch(&site.secrets(), folder.path()).unwrap_err();
        let all: Vec<String> = missing.related().unwrap().map(ToString::to_string).collect();
        let told = ["can't be read", "mode 0640", "larger than", "empty", "no text", "not set"];
        assert_eq!(all.len(), told.len(), "{all:?}");
        assert!(told.iter().all(|word| all.iter().any(|problem| problem.contains(word))), "{all:?}");
    }
}
