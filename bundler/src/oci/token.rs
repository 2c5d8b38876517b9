//! Logging in at registries: challenges, tokens, and a memory for both.
//!
//! Source: the distribution project's token and OAuth 2 specifications.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use manifests::Repository;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::challenge::{self, Challenge};
use super::endpoint::Endpoint;
use crate::credentials::{Credential, CredentialError, Credentials};
use crate::http::{Auth, AuthProvider, Authorization, Client, FetchError, Request, Secret, shown};

/// The answer of a token service, in bytes.
const ANSWER: usize = 256 << 10;
/// How long a token is good for where its service does not say: what the specification sets.
const DEFAULT_LIFE: u64 = 60;

/// Where a token stands, and where others wait for the one that fetches it.
type TokenPlace = Arc<Mutex<Option<Token>>>;

/// What is known about logging in, for all registries.
#[derive(Debug)]
pub(super) struct Tokens {
    client: Client,
    credentials: Credentials,
    /// How each origin wants to be asked, once it has said so.
    ways: StdMutex<HashMap<String, Way>>,
    /// The token for each origin and scope. The inner lock is held while a token is fetched: one is enough for all.
    tokens: StdMutex<HashMap<(String, String), TokenPlace>>,
}

#[derive(Debug, Clone)]
enum Way {
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

#[derive(Debug, Clone)]
struct Token {
    text: Secret,
    good_until: Instant,
}

/// Authorizes the requests for one repository at one place.
#[derive(Debug)]
pub(super) struct RepositoryAuth {
    tokens: Arc<Tokens>,
    origin: String,
    host: String,
    repository: Option<Repository>,
    scope: String,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Tokens {
    pub(super) fn new(client: Client, credentials: Credentials) -> Self {
        Self { client, credentials, ways: StdMutex::default(), tokens: StdMutex::default() }
    }

    pub(super) fn for_endpoint(self: Arc<Self>, endpoint: &Endpoint) -> RepositoryAuth {
        RepositoryAuth {
            tokens: self,
            origin: endpoint.origin(),
            host: endpoint.host(),
            repository: endpoint.credentials_for().cloned(),
            scope: endpoint.scope(),
        }
    }
}

impl AuthProvider for RepositoryAuth {
    fn authorization<'a>(&'a self, _: &'a Url) -> BoxFuture<'a, Result<Option<Authorization>, FetchError>> {
        Box::pin(async {
            let way = self.tokens.ways.lock().unwrap_or_else(PoisonError::into_inner).get(&self.origin).cloned();
            match way {
                None => Ok(None),
                Some(Way::Basic) => Ok(self.basic(self.credential().await?)),
                Some(Way::Bearer { realm, service }) => {
                    self.token(&realm, service.as_deref(), &self.scope, None).await.map(Some)
                }
            }
        })
    }

    fn refused<'a>(
        &'a self,
        url: &'a Url,
        refused: Option<&'a Authorization>,
        challenges: Vec<String>,
    ) -> BoxFuture<'a, Result<bool, FetchError>> {
        Box::pin(async move {
            let challenges = challenge::parse(&challenges);
            let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
            match bearer.or(challenges.first()) {
                Some(Challenge::Bearer { realm, service, scope, error }) => {
                    if refused.is_some() && error.as_deref() == Some("insufficient_scope") {
                        return Ok(false);
                    }
                    let realm = self.realm(url, realm)?;
                    self.remember(Way::Bearer { realm: realm.clone(), service: service.clone() });
                    let scope = scope.as_deref().filter(|scope| !scope.is_empty()).unwrap_or(&self.scope);
                    self.token(&realm, service.as_deref(), scope, refused).await?;
                    Ok(true)
                }
                Some(Challenge::Basic) => {
                    self.remember(Way::Basic);
                    let basic = self.basic(self.credential().await?);
                    Ok(basic.is_some() && basic.as_ref() != refused)
                }
                None => Ok(false),
            }
        })
    }
}

impl RepositoryAuth {
    fn remember(&self, way: Way) {
        self.tokens.ways.lock().unwrap_or_else(PoisonError::into_inner).insert(self.origin.clone(), way);
    }

    async fn credential(&self) -> Result<Option<Credential>, FetchError> {
        let Some(repository) = &self.repository else { return Ok(None) };
        let found = self.tokens.credentials.for_repository(repository).await;
        found.map_err(|error: CredentialError| {
            let help = miette::Diagnostic::help(&error).map(|help| help.to_string());
            self.failed(error.to_string(), help, None)
        })
    }

    fn basic(&self, credential: Option<Credential>) -> Option<Authorization> {
        match credential? {
            Credential::Login { user, password } => Some(Authorization::Basic { user, password }),
            Credential::RegistryToken(token) => Some(Authorization::Bearer(token)),
            Credential::IdentityToken(_) => None,
        }
    }

