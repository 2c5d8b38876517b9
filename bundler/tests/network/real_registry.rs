//! A real registry (the `docker-registry` package) with a login, filled by `skopeo`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use bundler::content::Fetcher;
use bundler::credentials::Credentials;
use bundler::http::{MemorySink, Pump};
use bundler::oci::{ImageRequest, Registries};
use manifests::Digest;
use manifests::oci::media_type;
use serde_json::json;

use crate::fake::{IMAGE_CONFIG, LAYER, registries};
use crate::fixtures::{plain, report, settings};

struct Registry {
    process: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Runs a program that the tests need.
fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("`{program}` is needed for this test (`make test` installs it): {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

impl Registry {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("htpasswd");
        fs::write(&users, run("htpasswd", &["-Bbn", "user", "hunter2"]).stdout).unwrap();
        let config = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {0}/storage}}}}\n\
             http: {{addr: \"127.0.0.1:0\"}}\nauth: {{htpasswd: {{realm: test, path: {0}/htpasswd}}}}\n",
            folder.path().display()
        );
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
        Self { process, address, folder }
    }

    fn push(&self, layout: &Path, name: &str, more: &[&str]) {
        let (from, to) = (format!("oci:{}:app", layout.display()), format!("docker://{}/{name}", self.address));
        let fixed = ["copy", "--quiet", "--dest-tls-verify=false", "--dest-creds", "user:hunter2"];
        run("skopeo", &[&fixed, more, &[&from, &to]].concat());
    }

    fn registries(&self, entry: &str) -> Registries {
        let path = self.folder.path().join("auth.json");
        fs::write(&path, format!(r#"{{"auths": {{"{}": {entry}}}}}"#, self.address)).unwrap();
        let variable = |name: &str| (name == "REGISTRY_AUTH_FILE").then(|| path.clone().into());
        registries(plain(&[&self.address]), Credentials::from_environment(variable).unwrap(), &[])
    }

    fn wanted(&self, name: &str) -> ImageRequest {
        ImageRequest {
            reference: format!("{}/{name}", self.address).parse().unwrap(),
            source: None,
            platforms: vec!["linux/amd64".parse().unwrap()],
            attachments: true,
            component: None,
        }
    }
}

/// An image layout, made by hand.
fn layout(folder: &Path) -> Digest {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |media_type: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(blobs.join(digest.hex()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    };
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(6);
    tar.append_data(&mut header, "hello", &b"hello\n"[..]).unwrap();
    let tar = tar.into_inner().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::copy(&mut &*tar, &mut gzip).unwrap();
    let layer = blob(LAYER, &gzip.finish().unwrap());
    let config = json!({"os": "linux", "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(&tar)]}, "config": {}});
    let config = blob(IMAGE_CONFIG, config.to_string().as_bytes());
    let manifest =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer]});
    let mut manifest = blob(media_type::OCI_MANIFEST, &serde_json::to_vec_pretty(&manifest).unwrap());
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "app"});
    let digest = manifest["digest"].as_str().unwrap().parse().unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [manifest]}).to_string()).unwrap();
    digest
}

#[tokio::test]
async fn images_come_from_a_real_registry_as_they_are() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().unwrap();
    let digest = layout(folder.path());
    registry.push(folder.path(), "team/oci:v1", &["--preserve-digests"]);
    registry.push(folder.path(), "team/docker:v1", &["--format", "v2s2"]);
    let login = registry.registries(r#"{"username": "user", "password": "hunter2"}"#);

    let oci = login.resolve(&registry.wanted("team/oci:v1")).await.unwrap();
    assert_eq!(oci.item.descriptor().unwrap().digest, digest);
    let docker = login.resolve(&registry.wanted("team/docker:v1")).await.unwrap();
    let descriptor = docker.item.descriptor().unwrap();
    assert_eq!(descriptor.media_type, media_type::DOCKER_MANIFEST);
    let name = format!("docker://{}/team/docker:v1", registry.address);
    let raw = run("skopeo", &["inspect", "--raw", "--tls-verify=false", "--creds", "user:hunter2", &name]).stdout;
    assert_eq!(descriptor.digest, Digest::of(&raw));

    let fetcher = Fetcher::new(login.clone(), Credentials::none());
    for blob in oci.blobs.iter().chain(&docker.blobs) {
        let mut pump = Pump::new(MemorySink::new(1 << 20, Some(blob.digest)));
        fetcher.fetch(blob, &mut pump).await.unwrap();
    }
    let repository = registry.wanted("team/oci:v1").reference.repository().clone();
    assert_eq!(login.tags(&repository).await.unwrap(), ["v1"]);

    let wrong = registry.registries(r#"{"username": "user", "password": "wrong"}"#);
    let error = wrong.resolve(&registry.wanted("team/oci:v1")).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("401 Unauthorized: UNAUTHORIZED: authentication required"), "{text}");
    let error = login.resolve(&registry.wanted("team/oci:v2")).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("404 Not Found: MANIFEST_UNKNOWN: manifest unknown"), "{text}");
}

#[tokio::test]
async fn a_registry_without_tls_is_told_with_the_setting_for_it() {
    let registry = Registry::start();
    let strict = registries(settings(), Credentials::none(), &[]);
    let error = strict.resolve(&registry.wanted("team/app:v1")).await.unwrap_err();
    let (text, address) = (report(&error), &registry.address);
    assert!(text.contains(&format!("https://{address}/v2/")) && text.contains("does not speak TLS"), "{text}");
    let setting = format!("`registries: {{ \"{address}\": {{ plainHTTP: true }} }}`");
    assert!(text.contains(&setting) && !text.contains("clientCert"), "{text}");
}
