//! Reads one suite of an archive through the library.

use std::sync::Arc;

use airgap_console::error::render;
use bundler::content::Fetcher;
use bundler::credentials::Credentials;
use bundler::http::{Client, Pace, Settings};
use bundler::oci::Registries;
use bundler::packages::repository::openpgp::Keyring;
use bundler::packages::repository::{Archives, Pocket, PocketRequest};
use futures_util::future::BoxFuture;
use manifests::component::{KeySource, PackageRepository};
use manifests::yaml::{Location, SourceFile};
use tokio_util::sync::CancellationToken;

use crate::server::Server;

/// What a test may change of the request.
pub struct Reader {
    pub keyring: Vec<u8>,
    pub suite: &'static str,
    pub components: Vec<&'static str>,
    pub allow_expired: bool,
    /// `YYYY-MM-DD`; today where there is none.
    pub today: Option<&'static str>,
}

impl Reader {
    pub fn new(keyring: Vec<u8>) -> Self {
        Self { keyring, suite: "stable", components: vec!["main"], allow_expired: false, today: None }
    }

    /// The pocket, or what a person sees in its place.
    pub async fn read(&self, server: &Server) -> Result<Pocket, String> {
        let settings = Settings { pace: Arc::new(NoWait), use_proxies: false, ..Settings::default() };
        let client = Client::new(settings, CancellationToken::new()).unwrap();
        let registries = Registries::new(client, Credentials::none(), Default::default());
        let fetcher = Fetcher::new(registries, Credentials::none());
        let now = match self.today {
            Some(day) => format!("{day}T12:00:00Z").parse().unwrap(),
            None => jiff::Timestamp::now(),
        };
        let file = SourceFile::new("stack.yaml", "- url: the repository\n");
        let request = PocketRequest {
            translations: false,
            repository: PackageRepository {
                url: server.url("/debian"),
                suites: vec![self.suite.parse().unwrap()],
                components: self.components.iter().map(|component| (*component).to_owned()).collect(),
                key: KeySource::File("key".into()),
                snapshot: None,
                priority: None,
                architectures: Vec::new(),
                series: Vec::new(),
                allow_expired: self.allow_expired,
                location: Location::new(&file, 2..21),
            },
            number: 0,
            suite: self.suite.parse().unwrap(),
            architectures: vec!["amd64".parse().unwrap()],
            keyring: Arc::new(Keyring::parse(&self.keyring).unwrap()),
            locked: None,
        };
        match Archives::new(fetcher, None, now).read(&[request]).await {
            Ok(mut pockets) => Ok(pockets.remove(0)),
            Err(errors) => Err(errors.iter().map(|error| render(error)).collect()),
        }
    }

    /// What a person sees when the pocket is refused.
    pub async fn refused(&self, server: &Server) -> String {
        match self.read(server).await {
            Ok(_) => panic!("it is taken"),
            Err(shown) => shown,
        }
    }
}

#[derive(Debug)]
struct NoWait;

impl Pace for NoWait {
    fn sleep(&self, _: std::time::Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}
