//! A stack with rules of trust, a registry with images and their signatures, and the command run beside the stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifests::Digest;
use manifests::bundle::UnverifiedBundle;
use manifests::evidence::{Evidence, FILE, SET, UpstreamSignature};
use manifests::oci::media_type;
use serde_json::{Value, json};

use crate::docker_registry::{Registry, layout};
use crate::gpg::Gpg;
use crate::keys::Pair;

/// How cosign calls what it signs.
pub const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";

/// A folder with `stack.yaml`.
pub struct Shop {
    pub registry: Registry,
    folder: tempfile::TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn ok(self) {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
    }

    /// What it said when it failed, in one line: messages are broken into lines as they fit a terminal.
    #[track_caller]
    pub fn fails(self) -> String {
        assert_eq!(self.code, Some(1), "{}", self.stderr);
        let words = self.stderr.replace(['│', '╰', '├', '─', '▶'], " ");
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Shop {
    pub fn new() -> Self {
        Self { registry: Registry::start(None), folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The name of an image at the registry.
    pub fn image(&self, name: &str) -> String {
        format!("{}/team/{name}", self.registry.address)
    }

    /// Writes the stack: what it asks for, and its rules.
    pub fn stack(&self, asks: &str, trust: &str) {
        let address = &self.registry.address;
        self.write(
            "stack.yaml",
            format!(
                "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\n{asks}\
                 registries: {{ \"{address}\": {{ plainHTTP: true }} }}\ntrust:\n{trust}"
            ),
        );
    }

    /// Pushes an image that holds a text. Returns the digest of its manifest.
    pub fn push(&self, name: &str, text: &str) -> Digest {
        let folder = tempfile::tempdir().unwrap();
        let digest = layout(folder.path(), text);
        self.registry.push(folder.path(), &format!("team/{name}"), &["--preserve-digests"]);
        digest
    }

    /// Puts a signature of cosign beside an image: layers, each a media type, its content and its annotations.
    pub fn attach(&self, image: &str, to: Digest, layers: &[(&str, &[u8], Value)]) {
        let folder = tempfile::tempdir().unwrap();
        artifact(folder.path(), layers);
        let (name, _) = image.split_once(':').unwrap();
        let tag = format!("team/{name}:sha256-{}.sig", to.hex());
        self.registry.push(folder.path(), &tag, &["--preserve-digests"]);
    }

    /// Signs an image as cosign 2 does.
    pub fn sign(&self, image: &str, digest: Digest, pair: &Pair) {
        let payload = payload(&self.image(image), digest);
        let signature = json!({"dev.cosignproject.cosign/signature": pair.sign(&payload)});
        self.attach(image, digest, &[(PAYLOAD, &payload, signature)]);
    }

    /// Runs the command beside the stack, with words divided by blanks.
    pub fn run(&self, words: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_airgap-bundle"));
        command.current_dir(self.folder.path()).env("HOME", self.folder.path()).env("AIRGAP_HELM", helm());
        command.args(words.split(' '));
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        Ended { code: output.status.code(), stderr: String::from_utf8(output.stderr).unwrap() }
    }

    pub fn build(&self) -> Ended {
        self.run("build stack.yaml --unsigned -o demo.tar.zst")
    }

    /// The signatures that the evidence of the bundle names.
    pub fn verified(&self) -> Vec<UpstreamSignature> {
        let bundle = UnverifiedBundle::open(&[self.path("demo.tar.zst")]).unwrap();
        let digest = bundle.document_digest();
        let bundle = bundle.verify_pinned(&digest).unwrap();
        let Some(set) = bundle.document().file_set(SET) else { return Vec::new() };
        let file = set.files.iter().find(|file| file.path == FILE).unwrap();
        Evidence::parse(&bundle.read_to_vec(&file.digest, file.size).unwrap()).unwrap().signatures
    }

    /// That nothing was built and nothing locked.
    #[track_caller]
    pub fn has_nothing(&self) {
        assert!(!self.path("demo.tar.zst").exists() && !self.path("stack.lock.yaml").exists());
    }
}

/// Helm as the set-up script builds it, or as it is installed.
fn helm() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(".rig/bin/helm");
    if built.exists() { built } else { "helm".into() }
}

/// What cosign signs of an image.
pub fn payload(image: &str, digest: Digest) -> Vec<u8> {
    let name = image.split_once(':').map_or(image, |_| image.rsplit_once(':').unwrap().0);
    let payload = json!({"critical": {"identity": {"docker-reference": name}, "image": {"docker-manifest-digest": digest},
        "type": "cosign container image signature"}, "optional": null});
    payload.to_string().into_bytes()
}

/// A layout with the artifact `app`.
fn artifact(folder: &Path, layers: &[(&str, &[u8], Value)]) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |media_type: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    };
    let config = json!({"os": "", "architecture": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}});
    let layers: Vec<Value> = layers
        .iter()
        .map(|(media_type, bytes, annotations)| {
            let mut layer = blob(media_type, bytes);
            layer["annotations"] = annotations.clone();
            layer
        })
        .collect();
    let config = blob("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let manifest =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": layers});
    let mut manifest = blob(media_type::OCI_MANIFEST, manifest.to_string().as_bytes());
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "app"});
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [manifest]}).to_string()).unwrap();
}

/// A key that lived for a year, six years ago, and what it signed then.
pub fn expired(gpg: &Gpg, how: &str, file: &Path, output: &Path) -> Vec<u8> {
    let then = |arguments: &[&str]| {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", gpg.home()).args(["--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"]);
        command.args(["--passphrase", "", "--faked-system-time", "20200101T000000"]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    then(&["--quick-gen-key", "old@example.org", "ed25519", "sign,cert", "1y"]);
    let _ = fs::remove_file(output);
    let (file, output) = (file.to_str().unwrap(), output.to_str().unwrap());
    then(&["--armor", "--local-user", "old@example.org", "--output", output, how, file]);
    gpg.keyring(&["old"])
}
