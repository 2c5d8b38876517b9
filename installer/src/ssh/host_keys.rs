//! Whether a machine is the one that it says.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use manifests::site::{HostKey, Ssh};
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};

use super::known_hosts::{Known, KnownHosts, Meaning, name};
use super::problem::Problem;

/// The host keys that are known, and what happens at a first contact.
#[derive(Debug)]
pub(super) struct HostKeys {
    file: PathBuf,
    accept_new: bool,
    /// Held from reading the file until what is new is in it.
    turn: Mutex<()>,
}

/// What a machine may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acceptable {
    /// The kinds of the keys that are known of it; empty: of any kind.
    pub(super) kinds: Vec<Algorithm>,
    /// Whether there is an authority that signs for it.
    pub(super) certificates: bool,
}

/// A machine as it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    host: String,
    port: u16,
    listed: Vec<HostKey>,
}

impl Wanted {
    pub(super) fn of(ssh: &Ssh) -> Self {
        Self { host: ssh.host.to_string(), port: ssh.port, listed: ssh.host_keys.clone() }
    }

    fn name(&self) -> String {
        name(&self.host, self.port)
    }

    fn lists(&self, fingerprint: &str) -> bool {
        self.listed.iter().any(|one| one.to_string() == fingerprint)
    }
}

impl HostKeys {
    pub(super) fn new(file: PathBuf, accept_new: bool) -> Self {
        Self { file, accept_new, turn: Mutex::new(()) }
    }

    /// What to ask a machine for: one that is known by a key of one kind shall not show one of another.
    pub(super) fn acceptable(&self, wanted: &Wanted) -> Result<Acceptable, Problem> {
        let known = self.read()?;
        let mut acceptable = Acceptable { kinds: Vec::new(), certificates: false };
        for one in known.of(&wanted.host, wanted.port) {
            match one.meaning {
                Meaning::Host => acceptable.kinds.push(one.key.algorithm()),
                Meaning::Authority => acceptable.certificates = true,
                Meaning::Revoked => {}
            }
        }
        Ok(acceptable)
    }

    /// Whether what a machine shows is its own. What is new and accepted is in the file afterwards. The machine has proved
    /// that it has the key.
    pub(super) fn check(&self, wanted: &Wanted, shown: &PublicKeyOrCertificate) -> Result<(), Problem> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.read()?;
        let lines: Vec<Known<'_>> = known.of(&wanted.host, wanted.port).collect();
        let key = shown.public_key();
        let revoked = |key: &PublicKey| {
            lines.iter().find(|one| one.meaning == Meaning::Revoked && one.key.key_data() == key.key_data())
        };
        if let Some(one) = revoked(&key) {
            return Err(self.revoked(&key, one.line));
        }
        if let Some(certificate) = shown.certificate() {
            let authority = PublicKey::from(certificate.signature_key().clone());
            return match revoked(&authority) {
                Some(one) => Err(self.revoked(&authority, one.line)),
                None => check_certificate(wanted, certificate, &authority, &lines),
            };
        }
        self.check_key(wanted, &key, &lines)
    }

    fn check_key(&self, wanted: &Wanted, key: &PublicKey, lines: &[Known<'_>]) -> Result<(), Problem> {
        let print = fingerprint(key);
        let own = || lines.iter().filter(|one| one.meaning == Meaning::Host);
        if !wanted.listed.is_empty() && !wanted.lists(&print) {
            return Err(not_listed(wanted, &print));
        }
        if own().any(|one| one.key.key_data() == key.key_data()) {
            return Ok(());
        }
        if let Some(old) = own().next() {
            return Err(self.changed(wanted, old, &print));
        }
        if wanted.listed.is_empty() && !self.accept_new {
            return Err(unknown(wanted, key, &print));
        }
        record(&self.file, &wanted.name(), key).map_err(|error| self.unusable(&format!("can't be written: {error}")))
    }

    fn read(&self) -> Result<KnownHosts, Problem> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(KnownHosts::default()),
            Err(error) => return Err(self.unusable(&format!("can't be read: {error}"))),
        };
        KnownHosts::parse(&text).map_err(|line| self.unusable(&format!("has a line {line} that can't be read")))
    }

    fn unusable(&self, what: &str) -> Problem {
        let text = format!("the file of known hosts, {}, {what}", self.file.display());
        Problem::lasting(text, "mend the file: without it no machine can be told from another")
    }

    fn changed(&self, wanted: &Wanted, old: &Known<'_>, print: &str) -> Problem {
        let (name, file, line) = (wanted.name(), self.file.display(), old.line);
        Problem::lasting(
            format!(
                "its host key has changed: it shows {print}, and line {line} of {file} has {}",
                fingerprint(old.key)
            ),
            format!(
                "somebody may be in between. If the machine was set up anew, compare the new fingerprint at its console \
                 (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then run `ssh-keygen -R '{name}' -f {file}`"
            ),
        )
    }

    fn revoked(&self, key: &PublicKey, line: usize) -> Problem {
        let text =
            format!("it shows the key {}, which line {line} of {} revokes", fingerprint(key), self.file.display());
        Problem::lasting(text, "give the machine a new host key")
    }
}

