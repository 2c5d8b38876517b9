//! Who we are: the keys of a site, read once before any machine is reached.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use manifests::Site;
use manifests::site::{Authentication, LocalFile};
use manifests::yaml::{Problem, Problems};
use russh::keys::{self, Certificate, PrivateKey, decode_secret_key};

use crate::secrets::{Secret, Secrets};

/// How large a key or certificate may be, in bytes.
const KEY_SIZE: u64 = 64 << 10;

/// How a user proves to be who he says.
pub(super) enum Identity {
    /// With the keys of the agent.
    Agent,
    /// With this key.
    Key {
        /// Where it is, for people.
        name: String,
        key: Arc<PrivateKey>,
        /// What an authority says of it.
        certificate: Option<Box<Certificate>>,
    },
}

/// The identities of a site.
pub(super) struct Keyring(Vec<(Authentication, Arc<Identity>)>);

impl Keyring {
    /// Reads all keys that the site names, each once.
    ///
    /// # Errors
    /// [`Problems`] with all that can't be used.
    pub(super) fn load(site: &Site, folder: &Path, secrets: &Secrets) -> Result<Self, Problems> {
        let ways = site.bastions.values().map(|bastion| &bastion.ssh).chain(site.nodes.iter().map(|node| &node.ssh));
        let (mut keyring, mut problems): (Self, Vec<Problem>) = (Self(Vec::new()), Vec::new());
        let mut seen: Vec<&Authentication> = Vec::new();
        for ssh in ways {
            if seen.contains(&&ssh.authentication) {
                continue;
            }
            seen.push(&ssh.authentication);
            match identity(&ssh.authentication, folder, secrets) {
                Ok(identity) => keyring.0.push((ssh.authentication.clone(), Arc::new(identity))),
                Err(problem) => problems.push(*problem),
            }
        }
        Problems::check(problems)?;
        Ok(keyring)
    }

    /// The identity that is meant. What was not loaded is left to the agent.
    pub(super) fn identity(&self, said: &Authentication) -> Arc<Identity> {
        let found = self.0.iter().find(|(known, _)| known == said);
        found.map_or_else(|| Arc::new(Identity::Agent), |(_, identity)| Arc::clone(identity))
    }
}

fn identity(said: &Authentication, folder: &Path, secrets: &Secrets) -> Result<Identity, Box<Problem>> {
    let Authentication::Key { key: file, passphrase, certificate } = said else { return Ok(Identity::Agent) };
    let passphrase = passphrase.as_ref().and_then(|source| secrets.get(source));
    let key = private_key(file, folder, passphrase)?;
    let certificate = match certificate {
        Some(certificate) => Some(Box::new(self::certificate(certificate, folder, &key)?)),
        None => None,
    };
    Ok(Identity::Key { name: file.path.display().to_string(), key: Arc::new(key), certificate })
}

fn private_key(file: &LocalFile, folder: &Path, passphrase: Option<&Secret>) -> Result<PrivateKey, Box<Problem>> {
    let text = Secret::new(read(file, folder)?);
    let shown = file.path.display();
    decode_secret_key(text.reveal(), passphrase.map(Secret::reveal)).map_err(|error| {
        let encrypted = matches!(error, keys::Error::KeyIsEncrypted);
        match passphrase {
            None if encrypted => problem(file, format!("the key `{shown}` is encrypted"), "encrypted")
                .with_help("say where its passphrase is: `passphrase: {prompt: \"passphrase of the key\"}`"),
            Some(_) => problem(file, format!("the key `{shown}` does not open with its passphrase"), "this key")
                .with_help("check the passphrase with `ssh-keygen -y -f` and the name of the key"),
            None => problem(file, format!("`{shown}` is no private key: {error}"), "no key")
                .with_help("name the private key as `ssh-keygen` writes it, not the public one beside it"),
        }
        .into()
    })
}

fn certificate(file: &LocalFile, folder: &Path, key: &PrivateKey) -> Result<Certificate, Box<Problem>> {
    let shown = file.path.display();
    let text = read(file, folder)?;
    let wrong = |message: String, label: &str| {
        let help = "name what `ssh-keygen -s AUTHORITY` wrote for the key: its name ends with `-cert.pub`";
        Box::new(problem(file, message, label).with_help(help))
    };
    let certificate = Certificate::from_openssh(text.trim());
    let certificate = certificate.map_err(|error| wrong(format!("`{shown}` is no certificate: {error}"), "none"))?;
    if certificate.public_key() != key.public_key().key_data() {
        return Err(wrong(format!("the certificate `{shown}` is that of another key"), "of another key"));
    }
    Ok(certificate)
}

fn read(file: &LocalFile, folder: &Path) -> Result<String, Box<Problem>> {
    let path = folder.join(&file.path);
    let read = || -> io::Result<String> {
        // Room from the start: what grows leaves copies of a key behind.
        let mut text = String::with_capacity(KEY_SIZE as usize);
        File::open(&path)?.take(KEY_SIZE).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| problem(file, format!("can't read `{}`: {error}", path.display()), "this file").into())
}

fn problem(file: &LocalFile, message: String, label: &str) -> Problem {
    Problem::new(&file.location, message, label)
}
