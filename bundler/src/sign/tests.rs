use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use manifests::signature::TrustRoot;

use super::*;

const MESSAGE: &[u8] = b"a document";

fn secret(dir: &Path, text: &str) -> PassphraseSource {
    let file = dir.join("passphrase");
    std::fs::write(&file, format!("{text}\n")).unwrap();
    PassphraseSource { file: Some(file) }
}

#[test]
fn a_new_key_is_private_protected_and_trusted_by_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ci");
    let passphrase = secret(dir.path(), "open sesame");
    let new = generate(&path, "ci@example.com", Some(&passphrase)).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(matches!(generate(&path, "x", None), Err(SignError::Exists { .. })), "overwritten");

    let mut signers = Signers::none();
    signers.add_file(&path, &passphrase).unwrap();
    let signatures = signers.sign(MESSAGE).unwrap();
    let trust = TrustRoot::parse(&new.allowed_signers, "trust").unwrap();
    let found = trust.verify(MESSAGE, &signatures, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!((&found[0].fingerprint, found[0].principal.as_str()), (&new.fingerprint, "ci@example.com"));
    assert!(signers.without_signatures_in(&signatures).is_empty());

    let wrong = secret(dir.path(), "open barley");
    assert!(matches!(Signers::none().add_file(&path, &wrong), Err(SignError::WrongPassphrase { .. })));
}

#[test]
fn files_that_are_no_private_key_or_are_open_to_others_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ci");
    let new = generate(&path, "ci", None).unwrap();
    let add = |path: &Path| Signers::none().add_file(path, &PassphraseSource::default());
    assert!(matches!(add(&new.public), Err(SignError::IsPublic { .. })));
    assert!(matches!(add(&dir.path().join("nothing")), Err(SignError::NoFile { .. })));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let error = add(&path).unwrap_err();
    assert!(matches!(error, SignError::OpenToOthers { mode: 0o640, .. }), "{error}");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&path, "no key").unwrap();
    assert!(matches!(add(&path), Err(SignError::NotAKey { .. })));
}

/// Half of all keys on P-521 have a secret with a zero byte in front, which OpenSSH does not write.
#[test]
fn an_ecdsa_key_with_a_short_secret_is_read_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let passphrase = secret(dir.path(), "open sesame");
    let keygen = |arguments: &[&str], key: &Path| {
        let status = Command::new("ssh-keygen").args(arguments).arg("-f").arg(key).status();
        assert!(status.expect("ssh-keygen is needed: install openssh-client").success());
    };
    let make = |number: u32| {
        let key = dir.path().join(format!("key-{number}"));
        keygen(&["-q", "-t", "ecdsa", "-b", "521", "-N", ""], &key);
        key
    };
    let is_short = |key: &PathBuf| ssh_key::PrivateKey::from_openssh(std::fs::read(key).unwrap()).is_err();
    let key = (0..128).map(make).find(is_short).expect("one of so many keys has a short secret");
    let signs = |passphrase: &PassphraseSource| {
        let mut signers = Signers::none();
        signers.add_file(&key, passphrase).unwrap();
        manifests::signature::check(&signers.sign(MESSAGE).unwrap()[0], MESSAGE).unwrap();
    };
    signs(&PassphraseSource::default());
    for cipher in ["aes256-ctr", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"] {
        keygen(&["-q", "-p", "-P", "", "-N", "open sesame", "-Z", cipher], &key);
        signs(&passphrase);
        let wrong = secret(dir.path(), "open barley");
        assert!(matches!(Signers::none().add_file(&key, &wrong), Err(SignError::WrongPassphrase { .. })));
        secret(dir.path(), "open sesame");
        keygen(&["-q", "-p", "-P", "open sesame", "-N", ""], &key);
    }
}

/// A real ssh-agent that ends with the test.
struct RealAgent(std::process::Child, PathBuf);

impl RealAgent {
    fn start(dir: &Path) -> Self {
        let socket = dir.join("agent");
        let mut child = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("ssh-agent is needed: install openssh-client");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "ssh-agent has ended");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Self(child, socket)
    }

    fn add(&self, key: &Path) {
        let status = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.1).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for RealAgent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn ssh_agent_signs_with_the_keys_that_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let agent = RealAgent::start(dir.path());
    for (name, options) in [("ed25519", "-t ed25519"), ("ecdsa", "-t ecdsa"), ("rsa", "-t rsa -b 3072")] {
        let key = dir.path().join(name);
        let status =
            Command::new("ssh-keygen").args(options.split(' ')).args(["-q", "-N", "", "-f"]).arg(&key).status();
        assert!(status.unwrap().success());
        let public = file::read_public(&key.with_extension("pub")).unwrap();
        let by_agent = Key::Agent(Box::new(public), Agent::at(&agent.1));
        let error = by_agent.sign(MESSAGE).unwrap_err();
        assert!(matches!(error, SignError::AgentRefused { .. }), "{error}");
        agent.add(&key);
        let signature = by_agent.sign(MESSAGE).unwrap();
        assert!(manifests::signature::check(&signature, MESSAGE).is_ok());
    }
}
