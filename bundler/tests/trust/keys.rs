//! Keys and signatures of OpenSSL.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::docker_registry::run;

/// A pair of keys.
pub struct Pair {
    folder: tempfile::TempDir,
    ed25519: bool,
    /// The digest that is signed.
    digest: &'static str,
}

impl Pair {
    /// `p256`, `p384` (which signs SHA-256, as cosign 2 does), `p384-sha384`, `rsa` or `ed25519`.
    pub fn new(kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        let key = key.to_str().unwrap();
        let options: &[&str] = match kind {
            "p256" => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "p384" | "p384-sha384" => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            "p521" => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
            "rsa" => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            "rsa-weak" => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            "ed25519" => &["-algorithm", "ed25519"],
            other => panic!("no keys of kind {other}"),
        };
        run("openssl", &[&["genpkey", "-quiet", "-out", key], options].concat());
        let digest = if kind == "p384-sha384" { "-sha384" } else { "-sha256" };
        Self { folder, ed25519: kind == "ed25519", digest }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The public key, in PEM.
    pub fn public(&self) -> String {
        let key = self.path("key");
        String::from_utf8(run("openssl", &["pkey", "-pubout", "-in", key.to_str().unwrap()]).stdout).unwrap()
    }

    /// A signature over a message, in base64.
    pub fn sign(&self, message: &[u8]) -> String {
        let (key, file) = (self.path("key"), self.path("message"));
        fs::write(&file, message).unwrap();
        let (key, file) = (key.to_str().unwrap(), file.to_str().unwrap());
        let output = if self.ed25519 {
            run("openssl", &["pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file])
        } else {
            run("openssl", &["dgst", self.digest, "-sign", key, file])
        };
        STANDARD.encode(output.stdout)
    }
}
