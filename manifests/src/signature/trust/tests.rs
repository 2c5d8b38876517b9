//! Against the real `ssh-keygen`, both ways.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ssh_key::{PrivateKey, PublicKey};

use super::*;
use crate::signature::{read_private_key, sign};

mod hardware;

const MESSAGE: &[u8] = b"{\"mediaType\":\"application/vnd.airgap.bundle.v1+json\"}";

fn created() -> Timestamp {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

/// A folder with keys made by `ssh-keygen`.
struct Keys(tempfile::TempDir);

impl Keys {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a key; `options` such as `-t ed25519`. Returns its public half.
    fn make(&self, name: &str, options: &str) -> String {
        let file = self.path(name);
        let args: Vec<&str> =
            options.split(' ').chain(["-q", "-N", "", "-C", "", "-f", file.to_str().unwrap()]).collect();
        run(Command::new("ssh-keygen").args(args));
        std::fs::read_to_string(file.with_extension("pub")).unwrap().trim().to_owned()
    }

    /// `ssh-keygen -Y sign`.
    fn sign(&self, name: &str, namespace: &str, message: &[u8]) -> String {
        let mut child = Command::new("ssh-keygen")
            .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
            .arg(self.path(name))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ssh-keygen is needed: install openssh-client");
        child.stdin.take().unwrap().write_all(message).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    fn private(&self, name: &str) -> PrivateKey {
        read_private_key(&std::fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    /// `ssh-keygen -Y verify` of a signature over [`MESSAGE`].
    fn verify(&self, signature: &str, public: &str) -> bool {
        let (trust, signature_file) = (self.path("trust"), self.path("signature"));
        std::fs::write(&trust, format!("ci namespaces=\"{NAMESPACE}\" {public}\n")).unwrap();
        std::fs::write(&signature_file, signature).unwrap();
        let mut child = Command::new("ssh-keygen")
            .args(["-Y", "verify", "-q", "-n", NAMESPACE, "-I", "ci", "-f"])
            .arg(trust)
            .arg("-s")
            .arg(signature_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(MESSAGE).unwrap();
        child.wait().unwrap().success()
    }
}

fn run(command: &mut Command) {
    assert!(command.status().expect("ssh-keygen is needed: install openssh-client").success());
}

fn trust(text: &str) -> TrustRoot {
    TrustRoot::parse(text, "allowed_signers").unwrap()
}

/// Why the only signature does not count.
fn reason(trust: &TrustRoot, signature: &str, message: &[u8]) -> Reason {
    let mut verdict = trust.examine(message, &[signature.to_owned()], created());
    assert!(verdict.signers.is_empty(), "it counts");
    verdict.rejected.remove(0).reason
}

const KINDS: [(&str, &str); 5] = [
    ("ssh-ed25519", "-t ed25519"),
    ("ecdsa-sha2-nistp256", "-t ecdsa -b 256"),
    ("ecdsa-sha2-nistp384", "-t ecdsa -b 384"),
    ("ecdsa-sha2-nistp521", "-t ecdsa -b 521"),
    ("ssh-rsa", "-t rsa -b 3072"),
];

#[test]
fn we_accept_what_ssh_keygen_signs_and_it_accepts_ours() {
    let keys = Keys::new();
    for (kind, options) in KINDS {
        let public = keys.make(kind, options);
        let trust = trust(&format!("ci@example.com {public}"));
        let signers = trust.verify(MESSAGE, &[keys.sign(kind, NAMESPACE, MESSAGE)], created()).unwrap();
        let key = PublicKey::from_openssh(&public).unwrap();
        let expected = Signer {
            principal: "ci@example.com".to_owned(),
            fingerprint: fingerprint(key.key_data()),
            key_type: kind.to_owned(),
        };
        assert_eq!(signers, [expected]);

        let ours = sign(&keys.private(kind), MESSAGE).unwrap();
        assert_eq!(trust.verify(MESSAGE, std::slice::from_ref(&ours), created()).unwrap().len(), 1, "{kind}");
        assert!(keys.verify(&ours, &public), "ssh-keygen refuses our {kind} signature");
    }
}

#[test]
fn weak_keys_are_refused_in_the_trust_file_and_for_signing() {
    let keys = Keys::new();
    let public = keys.make("short", "-t rsa -b 2048");
    let error = TrustRoot::parse(&format!("ci {public}"), "allowed_signers").unwrap_err();
    assert!(error.to_string().contains("an RSA key of 2048 bits is too short"), "{error}");
    assert!(sign(&keys.private("short"), MESSAGE).is_err());
    let other = keys.make("good", "-t ed25519");
    let signature = keys.sign("short", NAMESPACE, MESSAGE);
    assert!(matches!(reason(&trust(&format!("ci {other}")), &signature, MESSAGE), Reason::Key(_)));
}

#[test]
fn a_signature_counts_only_for_its_bytes_purpose_key_and_time() {
    let keys = Keys::new();
    let public = keys.make("a", "-t ed25519");
    let stranger = keys.make("b", "-t ed25519");
    let good = keys.sign("a", NAMESPACE, MESSAGE);
    let trusted = trust(&format!("ci {public}"));

    assert_eq!(reason(&trusted, &good, b"{}"), Reason::Bad);
    let other_purpose = keys.sign("a", "file", MESSAGE);
    assert_eq!(reason(&trusted, &other_purpose, MESSAGE), Reason::Namespace("file".to_owned()));
    assert!(matches!(reason(&trust(&format!("x {stranger}")), &good, MESSAGE), Reason::UnknownKey { .. }));
    assert!(matches!(reason(&trusted, "-----BEGIN SSH SIGNATURE-----", MESSAGE), Reason::Unreadable(_)));
    assert_eq!(reason(&trusted, &"x".repeat(crate::signature::MAX_SIGNATURE + 1), MESSAGE), Reason::TooLarge);

    let line = |options: &str| trust(&format!("ci {options} {public}"));
    assert!(matches!(reason(&line("namespaces=\"file,git\""), &good, MESSAGE), Reason::NotForBundles { line: 1, .. }));
    assert!(matches!(reason(&line("valid-before=\"20260228\""), &good, MESSAGE), Reason::Expired { .. }));
    assert!(matches!(reason(&line("valid-after=\"20260302\""), &good, MESSAGE), Reason::NotYetValid { .. }));
    for good_line in ["valid-before=\"20260301\"", "valid-after=\"20260301\"", "namespaces=\"airgap-*\""] {
        assert!(line(good_line).verify(MESSAGE, std::slice::from_ref(&good), created()).is_ok(), "{good_line}");
    }
    // An old line does not spoil a newer one for the same key.
    let renewed = trust(&format!("ci valid-before=\"20200101\" {public}\nci valid-after=\"20200101\" {public}"));
    assert!(renewed.verify(MESSAGE, &[good], created()).is_ok());
}

#[test]
fn a_threshold_takes_different_keys_of_different_principals() {
    let keys = Keys::new();
    let (a, b, c) = (keys.make("a", "-t ed25519"), keys.make("b", "-t ecdsa"), keys.make("c", "-t ed25519"));
    let two = trust(&format!("ci@x {a}\nofficer@x {b}\nci@x {c}")).with_threshold(NonZeroU32::new(2).unwrap());
    let [by_a, by_b, by_c] = ["a", "b", "c"].map(|name| keys.sign(name, NAMESPACE, MESSAGE));
    let verify = |signatures: &[&String]| {
        let signatures: Vec<String> = signatures.iter().map(|s| (*s).clone()).collect();
        two.verify(MESSAGE, &signatures, created())
    };
    assert_eq!(verify(&[&by_a, &by_b]).unwrap().len(), 2);
    assert_eq!(verify(&[&by_a, &by_a, &by_c, &by_b]).unwrap().len(), 2);
    for (few, why) in [([&by_a, &by_a], Reason::SameKey), ([&by_a, &by_c], Reason::SamePrincipal("ci@x".to_owned()))] {
        let Err(TrustError::NotEnough { needed: 2, signers, rejected, .. }) = verify(&few) else { panic!("it counts") };
        assert_eq!((signers.len(), &rejected[0].reason, rejected[0].number), (1, &why, 2));
    }
    assert!(matches!(two.verify(MESSAGE, &[], created()), Err(TrustError::Unsigned)));
}

#[test]
fn a_stranger_beside_enough_signers_is_told_but_does_no_harm() {
    let keys = Keys::new();
    let known = keys.make("a", "-t ed25519");
    let stranger = keys.make("b", "-t ed25519");
    let both = [keys.sign("b", NAMESPACE, MESSAGE), keys.sign("a", NAMESPACE, MESSAGE)];
    let verdict = trust(&format!("ci {known}")).examine(MESSAGE, &both, created());
    assert_eq!((verdict.signers.len(), verdict.rejected.len()), (1, 1));
    let text = verdict.rejected[0].to_string();
    let print = fingerprint(PublicKey::from_openssh(&stranger).unwrap().key_data());
    assert_eq!(
        text,
        format!("signature 1 by ssh-ed25519 {print} does not count: the key is in no line of `allowed_signers`")
    );
}

#[test]
fn the_old_sha1_form_of_rsa_is_refused() {
    let keys = Keys::new();
    let public = keys.make("rsa", "-t rsa -b 3072");
    let key = PublicKey::from_openssh(&public).unwrap();
    let mut blob = b"\0\0\0\x07ssh-rsa\0\0\x01\x80".to_vec();
    blob.extend([1; 384]);
    let signature = crate::signature::armour(key.key_data(), &blob).unwrap();
    assert!(matches!(reason(&trust(&format!("ci {public}")), &signature, MESSAGE), Reason::Unreadable(_)));
}
