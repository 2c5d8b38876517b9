//! A small HTTP server that does what a test tells it, and remembers what it was asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Whole,
    Cut(usize),
    Stall(usize),
    Drip(usize, Duration),
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), ending: Ending::Whole }
    }

    pub fn ok(body: impl Into<Bytes>) -> Self {
        Self::new(200, body)
    }

    pub fn redirect(status: u16, target: &str) -> Self {
        Self::new(status, "").with("location", target)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Closes the connection after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.ending = Ending::Cut(bytes);
        self
    }

    /// Sends nothing more after so many bytes of the body, but keeps the connection.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.ending = Ending::Stall(bytes);
        self
    }

    /// From there on, sends a byte at a time.
    pub fn drip_after(mut self, bytes: usize, pause: Duration) -> Self {
        self.ending = Ending::Drip(bytes, pause);
        self
    }

    /// The part of a body that a range request asks for, as a good server answers it.
    pub fn ranged(request: &Received, body: &[u8]) -> Self {
        let first = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
        match first {
            Some(first) if first < body.len() => {
                let range = format!("bytes {first}-{}/{}", body.len() - 1, body.len());
                Self::new(206, body[first..].to_vec()).with("content-range", &range)
            }
            Some(_) => Self::new(416, ""),
            None => Self::ok(body.to_vec()),
        }
    }
}

/// The server. It ends when it is dropped.
pub struct Server {
    pub address: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub type Accepted = Pin<Box<dyn Future<Output = Option<Box<dyn Stream>>> + Send>>;
type Accept = Arc<dyn Fn(TcpStream) -> Accepted + Send + Sync>;

impl Server {
    /// `answer` gets each request and how many there were before it.
    pub async fn start(answer: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        let plain: Accept = Arc::new(|stream| Box::pin(async move { Some(Box::new(stream) as Box<dyn Stream>) }));
        Self::accepting(plain, answer).await
    }

    pub async fn accepting(accept: Accept, answer: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let log = Arc::clone(&received);
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            // Connections end with the server.
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, answer, accept) = (Arc::clone(&log), Arc::clone(&answer), Arc::clone(&accept));
                connections.spawn(async move {
                    if let Some(mut stream) = accept(stream).await
                        && let Some(request) = read(&mut stream).await
                    {
                        let before = {
                            let mut log = log.lock().unwrap();
                            log.push(request.clone());
                            log.len() - 1
                        };
                        let reply = answer(&request, before);
                        write(&mut stream, &request, reply).await;
                    }
                });
            }
        });
        Self { address, received, task }
    }

    pub fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// What it was asked until now.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The requests in short: method and target.
    pub fn targets(&self) -> Vec<String> {
        self.received().iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }
}

async fn read(stream: &mut Box<dyn Stream>) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        stream.read_buf(&mut body).await.ok()?;
    }
    Some(Received { method, target, headers, body: String::from_utf8(body).unwrap() })
}

/// Writes a reply; a client that went away meanwhile is no failure of the server.
async fn write(stream: &mut Box<dyn Stream>, request: &Received, reply: Reply) {
    let mut head = format!("HTTP/1.1 {} Because\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let own_length = reply.headers.iter().any(|(name, _)| name == "content-length" || name == "transfer-encoding");
    if !own_length {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    if request.method != "HEAD" {
        let body = &reply.body;
        let whole = match reply.ending {
            Ending::Whole => body.len(),
            Ending::Cut(bytes) | Ending::Stall(bytes) | Ending::Drip(bytes, _) => bytes.min(body.len()),
        };
        let _ = stream.write_all(&body[..whole]).await;
        let _ = stream.flush().await;
        match reply.ending {
            Ending::Stall(_) => std::future::pending().await,
            Ending::Drip(_, pause) => {
                for byte in &body[whole..] {
                    tokio::time::sleep(pause).await;
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                }
            }
            Ending::Whole | Ending::Cut(_) => {}
        }
    }
    let _ = stream.shutdown().await;
}
