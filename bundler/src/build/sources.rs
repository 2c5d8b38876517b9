//! All the places that a stack's items come from.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use manifests::ImageReference;
use manifests::component::{FileSource, ImageSource};
use manifests::lock::{LockedChart, LockedGit, LockedImage};
use tokio_util::sync::CancellationToken;

use super::ResolveOptions;
use super::earlier::Earlier;
use super::error::{BuildError, ImageFailure, ImageProblem, ItemFailure};
use crate::archives;
use crate::charts::{ChartSources, HelmRepositories};
use crate::content::{Fetcher, Resolved};
use crate::credentials::Credentials;
use crate::discovery::TreeRequest;
use crate::files::{FileError, FileProblem, FileSources};
use crate::git::{GitSources, PackedFile};
use crate::http::{Client, HostSettings, Settings};
use crate::lock::Pins;
use crate::oci::{ImageRequest, Registries};
use crate::packages::repository::Archives;
use crate::packages::{PackageSources, Proof};
use crate::resolve::stack::{ResolvedChart, ResolvedGit, ResolvedImage, ResolvedStack};

/// All the places that a stack's items come from.
pub(super) struct Sources {
    registries: Registries,
    credentials: Credentials,
    charts: ChartSources,
    files: FileSources,
    git: GitSources,
    packages: PackageSources,
}

impl Sources {
    /// Sets up the network as the stack and the environment say.
    pub(super) fn new(
        stack: &ResolvedStack,
        options: &ResolveOptions,
        earlier: Vec<Earlier>,
        deadline: Option<Instant>,
        created: Timestamp,
        stop: CancellationToken,
    ) -> Result<Self, BuildError> {
        let client =
            Client::new(Settings { deadline, ..settings(stack, options) }, stop).map_err(BuildError::Network)?;
        let credentials = Credentials::from_environment(|name| std::env::var_os(name))?;
        let mirrors = stack.registries.iter().map(|(host, settings)| (host.clone(), settings.mirrors.clone()));
        let registries = Registries::new(client.clone(), credentials.clone(), mirrors.collect());
        let helm = HelmRepositories::from_environment(|name| std::env::var_os(name))?;
        let charts = ChartSources::with_helm(registries.clone(), credentials.clone(), helm, created);
        let git = GitSources::new(
            &stack.git,
            &stack.registries,
            credentials.clone(),
            client.cancellation().clone(),
            deadline,
        );
        let files = FileSources::new(client, credentials.clone(), git.clone());
        let fetcher = Fetcher::new(registries.clone(), credentials.clone());
        let archives = Archives::new(fetcher, options.cache.clone(), options.now).with_earlier(earlier);
        let proof = options.without_apt_proof.clone().map_or(Proof::Required, Proof::Waived);
        let packages = PackageSources::new(archives, proof);
        Ok(Self { registries, credentials, charts, files, git, packages })
    }

    /// Brings blobs from the same places.
    pub(super) fn fetcher(&self) -> Fetcher {
        Fetcher::new(self.registries.clone(), self.credentials.clone())
    }

    /// Resolves an image: as locked, if it is.
    pub(super) async fn image(
        &self,
        image: &ResolvedImage,
        locked: Option<&LockedImage>,
    ) -> Result<Resolved, ItemFailure> {
        let found = match &image.source {
            ImageSource::Registry => self.registry_image(image, None, locked).await,
            ImageSource::Image(other) => self.registry_image(image, Some(other), locked).await,
            _ => local_image(image).await,
        };
        Ok(found?)
    }

    /// Resolves a chart: as locked, if it is.
    pub(super) async fn chart(
        &self,
        chart: &ResolvedChart,
        locked: Option<&LockedChart>,
    ) -> Result<Resolved, ItemFailure> {
        match locked {
            Some(locked) => Ok(self.charts.resolve_locked(chart, locked).await?),
            None => Ok(self.charts.resolve_one(chart).await?),
        }
    }

    /// Resolves all files, as one artifact for each component.
    pub(super) async fn files(&self, stack: &ResolvedStack, pins: &Pins) -> Result<Vec<Resolved>, Vec<ItemFailure>> {
        let found = self.files.resolve(&stack.files, &stack.git, &stack.version, pins).await;
        found.map_err(|errors| errors.into_iter().map(ItemFailure::from).collect())
    }

    /// A git repository as it is upstream, packed once.
    pub(super) async fn repository(&self, git: &ResolvedGit) -> Result<PackedFile, ItemFailure> {
        self.git.pack(&git.wanted).await.map_err(|problem| FileError::of_git(git, problem.into()).into())
    }

    /// The files of a git repository as it is locked.
    pub(super) async fn files_of_locked(
        &self,
        git: &ResolvedGit,
        locked: &LockedGit,
    ) -> Result<Vec<TreeRequest>, ItemFailure> {
        let files = self.git.files_of_locked(&git.wanted, locked).await;
        files.map_err(|problem| FileError::of_git(git, problem.into()).into())
    }

    /// Reads a file that says what else is wanted.
    pub(super) async fn small_file(&self, source: &FileSource, limit: u64) -> Result<Bytes, FileProblem> {
        self.files.small(source, limit).await
    }

    /// Resolves all packages, as one artifact for each system and each mirror.
    pub(super) async fn packages(&self, stack: &ResolvedStack, pins: &Pins) -> Result<Vec<Resolved>, Vec<ItemFailure>> {
        let found = self.packages.resolve(&stack.systems, &stack.mirrors, &stack.version, pins).await;
        found.map_err(|errors| errors.into_iter().map(ItemFailure::from).collect())
    }

    async fn registry_image(
        &self,
        image: &ResolvedImage,
        other: Option<&ImageReference>,
        locked: Option<&LockedImage>,
    ) -> Result<Resolved, ImageFailure> {
        let request = ImageRequest {
            reference: image.reference.clone(),
            source: other.cloned(),
            platforms: image.platforms.clone(),
            attachments: image.attachments,
            component: Some(image.component.to_string()),
        };
        let found = match locked {
            Some(locked) => {
                let found = self.registries.resolve_locked(&request, locked.digest, &locked.attached).await;
                found.map_err(|error| ImageProblem::since_locked(locked, error))
            }
            None => self.registries.resolve(&request).await.map_err(ImageProblem::from),
        };
        let found = match found {
            Ok(found) => other_content(image, &found).map_or(Ok(found), Err),
            failed => failed,
        };
        found.map_err(|problem| ImageFailure::new(image, problem))
    }
}

/// What is wrong with an image from elsewhere that is not the one that its name pins.
fn other_content(image: &ResolvedImage, found: &Resolved) -> Option<ImageProblem> {
    let (expected, actual) = (image.reference.digest()?, found.item.descriptor()?.digest);
    (expected != actual).then_some(ImageProblem::OtherContent { expected, actual })
}

async fn local_image(image: &ResolvedImage) -> Result<Resolved, ImageFailure> {
    let wanted = image.clone();
    // It reads and hashes.
    match tokio::task::spawn_blocking(move || archives::resolve(&wanted).map_err(Box::new)).await {
        Ok(Ok(Some(resolved))) => Ok(resolved),
        Ok(Err(error)) => Err(ImageFailure::new(image, (*error).into())),
        // Only while everything is being torn down.
        Ok(Ok(None)) | Err(_) => Err(ImageFailure::new(image, ImageProblem::Stopped)),
    }
}

fn settings(stack: &ResolvedStack, options: &ResolveOptions) -> Settings {
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
    Settings { hosts, concurrency: options.concurrency.max(1), ..Settings::default() }
}
