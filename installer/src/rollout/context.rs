//! What nodes shall hold, worked out from the site, the bundle and what the jump host knows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use manifests::Site;
use manifests::bundle::VerifiedBundle;
use manifests::document::Files;
use manifests::site::{Node, Role};
use miette::Diagnostic;

use super::version::Version;
use super::want::{Content, NodeWant, Part, WantedFile};
use crate::distribution::first::FirstManifest;
use crate::distribution::{
    self, Bundled, Distribution, Interfaces, Registries, Release, ReleaseError, SiteServer, data_folder,
};
use crate::secrets::Secrets;

/// What all nodes have in common.
#[derive(Debug)]
pub struct Context<'a> {
    /// The site.
    pub site: &'a Site,
    /// The folder of `site.yaml`.
    pub folder: &'a Path,
    /// The secrets that it names.
    pub secrets: &'a Secrets,
    /// The distribution.
    pub distribution: &'a dyn Distribution,
    /// Its version.
    pub version: &'a Version,
    /// The site's server.
    pub server: &'a SiteServer,
    /// What servers and nodes know each other by.
    pub token: &'a str,
    /// What of the bundle's images is spoken about.
    pub bundled: &'a Bundled,
    /// The network interfaces of its nodes.
    pub interfaces: &'a Interfaces,
    /// What servers apply when they start.
    pub first: &'a [FirstManifest],
    /// The text of the site's audit policy, where it has one.
    pub audit_policy: Option<&'a str>,
}

/// Why it can't be said what nodes shall hold.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ContextError {
    /// The distribution does not run on such machines.
    #[error("{distribution} does not run on {node}, which is of the architecture {architecture}")]
    Architecture {
        /// The distribution.
        distribution: &'static str,
        /// The machine.
        node: String,
        /// What it is.
        architecture: String,
    },
    /// The release is not whole.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Release(#[from] ReleaseError),
    /// The release lacks a file that a setting of the site needs.
    #[error("the release of {distribution} in this bundle has no `{path}`, which `profile` in site.yaml needs")]
    #[diagnostic(help("carry the whole release, and build the bundle again"))]
    NoMember {
        /// The distribution.
        distribution: &'static str,
        /// The file.
        path: &'static str,
    },
    /// A file that the site names can't be read.
    #[error("can't read `{path}`, which the site names")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A configuration can't be written as YAML.
    #[error("can't write the configuration of {node} as YAML")]
    Yaml {
        /// The node.
        node: String,
        /// Why.
        #[source]
        source: Box<serde_yaml::ser::Error>,
    },
}

impl Context<'_> {
    /// The releases in the set `files` of `bundle`, for each architecture that nodes have.
    ///
    /// # Errors
    /// [`ContextError`].
    pub fn releases(
        &self,
        bundle: &VerifiedBundle,
        files: &Files,
        architectures: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Arc<Release>>, ContextError> {
        let mut releases = BTreeMap::new();
        for (node, architecture) in architectures {
            if releases.contains_key(architecture) {
                continue;
            }
            let layout = self.distribution.layout(architecture).ok_or_else(|| ContextError::Architecture {
                distribution: self.distribution.name(),
                node: node.clone(),
                architecture: architecture.clone(),
            })?;
            releases.insert(architecture.clone(), Arc::new(Release::read(bundle, files, &layout)?));
        }
        Ok(releases)
    }

    fn registries(&self) -> Registries<'_> {
        let shared = self.bundled.shared(self.site);
        Registries { distribution: self.distribution, site: self.site, server: self.server, shared }
    }

    /// What a node shall hold of the distribution. Packages are the caller's to add.
    ///
    /// # Errors
    /// [`ContextError`].
    pub fn want(&self, node: &Node, release: &Arc<Release>) -> Result<NodeWant, ContextError> {
        let mut files = self.of_release(node, release);
        files.extend(self.settings(node, release)?);
        files.extend(self.configuration(node)?);
        Ok(NodeWant {
            files,
            packages: BTreeMap::new(),
            script: None,
            release: Arc::clone(release),
            version: self.version.clone(),
            program: self.distribution.program(),
            unit: self.distribution.unit(node.role),
        })
    }

    fn of_release(&self, node: &Node, release: &Release) -> Vec<WantedFile> {
        let mut files = Vec::new();
        for member in &release.members {
            let content = match release.prefix {
                Some(_) => Content::Unpacked,
                None => Content::Carried(release.program.clone()),
            };
            let (path, mode, digest) = (member.path.clone(), member.mode, member.digest);
            files.push(WantedFile { path, mode, digest, part: Part::Release, content });
        }
        for (path, mode, text) in self.distribution.own_files(node.role) {
            files.push(WantedFile { part: Part::Release, ..WantedFile::text(path, mode, &text) });
        }
        let folder = format!("{}/agent/images", data_folder(self.distribution, node));
        for (name, carried) in &release.images {
            files.push(WantedFile {
                path: format!("{folder}/{name}"),
                mode: 0o644,
                digest: carried.digest,
                part: Part::Images,
                content: Content::Carried(carried.clone()),
            });
        }
        files
    }

    /// The kernel's settings that the distribution looks for: they come with its release.
    fn settings(&self, node: &Node, release: &Release) -> Result<Option<WantedFile>, ContextError> {
        let Some(preparation) = self.distribution.preparation(self.site, node.role) else { return Ok(None) };
        let (from, to) = preparation.settings;
        let member = release.members.iter().find(|member| member.path == from);
        let distribution = self.distribution.name();
        let member = member.ok_or(ContextError::NoMember { distribution, path: from })?;
        let (path, digest, content) = (to.to_owned(), member.digest, Content::Copied(from));
        Ok(Some(WantedFile { path, mode: 0o644, digest, part: Part::Release, content }))
    }

    fn configuration(&self, node: &Node) -> Result<Vec<WantedFile>, ContextError> {
        let yaml = |source| ContextError::Yaml { node: node.name.to_string(), source: Box::new(source) };
        let folder = self.distribution.configuration();
        let registries = self.registries();
        let config =
            distribution::config(self.distribution, self.site, node, self.bundled, self.interfaces, self.token)
                .map_err(yaml)?;
        let password = |host: &str| {
            let login = self.site.registries.get(host)?.login.as_ref()?;
            Some(self.secrets.get(&login.password)?.reveal().to_owned())
        };
        let mut files = vec![
            WantedFile::text(distribution::authority_path(self.distribution), 0o644, &self.server.trusted),
            WantedFile::text(format!("{folder}/registries.yaml"), 0o600, &registries.text(&password).map_err(yaml)?),
            WantedFile::text(format!("{folder}/config.yaml"), 0o600, &config),
        ];
        for (path, file) in registries.certificates() {
            let local = self.folder.join(&file.path);
            let read = std::fs::read_to_string(&local);
            let text = read.map_err(|source| ContextError::File { path: local.display().to_string(), source })?;
            files.push(WantedFile::text(path, 0o644, &text));
        }
        let named = distribution::option_files(self.distribution, self.site, node, self.audit_policy).map_err(yaml)?;
        files.extend(named.into_iter().map(|(path, text)| WantedFile::text(path, 0o600, &text)));
        if node.role == Role::Server {
            let folder = format!("{}/server/manifests", data_folder(self.distribution, node));
            for manifest in self.first.iter().filter(|manifest| !manifest.objects.is_empty()) {
                let text = manifest.text().map_err(yaml)?;
                files.push(WantedFile::text(format!("{folder}/{}.yaml", manifest.name), 0o600, &text));
            }
        }
        Ok(files)
    }
}
