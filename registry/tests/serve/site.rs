//! A site under test: a store, a server, a folder that goes away.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use manifests::Digest;
use manifests::bundle::UnverifiedBundle;
use manifests::fake::{self, FakeBundle};
use registry::server::{Access, Config, Site, Transport};
use registry::store::{Receipt, SignedBy, Store, StoreLock};
use tokio::runtime::Runtime;

use crate::client::{Answer, Connection};

pub(crate) struct TestSite {
    pub(crate) address: SocketAddr,
    site: Option<Site>,
    runtime: Runtime,
    pub(crate) folder: tempfile::TempDir,
}

impl TestSite {
    /// Plain HTTP, open to everybody.
    pub(crate) fn plain(bundles: &[FakeBundle]) -> Self {
        Self::with(bundles, |config| {
            config.transport = Transport::Plain;
            config.access = Access::Anonymous;
        })
    }

    /// As sites run: TLS and credentials.
    pub(crate) fn secure(bundles: &[FakeBundle]) -> Self {
        Self::with(bundles, |_| {})
    }

    pub(crate) fn with(bundles: &[FakeBundle], change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for bundle in bundles {
            import(folder.path(), bundle);
        }
        let mut config = Config::new(folder.path().to_owned(), vec!["127.0.0.1:0".parse().unwrap()]);
        change(&mut config);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bound = config.prepare().unwrap().bind().unwrap();
        let site = runtime.block_on(async { bound.spawn().unwrap() });
        let address = site.addresses()[0];
        Self { address, site: Some(site), runtime, folder }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// A connection to the listener for packages alone.
    pub(crate) fn connect_packages(&self) -> Connection {
        Connection::open(self.site.as_ref().unwrap().packages_addresses()[0])
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.connect().get(path, "")
    }

    pub(crate) fn get_with(&self, path: &str, headers: &str) -> Answer {
        self.connect().get(path, headers)
    }

    pub(crate) fn head(&self, path: &str) -> Answer {
        self.other("HEAD", path)
    }

    /// Any method; the connection is closed afterwards.
    pub(crate) fn other(&self, method: &str, path: &str) -> Answer {
        let mut connection = self.connect();
        connection.send(format!("{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n"));
        connection.answer(method == "HEAD")
    }

    /// The folder with `ca.crt`, as `--cert-dir` of skopeo wants it.
    pub(crate) fn ca_folder(&self) -> String {
        let folder = self.folder.path().join("client-ca");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(self.folder.path().join("ca/ca.crt"), folder.join("ca.crt")).unwrap();
        folder.display().to_string()
    }

    pub(crate) fn ca_file(&self) -> String {
        self.folder.path().join("ca/ca.crt").display().to_string()
    }

    /// User and password, as the operator finds them.
    pub(crate) fn credentials(&self) -> (String, String) {
        let text = std::fs::read_to_string(self.folder.path().join("auth/credentials")).unwrap();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        (field("username="), field("password="))
    }

    pub(crate) fn reload(&self) {
        self.site.as_ref().unwrap().reload();
    }

    /// Ends the server as SIGTERM does and gives how many responses were cut.
    pub(crate) fn drain(&mut self, patience: std::time::Duration) -> usize {
        self.runtime.block_on(self.site.take().unwrap().drain(patience))
    }
}

/// The store's lock, for which others may have to be waited: a child that another test starts holds a copy of it until its
/// program begins.
pub(crate) fn locked(store: &Store) -> StoreLock {
    for _ in 0..200 {
        if let Ok(lock) = store.lock() {
            return lock;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    store.lock().unwrap()
}

/// Makes a generation of a bundle, as the installer does.
pub(crate) fn import(state: &Path, bundle: &FakeBundle) -> u32 {
    let store = Store::create(state).unwrap();
    let lock = locked(&store);
    let incoming = store.incoming(&lock, &bundle.plan().document_digest()).unwrap();
    bundle.write(&incoming.path().join("bundle.tar.zst"));
    let opened = UnverifiedBundle::open(&[incoming.path().join("bundle.tar.zst")]).unwrap();
    let opened = opened.verify(&fake::trust()).unwrap();
    let document = opened.document();
    let receipt = Receipt {
        bundle: opened.document_digest(),
        name: document.name.clone(),
        version: document.version.clone(),
        created: document.created,
        imported_at: document.created,
        signers: opened.signers().iter().map(SignedBy::from).collect(),
        archive_size: opened.archive_size(),
        content_size: document.content_size(),
        files: vec!["bundle.tar.zst".into()],
    };
    incoming.commit(&lock, &receipt).unwrap().number
}

/// Runs a tool and gives what it wrote; fails the test when the tool fails or is not there.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let (success, output) = try_run(program, arguments);
    assert!(success, "{program} {}\n{output}", arguments.join(" "));
    output
}

/// Runs a tool that may fail; gives whether it did not, and what it wrote.
pub(crate) fn try_run(program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program).args(arguments).env("HOME", "/nonexistent").output();
    let output = output.unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The digest of a tag's manifest, as the server says it.
pub(crate) fn digest_of(answer: &Answer) -> Digest {
    answer.header("Docker-Content-Digest").unwrap().parse().unwrap()
}

/// Waits until something is so. The server looks every two seconds by itself; tests tell it to look.
pub(crate) fn wait_until(site: &TestSite, what: impl Fn() -> bool) {
    for _ in 0..200 {
        site.reload();
        if what() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the server did not notice the change");
}
