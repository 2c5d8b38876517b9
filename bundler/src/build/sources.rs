//! All the places that a stack's items come from.

use std::collections::BTreeMap;
use std::time::Instant;

use manifests::component::ImageSource;
use miette::Diagnostic;
use tokio_util::sync::CancellationToken;

use super::BuildOptions;
use super::error::{BuildError, ItemFailure};
use crate::archives;
use crate::content::{Fetcher, Resolved};
use crate::credentials::Credentials;
use crate::http::{Client, HostSettings, Settings};
use crate::oci::{ImageRequest, Registries};
use crate::resolve::stack::{ResolvedImage, ResolvedStack};

/// All the places that a stack's items come from.
pub(super) struct Sources {
    registries: Registries,
    credentials: Credentials,
}

impl Sources {
    /// Sets up the network as the stack and the environment say.
    pub(super) fn new(
        stack: &ResolvedStack,
        options: &BuildOptions,
        stop: CancellationToken,
    ) -> Result<Self, BuildError> {
        let client = Client::new(settings(stack, options), stop).map_err(BuildError::Network)?;
        let credentials = Credentials::from_environment(|name| std::env::var_os(name))?;
        let mirrors = stack.registries.iter().map(|(host, settings)| (host.clone(), settings.mirrors.clone()));
        let registries = Registries::new(client, credentials.clone(), mirrors.collect());
        Ok(Self { registries, credentials })
    }

    /// Brings blobs from the same places.
    pub(super) fn fetcher(&self) -> Fetcher {
        Fetcher::new(self.registries.clone(), self.credentials.clone())
    }

    /// Resolves an image.
    pub(super) async fn image(&self, image: &ResolvedImage) -> Result<Resolved, ItemFailure> {
        let failed = |source| ItemFailure {
            what: format!("image {}", image.reference),
            location: image.location.clone(),
            source,
        };
        if image.source == ImageSource::Registry {
            let request = ImageRequest {
                reference: image.reference.clone(),
                source: None,
                platforms: image.platforms.clone(),
                attachments: image.attachments,
                component: Some(image.component.to_string()),
            };
            return self.registries.resolve(&request).await.map_err(|error| failed(boxed(error)));
        }
        let wanted = image.clone();
        let resolved = tokio::task::spawn_blocking(move || archives::resolve(&wanted)).await;
        match resolved {
            Ok(Ok(Some(resolved))) => Ok(resolved),
            Ok(Ok(None)) | Err(_) => Err(failed(boxed(crate::http::FetchError::Cancelled))),
            Ok(Err(error)) => Err(failed(boxed(error))),
        }
    }
}

fn boxed(error: impl Diagnostic + Send + Sync + 'static) -> Box<dyn Diagnostic + Send + Sync> {
    Box::new(error)
}

fn settings(stack: &ResolvedStack, options: &BuildOptions) -> Settings {
    let hosts: BTreeMap<_, _> = stack
        .registries
        .iter()
        .map(|(host, settings)| {
            let client = settings.client.as_ref();
            let host_settings = HostSettings {
                ca_file: settings.ca.clone(),
                client_certificate: client.map(|client| client.certificate.clone()),
                client_key: client.map(|client| client.key.clone()),
                plain_http: settings.plain_http,
                insecure: settings.insecure_skip_verify,
                concurrency: settings.concurrency.map(usize::from),
            };
            (host.clone(), host_settings)
        })
        .collect();
    Settings {
        hosts,
        concurrency: options.concurrency.max(1),
        deadline: options.deadline.map(|time| Instant::now() + time),
        ..Settings::default()
    }
}
