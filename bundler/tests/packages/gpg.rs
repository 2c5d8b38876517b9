//! Keys of repositories, made with GnuPG.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A GnuPG home of its own; its agent ends with it.
pub struct Gpg {
    home: tempfile::TempDir,
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.home.path()).args(["--kill", "all"]).status();
    }
}

impl Gpg {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A key with the name `<name>@example.org`; `algorithm` and `expire` as GnuPG has them.
    pub fn key(&self, name: &str, algorithm: &str, expire: &str) {
        let user = format!("{name}@example.org");
        self.run(&["--quick-gen-key", &user, algorithm, "sign,cert", expire]);
    }

    /// A subkey that signs.
    pub fn subkey(&self, name: &str, algorithm: &str, expire: &str) {
        self.run(&["--quick-add-key", &self.fingerprint(name), algorithm, "sign", expire]);
    }

    /// Lets a key live for longer.
    pub fn renew(&self, name: &str, expire: &str) {
        self.run(&["--quick-set-expire", &self.fingerprint(name), expire]);
    }

    /// Revokes a key by the certificate that GnuPG made with it.
    pub fn revoke(&self, name: &str) {
        let file = format!("openpgp-revocs.d/{}.rev", self.fingerprint(name));
        let certificate = fs::read_to_string(self.home.path().join(file)).unwrap();
        let armed = self.home.path().join("revocation");
        fs::write(&armed, certificate.replace(":-----BEGIN", "-----BEGIN")).unwrap();
        self.run(&["--import", armed.to_str().unwrap()]);
    }

    pub fn fingerprint(&self, name: &str) -> String {
        let listed = self.run(&["--with-colons", "--list-keys", &format!("{name}@example.org")]);
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    /// The public keys, binary.
    pub fn keyring(&self, names: &[&str]) -> Vec<u8> {
        let users: Vec<String> = names.iter().map(|name| format!("{name}@example.org")).collect();
        let mut arguments = vec!["--export"];
        arguments.extend(users.iter().map(String::as_str));
        self.output(&arguments).stdout
    }

    /// One public key, armoured.
    pub fn armoured(&self, name: &str) -> String {
        self.run(&["--armor", "--export", &format!("{name}@example.org")])
    }

    /// Signs a file; `how` is `--clearsign` or `--detach-sign`, and further options.
    pub fn sign(&self, names: &[&str], how: &[&str], file: &Path, output: &Path) {
        let mut arguments = vec!["--armor", "--allow-weak-digest-algos"];
        let users: Vec<String> = names.iter().map(|name| format!("{name}@example.org")).collect();
        users.iter().for_each(|user| arguments.extend(["--local-user", user]));
        arguments.extend(how);
        let _ = fs::remove_file(output);
        let (file, output) = (file.to_str().unwrap(), output.to_str().unwrap());
        // The output has to be named before the command.
        let at = arguments.len() - how.len();
        arguments.splice(at..at, ["--output", output]);
        arguments.push(file);
        self.run(&arguments);
    }

    fn run(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.output(arguments).stdout).unwrap()
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", self.home.path()).args(["--batch", "--quiet", "--no-tty"]);
        command.args(["--pinentry-mode", "loopback", "--passphrase", ""]).args(arguments);
        let output = command.output().expect("gpg runs: `make setup` installs gnupg");
        assert!(output.status.success(), "gpg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }
}
