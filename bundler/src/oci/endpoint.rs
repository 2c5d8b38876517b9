//! Where a repository is asked for: the registry itself, or a mirror of it.

use manifests::Repository;
use url::Url;

use super::OciError;
use crate::http::{FetchError, Settings};

/// One place that has a repository.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// `https://host/v2/<path>/`.
    base: Url,
    /// For a mirror: which registry it stands for.
    namespace: Option<String>,
    /// The repository under the name that credentials and scopes know it by.
    credentials_for: Option<Repository>,
    path: String,
}

impl Endpoint {
    /// The registry itself.
    pub(super) fn upstream(repository: &Repository, settings: &Settings) -> Result<Self, OciError> {
        let host = match repository.registry() {
            "docker.io" => "registry-1.docker.io",
            other => other,
        };
        let unusable = || {
            OciError::fetch(
                &repository.to_string(),
                FetchError::Settings { host: host.to_owned(), problem: "it is no host name".to_owned(), source: None },
            )
        };
        let https = Url::parse(&format!("https://{host}/v2/{}/", repository.path())).map_err(|_| unusable())?;
        let plain = match (https.host_str(), https.port_or_known_default()) {
            (Some(name), Some(port)) => settings.host(name, port).is_some_and(|host| host.plain_http),
            _ => false,
        };
        let base = if plain {
            Url::parse(&format!("http://{host}/v2/{}/", repository.path())).map_err(|_| unusable())?
        } else {
            https
        };
        Ok(Self {
            base,
            namespace: None,
            credentials_for: Some(repository.clone()),
            path: repository.path().to_owned(),
        })
    }

    /// A mirror. A path in its URL is that below which it keeps the content: `https://host/cache` has
    /// `library/nginx` as `cache/library/nginx`.
    pub(super) fn mirror(mirror: &Url, repository: &Repository) -> Self {
        let prefix = mirror.path().trim_matches('/');
        let prefix =
            prefix.strip_prefix("v2").filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(prefix);
        let prefix = prefix.trim_matches('/');
        let path =
            if prefix.is_empty() { repository.path().to_owned() } else { format!("{prefix}/{}", repository.path()) };
        let mut base = mirror.clone();
        base.set_path(&format!("/v2/{path}/"));
        base.set_query(None);
        let host = crate::http::host_of(mirror);
        Self {
            base,
            namespace: Some(repository.registry().to_owned()),
            credentials_for: Repository::new(&host, &path).ok(),
            path,
        }
    }

    /// The URL of something in the repository: `manifests/latest`.
    pub(super) fn url(&self, rest: &str) -> Url {
        let mut url = self.base.clone();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        url.set_path(&format!("{}{path}", self.base.path()));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        if let Some(namespace) = &self.namespace {
            url.query_pairs_mut().append_pair("ns", namespace);
        }
        url
    }

    pub(super) fn is_mirror(&self) -> bool {
        self.namespace.is_some()
    }

    /// `host` or `host:port`.
    pub(super) fn host(&self) -> String {
        crate::http::host_of(&self.base)
    }

    /// The scheme, host and port, which say who answers.
    pub(super) fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    pub(super) fn credentials_for(&self) -> Option<&Repository> {
        self.credentials_for.as_ref()
    }

    /// What a token must allow.
    pub(super) fn scope(&self) -> String {
        format!("repository:{}:pull", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(registry: &str, path: &str) -> Repository {
        Repository::new(registry, path).unwrap()
    }

    #[test]
    fn docker_hub_is_served_by_another_host() {
        let endpoint = Endpoint::upstream(&repository("docker.io", "nginx"), &Settings::default()).unwrap();
        assert_eq!(
            endpoint.url("manifests/latest").as_str(),
            "https://registry-1.docker.io/v2/library/nginx/manifests/latest"
        );
        assert_eq!(endpoint.scope(), "repository:library/nginx:pull");
    }

    #[test]
    fn plain_http_is_spoken_only_where_it_was_asked_for() {
        let mut settings = Settings::default();
        let url = |settings: &Settings, registry: &str| {
            Endpoint::upstream(&repository(registry, "a"), settings).unwrap().url("tags/list").to_string()
        };
        assert_eq!(url(&settings, "127.0.0.1:5000"), "https://127.0.0.1:5000/v2/a/tags/list");
        let host = crate::http::HostSettings { plain_http: true, ..Default::default() };
        settings.hosts.insert("127.0.0.1:5000".to_owned(), host);
        assert_eq!(url(&settings, "127.0.0.1:5000"), "http://127.0.0.1:5000/v2/a/tags/list");
        assert_eq!(url(&settings, "127.0.0.1:5001"), "https://127.0.0.1:5001/v2/a/tags/list");
    }

    #[test]
    fn a_mirror_is_told_for_whom_it_stands() {
        let url = |mirror: &str| {
            let mirror = Url::parse(mirror).unwrap();
            Endpoint::mirror(&mirror, &repository("docker.io", "nginx")).url("blobs/x").to_string()
        };
        assert_eq!(url("https://m.example"), "https://m.example/v2/library/nginx/blobs/x?ns=docker.io");
        for prefixed in ["https://m.example/cache", "https://m.example/v2/cache/"] {
            assert_eq!(url(prefixed), "https://m.example/v2/cache/library/nginx/blobs/x?ns=docker.io");
        }
    }
}
