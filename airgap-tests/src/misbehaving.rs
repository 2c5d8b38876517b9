//! An upstream that fails in the ways that registries, proxies and networks fail, and remembers what it was asked.

mod answer;

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use manifests::Digest;
use serde_json::{Value, json};

use crate::http::read_fields;

/// The media type of the manifests that [`Misbehaving::image`] makes.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// When it came.
    pub at: Instant,
}

impl Seen {
    /// A header field, by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, with these header fields and no content.
    Status(u16, Vec<(String, String)>),
    /// The connection is reset after so many bytes of the body.
    Cut(usize),
    /// So many bytes of the body come, then nothing more, with the connection open.
    Stall(usize),
    /// The body comes in pieces of so many bytes, each after this pause.
    Drip(usize, Duration),
    /// One bit of the body is flipped.
    WrongBytes,
    /// The body is so many bytes shorter, and the length in the head says so.
    WrongLength(usize),
    /// The content is at this URL.
    Redirect(String),
    /// Ranges are ignored: the whole comes with status 200.
    NoRanges,
}

#[derive(Debug, Default)]
struct State {
    content: BTreeMap<String, (String, Vec<u8>)>,
    faults: Vec<(String, usize, Fault)>,
    seen: Vec<Seen>,
    realm: Option<Realm>,
}

/// What a registry that wants tokens asks for.
#[derive(Debug, Clone)]
struct Realm {
    url: String,
    token: String,
}

/// The server. It ends when dropped.
#[derive(Debug)]
pub struct Misbehaving {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stopped: Arc<AtomicBool>,
}

impl Misbehaving {
    /// Starts one on a free port of the loopback, without content or faults.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen")?;
        let server = Self {
            address: listener.local_addr().context("cannot tell the port")?,
            state: Arc::default(),
            stopped: Arc::default(),
        };
        let (state, stopped) = (Arc::clone(&server.state), Arc::clone(&server.stopped));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&state);
                // A client that goes away in the middle is part of the game.
                thread::spawn(move || serve(&stream, &state).ok());
            }
        });
        Ok(server)
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Serves `content` at a path.
    pub fn put(&self, path: &str, media_type: &str, content: &[u8]) {
        self.state().content.insert(path.to_owned(), (media_type.to_owned(), content.to_vec()));
    }

    /// Serves an image with these layers, by tag and by digest, and returns the digest of its manifest.
    pub fn image(&self, repository: &str, tag: &str, layers: &[&[u8]]) -> Digest {
        let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
        let config = self.blob(repository, "application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
        let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
        let layers: Vec<_> = layers.iter().map(|content| self.blob(repository, layer, content)).collect();
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        self.manifest(repository, tag, MANIFEST, manifest.to_string().as_bytes())
    }

    /// Serves a manifest by tag and by digest, and returns the digest.
    pub fn manifest(&self, repository: &str, tag: &str, media_type: &str, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        for name in [tag.to_owned(), digest.to_string()] {
            self.put(&format!("/v2/{repository}/manifests/{name}"), media_type, content);
        }
        digest
    }

    fn blob(&self, repository: &str, media_type: &str, content: &[u8]) -> Value {
        let digest = Digest::of(content).to_string();
        self.put(&format!("/v2/{repository}/blobs/{digest}"), "application/octet-stream", content);
        json!({"mediaType": media_type, "digest": digest, "size": content.len()})
    }

    /// Lets the next `times` requests whose target holds `part` fail. Faults take effect in the order they are given.
    pub fn fail(&self, part: &str, times: usize, fault: Fault) {
        self.state().faults.push((part.to_owned(), times, fault));
    }

    /// Wants a bearer token for everything below `/v2/`, which `realm` (a URL) hands out.
    pub fn require_token(&self, realm: &str, token: &str) {
        self.state().realm = Some(Realm { url: realm.to_owned(), token: token.to_owned() });
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// The requests so far whose target holds `part`.
    pub fn asked(&self, part: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.target.contains(part)).collect()
    }
}

impl Drop for Misbehaving {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // The listener wakes up, sees that, and ends.
        TcpStream::connect(self.address).ok();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let fields = read_fields(&mut reader)?;
        let seen = Seen { method: method.to_owned(), target: target.to_owned(), fields, at: Instant::now() };
        let reply = lock(state).decide(&seen);
        lock(state).seen.push(seen);
        if !reply.send(stream)? {
            return Ok(());
        }
    }
}
