//! The command itself.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};

use manifests::Digest;
use manifests::fake::{self, FakeBundle};
use registry::store::{Floors, Store};

use crate::client::Connection;
use crate::content::noise;
use crate::site::{locked, run, try_run};

const BINARY: &str = env!("CARGO_BIN_EXE_airgap-registry");

/// A running server; it is killed if the test fails.
struct Server {
    child: Child,
    address: std::net::SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(arguments: &[&str], notify: Option<&std::path::Path>) -> Server {
    let mut command = Command::new(BINARY);
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).stdout(Stdio::piped());
    if let Some(path) = notify {
        command.env("NOTIFY_SOCKET", path);
    }
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on ").and_then(|rest| rest.split(',').next());
    let address = address.and_then(|address| address.parse().ok());
    Server { child, address: address.unwrap_or_else(|| panic!("no address in `{line}`")) }
}

#[test]
fn a_bundle_is_served_in_place_until_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    FakeBundle::small().write(&folder.path().join("platform.tar.zst"));
    std::fs::write(path("trust"), fake::allowed_signers()).unwrap();
    let socket = UnixDatagram::bind(path("notify")).unwrap();
    let arguments = [
        "--state",
        &path("state"),
        "--bundle",
        &path("platform.tar.zst"),
        "--in-place",
        "--trust",
        &path("trust"),
        "--plain-http",
        "--anonymous-pull",
    ];
    let mut server = start(&arguments, Some(&folder.path().join("notify")));
    let mut buffer = [0; 64];
    let count = socket.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"READY=1");
    assert_eq!(Connection::open(server.address).get("/v2/library/nginx/manifests/1.27", "").status, 200);
    let id = server.child.id().to_string();
    run("kill", &["-TERM", &id]);
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn volumes_are_served_in_place_without_joining_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let layer = noise(11, 20_000_000);
    let bundle = FakeBundle::new("platform", "1.0.0").image("quay.io/a/b:v1", &[&layer]);
    let signature = fake::sign(bundle.plan().document_bytes());
    let volumes = bundle.write_with(&folder.path().join("platform.tar.zst"), Some(9_000_000), &[signature]);
    assert!(volumes.len() > 2, "{volumes:?}");
    std::fs::write(path("trust"), fake::allowed_signers()).unwrap();
    let (first, state, trust) = (volumes[0].display().to_string(), path("state"), path("trust"));
    for named in [first, folder.path().display().to_string()] {
        let arguments = ["--state", &state, "--bundle", &named, "--in-place", "--trust", &trust, "--plain-http"];
        let server = start(&[&arguments[..], &["--anonymous-pull"]].concat(), None);
        let answer = Connection::open(server.address).get(&format!("/v2/quay.io/a/b/blobs/{}", Digest::of(&layer)), "");
        assert!(answer.status == 200 && answer.body == layer);
    }
    let empty = path("empty");
    std::fs::create_dir(&empty).unwrap();
    let arguments = ["serve", "--state", &state, "--bundle", &empty, "--in-place", "--trust", &trust];
    let (ok, text) = try_run(BINARY, &arguments);
    assert!(!ok && text.contains("holds no bundle"), "{text}");
}

#[test]
fn a_bundle_that_nobody_trusted_has_signed_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    FakeBundle::small().write_with(&folder.path().join("platform.tar.zst"), None, &[]);
    std::fs::write(path("trust"), fake::allowed_signers()).unwrap();
    let arguments = [
        "serve",
        "--state",
        &path("state"),
        "--bundle",
        &path("platform.tar.zst"),
        "--in-place",
        "--trust",
        &path("trust"),
    ];
    let (ok, text) = try_run(BINARY, &arguments);
    assert!(!ok && !folder.path().join("state").exists(), "{text}");
    let serve = |more: &[&str], trust: Option<&str>| {
        let mut command = Command::new(BINARY);
        command.args(["serve", "--state", &path("state"), "--bundle", &path("platform.tar.zst"), "--in-place"]);
        command.args(more).env_remove("AIRGAP_TRUST").envs(trust.map(|trust| ("AIRGAP_TRUST", path(trust))));
        let ended = command.output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    // Said by an option or by the environment, a file that is not there is told with what to do.
    for (code, text) in [serve(&["--trust", &path("none")], None), serve(&[], Some("none"))] {
        assert!(code == Some(1) && text.contains("none` does not exist") && text.contains("--trust FILE"), "{text}");
    }
    let (code, text) = serve(&[], Some("trust"));
    assert!(code == Some(1) && text.contains("sign"), "the environment's file was read: {text}");
    let machine = std::path::Path::new(airgap_console::trust::DEFAULT_FILE);
    assert!(!machine.exists(), "this test needs a machine that trusts nobody: move {} away", machine.display());
    let (code, text) = serve(&[], None);
    assert!(code == Some(2) && text.contains("nothing says whose signatures count"), "{text}");
}

#[test]
fn one_signer_is_not_two_and_an_older_version_than_the_sites_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    FakeBundle::new("platform", "1.0.0").write(&folder.path().join("platform.tar.zst"));
    std::fs::write(path("trust"), fake::allowed_signers()).unwrap();
    let (bundle, state, trust) = (path("platform.tar.zst"), path("state"), path("trust"));
    let serve = ["--state", &state, "--bundle", &bundle, "--in-place", "--trust", &trust, "--anonymous-pull"];
    let refused = |more: &[&str]| {
        let (ok, text) = try_run(BINARY, &[&["serve", "--listen", "127.0.0.1:0"], &serve[..], more].concat());
        assert!(!ok, "{text}");
        text
    };
    let text = refused(&["--threshold", "2"]);
    assert!(text.contains("2"), "{text}");
    let store = Store::create(&folder.path().join("state")).unwrap();
    let later = FakeBundle::new("platform", "1.1.0").plan().document_digest();
    let raise = |mut floors: Floors| {
        floors.raise(&locked(&store), &"platform".parse().unwrap(), &"1.1.0".parse().unwrap(), later)
    };
    raise(store.floors().unwrap()).unwrap();
    let text = refused(&[]);
    assert!(text.contains("platform 1.0.0 is older than 1.1.0") && text.contains("--allow-downgrade"), "{text}");
    start(&[&serve[..], &["--allow-downgrade"]].concat(), None);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let state = folder.path().display().to_string();
    let (ok, text) = try_run(BINARY, &["serve", "--state", &state, "--listen", &address]);
    assert!(!ok && text.contains(&format!("can't listen on {address}")), "{text}");
}

#[test]
fn a_name_that_no_host_can_have_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state").display().to_string();
    for name in ["a b;c", "https://jump.example.org", "jump:5000", ""] {
        let (ok, text) = try_run(BINARY, &["serve", "--state", &state, "--listen", "127.0.0.1:0", "--name", name]);
        assert!(!ok && text.contains("--name"), "{text}");
    }
    assert!(!folder.path().join("state").exists());
}

#[test]
fn systemd_accepts_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let text = run(BINARY, &["unit", "--binary", BINARY, "--user", "root", "--listen", "0.0.0.0:443"]);
    let file = folder.path().join("airgap-registry.service");
    std::fs::write(&file, text).unwrap();
    let (ok, text) = try_run("systemd-analyze", &["verify", "--man=no", &file.display().to_string()]);
    assert!(ok && !text.contains("airgap-registry.service:"), "{text}");
}
