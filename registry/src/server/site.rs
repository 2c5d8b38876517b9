use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Clock, Reloader, Tls};
use crate::app::App;
use crate::content::{Content, Source};
use crate::http::Running;

/// How often the certificate's end is looked at.
const RENEWAL: Duration = Duration::from_secs(3600);

/// A running server. Its tasks end when it is dropped.
#[derive(Debug)]
pub struct Site {
    /// What listens with everything, and with packages alone.
    running: [Running; 2],
    /// Watches over the store and the certificate.
    _keepers: JoinSet<()>,
    reload: Arc<Notify>,
    url: String,
}

/// What a running server looks after.
pub(super) struct Keeping {
    pub(super) reloader: Reloader,
    pub(super) tls: Option<Tls>,
    pub(super) clock: Clock,
    pub(super) poll: Duration,
}

impl Site {
    pub(super) fn start(app: Arc<App>, running: [Running; 2], keeping: Keeping) -> Self {
        let (url, reload) = (app.about.url.clone(), Arc::new(Notify::new()));
        let Keeping { reloader, tls, clock, poll } = keeping;
        let mut keepers = JoinSet::new();
        keepers.spawn(keep_content(app, reloader, Arc::clone(&reload), poll));
        if let Some(tls) = tls {
            keepers.spawn(keep_certificate(tls, clock));
        }
        Self { running, _keepers: keepers, reload, url }
    }

    /// The addresses that are listened on for everything.
    pub fn addresses(&self) -> &[SocketAddr] {
        self.running[0].addresses()
    }

    /// The addresses that are listened on for packages alone.
    pub fn packages_addresses(&self) -> &[SocketAddr] {
        self.running[1].addresses()
    }

    /// How clients reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Looks for new generations and users now, not only at the next poll.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// The fourth act: accepts no more, lets what is being sent come to its end for at most `patience`, and ends.
    /// Returns how many responses were cut.
    pub async fn drain(self, patience: Duration) -> usize {
        let [all, packages] = self.running;
        let (all, packages) = tokio::join!(all.drain(patience), packages.drain(patience));
        all + packages
    }
}

/// Exchanges the content when generations come or go, and the users when `htpasswd` changes.
async fn keep_content(app: Arc<App>, reloader: Reloader, reload: Arc<Notify>, poll: Duration) {
    let reloader = Arc::new(Mutex::new(reloader));
    let mut ahead = JoinSet::new();
    ahead.spawn(check_ahead(app.content()));
    loop {
        let asked = tokio::time::timeout(poll, reload.notified()).await.is_ok();
        let (app, reloader) = (Arc::clone(&app), Arc::clone(&reloader));
        let look = move || {
            let mut reloader = reloader.lock().unwrap_or_else(PoisonError::into_inner);
            let mut exchanged = None;
            if asked || reloader.is_stale() {
                match reloader.load() {
                    Ok(content) => {
                        tracing::info!(bundles = content.sources.len(), "the content was exchanged");
                        app.replace(content);
                        exchanged = Some(app.content());
                    }
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "can't read the store");
                    }
                }
            }
            if let Some(Err(error)) = app.auth.as_ref().map(crate::auth::Auth::reload) {
                tracing::error!(error = &error as &dyn std::error::Error, "can't read the users");
            }
            exchanged
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(None) => {}
            Ok(Some(content)) => {
                ahead.shutdown().await;
                ahead.spawn(check_ahead(content));
            }
            Err(_) => tracing::error!("looking for new generations failed"),
        }
    }
}

/// Checks what every node of a site fetches first, so that none has to wait for it: the files of distributions. They are read once
/// all the same, and what is damaged is told before anybody asks for it.
async fn check_ahead(content: Arc<Content>) {
    let release = |source: &&Arc<Source>| source.bundle().document().platform().is_some();
    // Those of earlier generations are not what nodes will ask for.
    let Some(source) = content.sources.iter().find(release) else { return };
    let document = source.bundle().document();
    let files = document.platform().and_then(|platform| document.file_set(&platform.distribution.files));
    for file in files.into_iter().flat_map(|set| &set.files) {
        // What came of it is remembered there.
        let _ = source.check(&file.digest).await;
    }
}

/// Renews the certificate in time.
async fn keep_certificate(tls: Tls, clock: Clock) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match tls.certificate.renew(&tls.ca, &tls.slot, clock.now()) {
            Ok(false) => {}
            Ok(true) => tracing::info!("the server's certificate was renewed"),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "can't renew the certificate"),
        }
    }
}
