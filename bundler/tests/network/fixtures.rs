//! What the tests share: clients that don't wait, and content.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bundler::http::{Client, Download, HostSettings, MemorySink, Pace, Patience, Request, Settings};
use futures_util::future::BoxFuture;
use manifests::Digest;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Remembers pauses instead of making them.
#[derive(Debug, Default)]
pub struct NoWait {
    pauses: Mutex<Vec<Duration>>,
}

impl NoWait {
    pub fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }
}

impl Pace for NoWait {
    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        self.pauses.lock().unwrap().push(pause);
        Box::pin(std::future::ready(()))
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// Settings with pauses that are not made and without the proxies of whoever runs the tests.
pub fn settings() -> Settings {
    Settings { pace: Arc::new(NoWait::default()), use_proxies: false, ..Settings::default() }
}

/// Settings that call a silence of a second a stall.
pub fn impatient() -> Settings {
    let patience = Patience { silence: Duration::from_secs(1), ..Patience::default() };
    Settings { patience, ..settings() }
}

/// Settings under which these hosts are spoken to in plain HTTP.
pub fn plain(hosts: &[&str]) -> Settings {
    let mut settings = settings();
    for host in hosts {
        let plain = HostSettings { plain_http: true, ..HostSettings::default() };
        settings.hosts.insert((*host).to_owned(), plain);
    }
    settings
}

pub fn client(settings: Settings) -> Client {
    Client::new(settings, CancellationToken::new()).unwrap()
}

/// Content that is not the same anywhere.
pub fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

pub fn download(url: Url, content: &[u8]) -> (Download, MemorySink) {
    let download = Download { request: Request::get(url), size: Some(content.len() as u64), verified: true };
    (download, MemorySink::new(content.len() + 1024, Some(Digest::of(content))))
}

/// An error with all its causes and its advice, as a person sees them.
pub fn report(error: &dyn miette::Diagnostic) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(&format!(": {next}"));
        cause = Error::source(next);
    }
    if let Some(help) = error.help() {
        text.push_str(&format!(" [{help}]"));
    }
    text
}