/// Certificates say the whole themselves (OpenSSH's PROTOCOL.certkeys): who, until when, and that no option is unknown.
fn check_certificate(
    wanted: &Wanted,
    certificate: &Certificate,
    authority: &PublicKey,
    lines: &[Known<'_>],
) -> Result<(), Problem> {
    let refused = |why: &str| {
        let text = format!("its host certificate {why} (authority {})", fingerprint(authority));
        Problem::lasting(
            text,
            "have it signed again: `ssh-keygen -s AUTHORITY -h -n NAME …`, with its name as `host:` has it",
        )
    };
    let mut signs = lines.iter().filter(|one| one.meaning == Meaning::Authority);
    if !signs.any(|one| one.key.key_data() == authority.key_data()) {
        return Err(refused("is signed by somebody else than its authority"));
    }
    if certificate.cert_type() != CertType::Host {
        return Err(refused("is not one of a host"));
    }
    if !certificate.valid_principals().contains(&wanted.host) {
        return Err(refused(&format!("is not for {}", wanted.host)));
    }
    if !certificate.critical_options().is_empty() {
        return Err(refused("has options that nobody knows"));
    }
    let trusted = authority.fingerprint(HashAlg::Sha256);
    certificate.validate([&trusted]).map_err(|_| refused("does not hold now, or its signature is wrong"))
}

/// The fingerprint of a key, as `ssh-keygen -lf` prints it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

fn not_listed(wanted: &Wanted, print: &str) -> Problem {
    let listed: Vec<_> = wanted.listed.iter().map(ToString::to_string).collect();
    Problem::lasting(
        format!("it shows the host key {print}, and `hostKeys` of the site has {}", listed.join(", ")),
        "somebody may be in between. Compare the fingerprint at the machine's console (`ssh-keygen -lf \
         /etc/ssh/ssh_host_ed25519_key.pub`), and correct `hostKeys` if it is the machine's",
    )
}

fn unknown(wanted: &Wanted, key: &PublicKey, print: &str) -> Problem {
    let name = wanted.name();
    Problem::lasting(
        format!(
            "{name} was never met before, and nothing says which host key it has; it shows {print} ({})",
            key.algorithm()
        ),
        format!(
            "compare it at the machine's console (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`) and write \
             `hostKeys: [{print}]` under its `ssh:`, or believe all machines once with `--accept-new-host-keys`"
        ),
    )
}

/// Writes a line at the end of the file, for good.
fn record(file: &Path, name: &str, key: &PublicKey) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let key = key.key_data().clone();
    let key = PublicKey::from(key).to_openssh().map_err(io::Error::other)?;
    let torn = fs::read(file).is_ok_and(|bytes| bytes.last().is_some_and(|&last| last != b'\n'));
    let line = format!("{}{name} {}\n", if torn { "\n" } else { "" }, key.trim_end());
    let mut opened = File::options().append(true).create(true).mode(0o600).open(file)?;
    opened.write_all(line.as_bytes())?;
    opened.sync_all()?;
    File::open(folder)?.sync_all()
}
