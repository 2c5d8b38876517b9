//! A real registry (the `docker-registry` package), filled by `skopeo`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use manifests::Digest;
use manifests::oci::media_type;
use serde_json::json;

const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A running registry, and the folder that its content is in.
pub struct Registry {
    process: Child,
    pub address: String,
    pub folder: tempfile::TempDir,
    /// `user:password`, where it wants one.
    login: Option<&'static str>,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Runs a program that the tests need.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("`{program}` is needed for this test (`make test` installs it): {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Registry {
    /// One that wants `login`, or lets everybody in.
    pub fn start(login: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {}/storage}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\n",
            folder.path().display()
        );
        if let Some((user, password)) = login.and_then(|login| login.split_once(':')) {
            let users = folder.path().join("htpasswd");
            fs::write(&users, run("htpasswd", &["-Bbn", user, password]).stdout).unwrap();
            text.push_str(&format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", users.display()));
        }
        let config = folder.path().join("config.yml");
        fs::write(&config, text).unwrap();
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("`docker-registry` is needed for this test (`make test` installs it): {error}")
            });
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| Some(line.split("listening on ").nth(1)?.split('"').next()?.to_owned()))
            .expect("the registry says where it listens");
        // Its log is read to the end, or it would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address, folder, login }
    }

    /// Pushes the image `app` of a layout under a name with a tag.
    pub fn push(&self, layout: &Path, name: &str, more: &[&str]) {
        let (from, to) = (format!("oci:{}:app", layout.display()), format!("docker://{}/{name}", self.address));
        let login: &[&str] = match &self.login {
            Some(login) => &["--dest-creds", login],
            None => &[],
        };
        let fixed = ["copy", "--quiet", "--dest-tls-verify=false"];
        run("skopeo", &[&fixed, login, more, &[&from, &to]].concat());
    }
}

/// An image layout with the image `app`, which holds a text. Returns the digest of its manifest.
pub fn layout(folder: &Path, text: &str) -> Digest {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    tar.append_data(&mut header, "hello", text.as_bytes()).unwrap();
    let tar = tar.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::copy(&mut &*tar, &mut gzip).unwrap();
    let config = json!({"os": "linux", "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(&tar)]}, "config": {}});
    layout_of(folder, (IMAGE_CONFIG, config.to_string().as_bytes()), (LAYER, &gzip.finish().unwrap()))
}

/// A layout with the artifact `app`, of a config and a layer, each with its media type. Returns the digest of its manifest.
pub fn layout_of(folder: &Path, config: (&str, &[u8]), layer: (&str, &[u8])) -> Digest {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |(media_type, bytes): (&str, &[u8])| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    };
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
        "config": blob(config), "layers": [blob(layer)]});
    let mut manifest = blob((media_type::OCI_MANIFEST, &serde_json::to_vec_pretty(&manifest).unwrap()));
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "app"});
    let digest = manifest["digest"].as_str().unwrap().parse().unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [manifest]}).to_string()).unwrap();
    digest
}
