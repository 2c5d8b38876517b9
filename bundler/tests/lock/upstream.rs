//! Everything that a stack can ask for, from upstreams that can be moved on, and the command run beside the stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifests::bundle::UnverifiedBundle;
use manifests::oci::media_type;
use manifests::{Digest, Document, Lock};

use crate::archive::{Archive, Deb};
use crate::docker_registry::{Registry, layout, layout_of};
use crate::server::Server;

/// The upstreams, and a folder with `stack.yaml` and `components/shop.yaml`.
pub struct Upstream {
    pub registry: Registry,
    pub archive: Archive,
    pub server: Server,
    folder: tempfile::TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    #[track_caller]
    pub fn fails(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        self.stderr
    }
}

impl Upstream {
    /// An image with a signature beside it, a chart, a file and a package, each in its first version.
    pub async fn start() -> Self {
        let archive = Archive::new();
        archive.add(&Deb::new("shop", "1.0-1").with("Depends: libshop"));
        archive.add(&Deb::new("libshop", "1.0-1"));
        archive.publish("stable");
        fs::create_dir_all(archive.path("charts")).unwrap();
        fs::write(archive.path("notes.txt"), "notes\n").unwrap();
        let server = archive.serve().await;
        let upstream = Self { registry: Registry::start(None), archive, server, folder: tempfile::tempdir().unwrap() };
        upstream.publish_chart("1.0.0");
        let image = upstream.push_image("app:1", "first\n");
        upstream.push_image(&format!("app:sha256-{}.sig", image.hex()), "a signature\n");
        upstream.write_stack();
        upstream
    }

    fn write_stack(&self) {
        fs::create_dir_all(self.path("components")).unwrap();
        let address = &self.registry.address;
        fs::write(self.path("archive.gpg"), self.archive.gpg.keyring(&["archive"])).unwrap();
        fs::write(
            self.path("components/shop.yaml"),
            format!(
                "apiVersion: airgap/v1\nkind: Component\nname: shop\nimages:\n  - {address}/team/app:1\ncharts:\n  \
                 - name: web\n    repository: {}\n    version: ^1.0.0\n    install: false\n",
                self.server.url("/charts")
            ),
        )
        .unwrap();
        let notes = Digest::of(b"notes\n").hex();
        fs::write(
            self.path("stack.yaml"),
            format!(
                "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-11-21\n\
                 components: [shop]\nfiles:\n  - path: notes.txt\n    url: {}\n    sha256: {notes}\nsystems:\n  \
                 - series: stable\n    architectures: [amd64]\n    repositories:\n      - url: {}\n        \
                 suites: [stable]\n        components: [main]\n        key: archive.gpg\npackages:\n  - shop\n\
                 registries: {{ \"{address}\": {{ plainHTTP: true }} }}\n",
                self.server.url("/notes.txt"),
                self.server.url("/debian")
            ),
        )
        .unwrap();
    }

    /// Pushes an image that holds a text. Returns the digest of its manifest.
    pub fn push_image(&self, name: &str, text: &str) -> Digest {
        let folder = tempfile::tempdir().unwrap();
        let digest = layout(folder.path(), text);
        self.registry.push(folder.path(), &format!("team/{name}"), &["--preserve-digests"]);
        digest
    }

    /// Pushes a version of the chart `api` into the registry. Returns the digest of its manifest.
    pub fn push_chart(&self, version: &str) -> Digest {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(r#"{{"apiVersion": "v2", "name": "api", "version": "{version}"}}"#);
        let config = (media_type::HELM_CONFIG, config.as_bytes());
        let digest = layout_of(folder.path(), config, (media_type::HELM_CHART, &chart("api", version)));
        self.registry.push(folder.path(), &format!("charts/api:{version}"), &["--preserve-digests"]);
        digest
    }

    /// Puts a version of the chart `web` into the repository, beside those that are there.
    pub fn publish_chart(&self, version: &str) {
        let archive = chart("web", version);
        fs::write(self.archive.path(&format!("charts/web-{version}.tgz")), &archive).unwrap();
        let index = self.archive.path("charts/index.yaml");
        let before = fs::read_to_string(&index).unwrap_or("apiVersion: v1\nentries:\n  web:\n".into());
        let digest = Digest::of(&archive).hex();
        let entry =
            format!("  - name: web\n    version: {version}\n    digest: {digest}\n    urls: [web-{version}.tgz]\n");
        fs::write(&index, before + &entry).unwrap();
    }

    /// Moves all of it on: another image under the tag, a later chart in the range, a later package.
    pub fn move_on(&self) {
        self.push_image("app:1", "second\n");
        self.publish_chart("1.1.0");
        self.archive.add(&Deb::new("libshop", "1.0-2"));
        self.archive.publish("stable");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from} is in {text}");
        fs::write(self.path(name), text.replace(from, to)).unwrap();
    }

    /// Runs the command beside the stack, with words divided by blanks.
    pub async fn run(&self, words: &str) -> Ended {
        self.run_with_helm(&helm(), words).await
    }

    /// The same, with another Helm.
    pub async fn run_with_helm(&self, helm: &Path, words: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_airgap-bundle"));
        command.current_dir(self.folder.path()).env("HOME", self.folder.path()).env("AIRGAP_HELM", helm);
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NETRC"] {
            command.env_remove(name);
        }
        command.args(words.split(' '));
        let output = tokio::process::Command::from(command).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub fn lock(&self) -> Lock {
        bundler::lock::read(&self.path("stack.lock.yaml")).unwrap().unwrap()
    }

    pub fn document(&self, name: &str) -> Document {
        UnverifiedBundle::open(&[self.path(name)]).unwrap().claimed().clone()
    }
}

/// Helm as the set-up script builds it, or as it is installed.
fn helm() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(".rig/bin/helm");
    if built.exists() { built } else { "helm".into() }
}

/// The archive of a chart.
fn chart(name: &str, version: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    fs::write(folder.path().join("Chart.yaml"), chart).unwrap();
    let created = "2026-01-01T00:00:00Z".parse().unwrap();
    bundler::charts::package::package(folder.path(), created).unwrap().archive
}

/// What of a bundle moves: the image's digest, the chart's version, the packages.
pub fn versions(document: &Document) -> (Digest, String, Vec<String>) {
    let image = document.items.iter().find_map(|item| item.as_image()).unwrap().descriptor.digest;
    let chart = document.items.iter().find_map(|item| item.as_chart()).unwrap().version.clone();
    let packages = document.items.iter().find_map(|item| item.as_packages()).unwrap();
    let packages = packages.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    (image, chart, packages)
}

/// What a folder holds, by name.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