    /// The address of the token service. A registry behind TLS that sends people to one without is not followed.
    fn realm(&self, url: &Url, realm: &str) -> Result<Url, FetchError> {
        let parsed = url.join(realm).ok().filter(|realm| matches!(realm.scheme(), "http" | "https"));
        match parsed {
            Some(realm) if url.scheme() != "https" || realm.scheme() == "https" => Ok(realm),
            Some(realm) => Err(self.failed(
                format!("it is reached over https, but its token service {} is not", shown(&realm)),
                None,
                None,
            )),
            None => Err(self.failed("it names a token service that is no URL".to_owned(), None, None)),
        }
    }

    /// A token: the one that is known, if it is still good and not just that which was refused, or a new one.
    async fn token(
        &self,
        realm: &Url,
        service: Option<&str>,
        scope: &str,
        refused: Option<&Authorization>,
    ) -> Result<Authorization, FetchError> {
        let place = {
            let mut tokens = self.tokens.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tokens.entry((self.origin.clone(), self.scope.clone())).or_default())
        };
        let mut place = place.lock().await;
        if let Some(token) = &*place {
            let known = Authorization::Bearer(token.text.clone());
            if refused != Some(&known) && Instant::now() < token.good_until {
                return Ok(known);
            }
        }
        let token = self.fetch(realm, service, scope).await?;
        let authorization = Authorization::Bearer(token.text.clone());
        *place = Some(token);
        Ok(authorization)
    }

    async fn fetch(&self, realm: &Url, service: Option<&str>, scope: &str) -> Result<Token, FetchError> {
        let request = match self.credential().await? {
            Some(Credential::RegistryToken(text)) => {
                let good_until = Instant::now() + Duration::from_secs(DEFAULT_LIFE);
                return Ok(Token { text, good_until });
            }
            Some(Credential::IdentityToken(token)) => refresh(realm, service, scope, token),
            Some(Credential::Login { user, password }) => {
                let login = Authorization::Basic { user, password };
                ask(realm, service, scope).auth(Auth::Fixed(login))
            }
            None => ask(realm, service, scope),
        };
        let asked = Instant::now();
        let small = self.tokens.client.get_small(&request, ANSWER).await.map_err(|error| self.refused_login(error))?;
        let answer: Option<Answer> = serde_json::from_slice(&small.bytes).ok();
        let text = answer.as_ref().and_then(|answer| answer.token.clone().or(answer.access_token.clone()));
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Err(self.failed(format!("{} answered without a token", shown(realm)), None, None));
        };
        let life = answer.and_then(|answer| answer.expires_in).filter(|life| *life > 0).unwrap_or(DEFAULT_LIFE);
        // Renewed a little early, so that it does not end on the way.
        let life = life.min(86_400);
        let good_until = asked + Duration::from_secs(life - (life / 10).min(30));
        Ok(Token { text: Secret::new(text), good_until })
    }

    fn refused_login(&self, error: FetchError) -> FetchError {
        match error.status().map(|status| status.as_u16()) {
            Some(400 | 401 | 403) => {
                let help = format!(
                    "log in again (`docker login {0}` or `skopeo login {0}`), or remove the login if it is not needed",
                    self.login_name()
                );
                self.failed("it refuses the credentials that are configured for it".to_owned(), Some(help), Some(error))
            }
            _ => error,
        }
    }

    fn login_name(&self) -> &str {
        self.repository.as_ref().map_or(&self.host, |repository| repository.registry())
    }

    fn failed(&self, problem: String, help: Option<String>, source: Option<FetchError>) -> FetchError {
        FetchError::Login { host: self.login_name().to_owned(), problem, help, source: source.map(Box::new) }
    }
}

fn ask(realm: &Url, service: Option<&str>, scope: &str) -> Request {
    let mut url = realm.clone();
    {
        let mut query = url.query_pairs_mut();
        service.into_iter().for_each(|service| {
            query.append_pair("service", service);
        });
        // Several scopes stand in a challenge with a space between them.
        scope.split(' ').filter(|scope| !scope.is_empty()).for_each(|scope| {
            query.append_pair("scope", scope);
        });
    }
    Request::get(url)
}

fn refresh(realm: &Url, service: Option<&str>, scope: &str, token: Secret) -> Request {
    let mut form = vec![
        ("grant_type", Secret::new("refresh_token")),
        ("client_id", Secret::new("airgap-bundle")),
        ("scope", Secret::new(scope)),
        ("refresh_token", token),
    ];
    form.extend(service.map(|service| ("service", Secret::new(service))));
    Request::post(realm.clone(), form)
}
