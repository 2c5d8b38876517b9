//! What the upstream serves: images of real Debian packages, real charts, files, packages, and the certificates of the servers.
//! Made once and kept in `.rig/`, as long as the code that makes it stays the same.

mod archive;
mod charts;
mod images;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::kept::kept;
use crate::machine::Machine;
use crate::network::Network;
use crate::random::Random;
use crate::upstream::{ARCHIVE, CHARTS, FILES, HUB, QUAY};

/// The code that decides what is made.
const MAKERS: [&str; 4] = [
    include_str!("fixtures.rs"),
    include_str!("fixtures/images.rs"),
    include_str!("fixtures/charts.rs"),
    include_str!("fixtures/archive.rs"),
];

/// A folder with all of it:
///
/// ```text
/// hub/  quay/        storage folders of docker-registry
/// charts/stable/     a chart repository
/// files/             files of a web server
/// archive/debian/    a package archive; its key is archive.asc, a node for it node.status
/// htpasswd           the users of the registry `quay.io`
/// ca.pem  server.pem  server.key
/// ```
#[derive(Debug)]
pub struct Fixtures {
    folder: PathBuf,
}

impl Fixtures {
    /// The fixtures, made now if this tree has none yet (a minute).
    ///
    /// # Errors
    /// When a tool is missing or fails.
    pub fn get() -> Result<Arc<Self>> {
        let mut key = DefaultHasher::new();
        MAKERS.hash(&mut key);
        let folder = kept("fixtures", &format!("{:016x}", key.finish()), make)?;
        Ok(Arc::new(Self { folder }))
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The content of `files/NAME`.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn file(&self, name: &str) -> Result<Vec<u8>> {
        fs::read(self.folder.join("files").join(name)).with_context(|| format!("no fixture {name}"))
    }
}

fn make(folder: &Path) -> Result<()> {
    let host = Machine::on(Arc::new(Network::new(&[])?))?;
    certificates(&host, folder)?;
    files(&folder.join("files"))?;
    charts::make(&folder.join("charts/stable"))?;
    archive::make(&folder.join("archive/debian"), folder)?;
    images::make(&host, folder)
}

fn certificates(host: &Machine, folder: &Path) -> Result<()> {
    let at = |name: &str| folder.join(name).display().to_string();
    let (ca, ca_key, cert, key) = (at("ca.pem"), at("ca.key"), at("server.pem"), at("server.key"));
    let request = host.path("server.csr").display().to_string();
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let ca_request = ["req", "-x509", "-days", "3650", "-subj", "/CN=rig", "-keyout", &ca_key, "-out", &ca];
    host.run("openssl", &[&ca_request[..], &new_key[..]].concat())?;
    let server_request = ["req", "-subj", "/CN=server", "-keyout", &key, "-out", &request];
    host.run("openssl", &[&server_request[..], &new_key[..]].concat())?;
    let names =
        [HUB, "docker.io", QUAY, CHARTS, FILES, ARCHIVE, "localhost"].map(|name| format!("DNS:{name}")).join(",");
    let extensions = host.write("extensions", format!("subjectAltName={names}\nbasicConstraints=CA:FALSE\n"))?;
    let extensions = extensions.display().to_string();
    let sign = ["x509", "-req", "-days", "3650", "-CAcreateserial", "-in", &request, "-CA", &ca, "-CAkey", &ca_key];
    host.run("openssl", &[&sign[..], &["-extfile", &extensions, "-out", &cert]].concat())?;
    let users = host.run("htpasswd", &["-Bbn", "puller", "correct horse"])?;
    fs::write(folder.join("htpasswd"), users).context("cannot write htpasswd")
}

fn files(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("release")).context("cannot create a folder")?;
    let write = |name: &str, content: &[u8]| fs::write(folder.join(name), content).context("cannot write a file");
    write("release/notes.txt", "What changed, in a text that compresses well.\n".repeat(2000).as_bytes())?;
    write("release/empty.txt", b"")?;
    write("release/data.bin", &Random::new(7).bytes(9 << 20))
}
