//! A small archive: real packages, and indexes that `apt-ftparchive` writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use crate::gpg::Gpg;
use crate::server::{Received, Reply, Server};

/// A folder that a web server could serve.
pub struct Archive {
    folder: Arc<tempfile::TempDir>,
    pub gpg: Gpg,
}

/// A package to make.
pub struct Deb<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub architecture: &'a str,
    /// Further fields, each a line.
    pub fields: &'a str,
}

impl<'a> Deb<'a> {
    pub fn new(name: &'a str, version: &'a str) -> Self {
        Self { name, version, architecture: "amd64", fields: "" }
    }

    pub fn with(self, fields: &'a str) -> Self {
        Self { fields, ..self }
    }

    pub fn on(self, architecture: &'a str) -> Self {
        Self { architecture, ..self }
    }
}

impl Archive {
    /// An empty archive with the key `archive`.
    pub fn new() -> Self {
        let gpg = Gpg::new();
        gpg.key("archive", "ed25519", "2y");
        Self { folder: Arc::new(tempfile::tempdir().unwrap()), gpg }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Makes a package. Its time is fixed, so the same package has the same bytes.
    pub fn add(&self, deb: &Deb<'_>) -> PathBuf {
        let Deb { name, version, architecture, fields } = deb;
        let build = tempfile::tempdir().unwrap();
        fs::create_dir_all(build.path().join("DEBIAN")).unwrap();
        fs::create_dir_all(build.path().join(format!("usr/share/doc/{name}"))).unwrap();
        fs::write(build.path().join(format!("usr/share/doc/{name}/readme")), format!("{name} {version}\n")).unwrap();
        let fields = if fields.is_empty() { String::new() } else { format!("{}\n", fields.trim_end()) };
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n\
             Maintainer: Nobody <nobody@example.org>\nSection: misc\nPriority: optional\n{fields}Description: a package for a test\n"
        );
        fs::write(build.path().join("DEBIAN/control"), control).unwrap();
        let pool = self.path(&format!("pool/main/{}/{name}", &name[..1]));
        fs::create_dir_all(&pool).unwrap();
        let without_epoch = version.split_once(':').map_or(*version, |(_, rest)| rest);
        let file = pool.join(format!("{name}_{without_epoch}_{architecture}.deb"));
        let mut command = Command::new("dpkg-deb");
        command.env("SOURCE_DATE_EPOCH", "1767225600").args(["--root-owner-group", "-Zxz", "--build"]);
        run(command.arg(build.path()).arg(&file));
        file
    }

    /// Writes the indexes of a suite, of all packages in the pool, and signs them with the key `archive`.
    pub fn publish(&self, suite: &str) {
        self.index(suite, &["amd64"], |text| text);
        self.release(suite, "");
        self.sign(suite);
    }

    /// Writes `Packages` of each architecture, as `change` makes it.
    pub fn index(&self, suite: &str, architectures: &[&str], change: impl Fn(String) -> String) {
        for architecture in architectures {
            let folder = self.path(&format!("dists/{suite}/main/binary-{architecture}"));
            fs::create_dir_all(&folder).unwrap();
            let mut command = Command::new("apt-ftparchive");
            command.current_dir(self.folder.path()).args(["--arch", architecture, "packages", "pool"]);
            let text = change(run(&mut command));
            fs::write(folder.join("Packages"), &text).unwrap();
            run(Command::new("xz").args(["-kf"]).arg(folder.join("Packages")));
            run(Command::new("gzip").args(["-nkf"]).arg(folder.join("Packages")));
        }
    }

    /// Writes `Release`; `fields` are lines that it has further, or instead of those of the same names.
    pub fn release(&self, suite: &str, fields: &str) {
        let folder = self.path(&format!("dists/{suite}"));
        for old in ["Release", "InRelease", "Release.gpg"] {
            let _ = fs::remove_file(folder.join(old));
        }
        let mut command = Command::new("apt-ftparchive");
        for option in ["Origin=Demo", "Label=Demo", "Components=main", "Architectures=amd64 arm64"] {
            command.args(["-o", &format!("APT::FTPArchive::Release::{option}")]);
        }
        command.args(["-o", &format!("APT::FTPArchive::Release::Codename={suite}")]);
        command.args(["-o", &format!("APT::FTPArchive::Release::Suite={suite}")]);
        let text = run(command.arg("release").arg(&folder));
        let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        let names: Vec<String> = fields.lines().map(name).collect();
        let kept = text.lines().filter(|line| line.starts_with(' ') || !names.contains(&name(line)));
        let lines: Vec<&str> = fields.lines().chain(kept).collect();
        fs::write(folder.join("Release"), lines.join("\n") + "\n").unwrap();
    }

    /// Signs `Release` as `InRelease`.
    pub fn sign(&self, suite: &str) {
        let folder = self.path(&format!("dists/{suite}"));
        self.gpg.sign(&["archive"], &["--clearsign"], &folder.join("Release"), &folder.join("InRelease"));
    }

    /// Puts the files of all indexes below their digests too, and nothing under their names.
    pub fn only_by_hash(&self, suite: &str) {
        let folder = self.path(&format!("dists/{suite}/main/binary-amd64"));
        let hashed = folder.join("by-hash/SHA256");
        fs::create_dir_all(&hashed).unwrap();
        for name in ["Packages", "Packages.xz", "Packages.gz"] {
            let bytes = fs::read(folder.join(name)).unwrap();
            fs::rename(folder.join(name), hashed.join(manifests::Digest::of(&bytes).hex())).unwrap();
        }
    }

    /// Serves the folder.
    pub async fn serve(&self) -> Server {
        self.serve_with(|_, _| None).await
    }

    /// Serves the folder, but for what `first` answers; it gets each request and how many there were before it.
    pub async fn serve_with(
        &self,
        first: impl Fn(&Received, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let folder = Arc::clone(&self.folder);
        Server::start(move |request, number| first(request, number).unwrap_or_else(|| file(folder.path(), request)))
            .await
    }

    /// Changes bytes of a file without changing its size.
    pub fn tamper(&self, path: &str) {
        let path = self.path(path);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
    }

    /// Exchanges a text in a file.
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let path = self.path(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is in {}", path.display());
        fs::write(&path, text.replace(from, to)).unwrap();
    }
}

/// A file of a folder, as an answer.
pub fn file(folder: &Path, request: &Received) -> Reply {
    let path = percent_decoded(request.path().trim_start_matches("/debian").trim_start_matches('/'));
    match fs::read(folder.join(path)) {
        Ok(bytes) => Reply::ranged(request, &bytes),
        Err(_) => Reply::new(404, "not here"),
    }
}

fn percent_decoded(path: &str) -> String {
    let mut decoded = Vec::new();
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits: String = bytes.by_ref().take(2).map(char::from).collect();
            decoded.push(u8::from_str_radix(&digits, 16).unwrap());
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).unwrap()
}

/// Runs a tool and gives what it prints.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}: run `make setup`"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
