//! The steps on nodes, done for real.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use manifests::Site;
use manifests::bundle::{OpenError, VerifiedBundle};
use manifests::site::{Node, Role};
use miette::Diagnostic;
use tempfile::NamedTempFile;

use super::plan::{Kind, Step};
use super::start::{self, Api};
use super::survey::{FileState, PackageState, Survey, SurveyError};
use super::want::{Content, NodeWant, Part, WantedFile};
use crate::deploy::DeployError;
use crate::distribution::{Carried, Distribution, SiteServer, data_folder, first_server};
use crate::host::files::{self, NodeFile, Served};
use crate::host::{Command, Host, HostError, Input, Said};
use crate::secrets::Secret;

const UNPACK: &str = include_str!("unpack.sh");
const COPY: &str = include_str!("copy.sh");
/// Where an archive waits on a node until it is unpacked.
const ARCHIVE: &str = "/var/lib/airgap-node/release.tar.gz";
/// Who owns what is laid out.
const OWNER: &str = "root:root";
/// How long the installation of packages may take: it waits for others, and disks are slow.
const PACKAGES_PATIENCE: Duration = Duration::from_secs(3600);

/// Why a step on a node failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum WorkError {
    /// The machine is the trouble.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// It can't be looked at.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Survey(#[from] SurveyError),
    /// A component does not go in.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Deploy(#[from] DeployError),
    /// The bundle can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Bundle(#[from] OpenError),
    /// A file of the jump host can't be written.
    #[error("cannot lay `{path}` ready for {host}")]
    Lay {
        /// The file.
        path: String,
        /// The machine.
        host: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What was brought is not there.
    #[error("{host}: everything was done, and yet {problem}")]
    #[diagnostic(help(
        "something on the machine changes what is written there: find it, then run the same command again"
    ))]
    NotThere {
        /// The machine.
        host: String,
        /// What is missing.
        problem: String,
    },
    /// The unit does not come up.
    #[error("{unit} does not come up on {host}: {problem}{said}")]
    #[diagnostic(help("`journalctl -u {unit}` on {host} tells more; once it is mended, run the same command again"))]
    Unit {
        /// The machine.
        host: String,
        /// The unit.
        unit: String,
        /// What it does.
        problem: String,
        /// Its last words.
        said: Said,
    },
    /// The node does not become ready.
    #[error("{node} is not ready after {seconds} s, says {host}{said}")]
    #[diagnostic(help("once it is mended, run the same command again: it goes on from here"))]
    NotReady {
        /// The node.
        node: String,
        /// Who was asked.
        host: String,
        /// How long was waited.
        seconds: u64,
        /// What the API says of it.
        said: Said,
    },
}

impl WorkError {
    /// Whether trying the same step again may help: every step can be begun again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Host(error) | Self::Survey(SurveyError::Host(error)) => error.is_passing(),
            _ => false,
        }
    }
}

/// Works on the nodes of a site.
#[derive(Debug)]
pub struct NodeWork<'a> {
    /// The site.
    pub site: &'a Site,
    /// The distribution.
    pub distribution: &'a dyn Distribution,
    /// The machines, by their names.
    pub hosts: &'a BTreeMap<String, Arc<dyn Host>>,
    /// What each shall hold.
    pub wants: &'a BTreeMap<String, NodeWant>,
    /// The bundle.
    pub bundle: &'a VerifiedBundle,
    /// The site's server.
    pub server: &'a SiteServer,
    /// The file on nodes with the certificates that the server is known by.
    pub authority: String,
    /// A folder of the jump host for what has to be laid ready.
    pub scratch: &'a std::path::Path,
}

/// A node, with all that is known of it.
struct Place<'a> {
    node: &'a Node,
    host: &'a dyn Host,
    want: &'a NodeWant,
}

impl NodeWork<'_> {
    /// Does a step, and looks whether it is done. What came of it, for people.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn perform(&self, step: &Step) -> Result<String, WorkError> {
        let Some(place) = step.node.as_deref().and_then(|name| self.place(name)) else {
            return self.all_ready().await;
        };
        match step.kind {
            Kind::Packages => self.packages(&place).await,
            Kind::Release => self.bring(&place, Part::Release).await,
            Kind::Images => self.bring(&place, Part::Images).await,
            Kind::Configuration => self.bring(&place, Part::Configuration).await,
            Kind::Start => self.start(&place).await,
            // Neither is about a node.
            Kind::Ready | Kind::Component => self.all_ready().await,
        }
    }

    fn place(&self, name: &str) -> Option<Place<'_>> {
        let node = self.site.nodes.iter().find(|node| node.name.as_str() == name)?;
        Some(Place { node, host: self.hosts.get(name)?.as_ref(), want: self.wants.get(name)? })
    }

    async fn packages(&self, place: &Place<'_>) -> Result<String, WorkError> {
        if let Some(script) = &place.want.script {
            // The script holds a password, so it comes over the connection and is no argument.
            let command = Command::new("install packages", &["/bin/sh", "-s", "install"])
                .reading(Input::Bytes(script.0.clone()))
                .within(PACKAGES_PATIENCE);
            place.host.expect(&command).await?;
        }
        let survey = Survey::take(place.host, &place.want.packages_alone()).await?;
        let states = survey.packages.iter().zip(place.want.packages.keys());
        let missing = states.filter(|(state, _)| **state != PackageState::Same).map(|(_, name)| name.as_str());
        let missing: Vec<&str> = missing.collect();
        self.whole(place, &missing)?;
        Ok(format!("{} packages", place.want.packages.len()))
    }

    /// Brings the files of a part, those that are as they shall be left alone.
    async fn bring(&self, place: &Place<'_>, part: Part) -> Result<String, WorkError> {
        let want = place.want.part_alone(part);
        let lacking = lacking(place.host, &want).await?;
        if lacking.iter().any(|file| matches!(file.content, Content::Unpacked)) {
            self.unpack(place).await?;
        }
        for file in &lacking {
            match &file.content {
                Content::Unpacked => {}
                Content::Copied(from) => self.copy_of(place, from, file).await?,
                Content::Text(text) => {
                    files::put(place.host, &node_file(file), Input::Bytes(text.0.clone())).await?;
                }
                Content::Carried(carried) => self.fetch(place, &node_file(file), carried).await?,
            }
        }
        let brought = lacking.len();
        let still: Vec<&str> = self::lacking(place.host, &want).await?.iter().map(|file| file.path.as_str()).collect();
        self.whole(place, &still)?;
        Ok(format!("{} of {} files", brought, want.files.len()))
    }

    /// Copies a file of the release beside its last place, and renames it.
    async fn copy_of(&self, place: &Place<'_>, from: &str, file: &WantedFile) -> Result<(), WorkError> {
        let mode = format!("{:04o}", file.mode);
        let command = Command::script(format!("copy {from}"), COPY, &[from, &file.path, &mode]);
        place.host.expect(&command).await?;
        Ok(())
    }

    async fn unpack(&self, place: &Place<'_>) -> Result<(), WorkError> {
        let release = &place.want.release;
        let Some(prefix) = release.prefix else { return Ok(()) };
        let digest = &release.program.digest;
        let archive = NodeFile { path: ARCHIVE, mode: 0o600, owner: OWNER, digest };
        self.fetch(place, &archive, &release.program).await?;
        let command = Command::script("unpack the release", UNPACK, &[ARCHIVE, prefix]).within(PACKAGES_PATIENCE);
        place.host.expect(&command).await?;
        Ok(())
    }

    /// Has a node fetch what the bundle carries from the site's server; where it can't, it is sent.
    async fn fetch(&self, place: &Place<'_>, file: &NodeFile<'_>, carried: &Carried) -> Result<(), WorkError> {
        let path: Vec<String> = carried.path.split('/').map(registry::http::encode_segment).collect();
        let login = self.server.login.as_ref();
        let served = Served {
            url: format!("https://{}/files/{}", self.server.authority, path.join("/")),
            authority: Some(self.authority.clone()),
            login: login.map(|(user, password)| (user.clone(), Secret::new(password.clone()))),
        };
        if files::fetch(place.host, file, &served, carried.size).await?.is_none() {
            let copy = self.copy(place, carried)?;
            let content = Input::File { path: copy.path().to_owned(), offset: 0, length: carried.size };
            files::put(place.host, file, content).await?;
        }
        Ok(())
    }

    /// A copy of what the bundle carries, as it is sent over a connection. It goes with the value.
    fn copy(&self, place: &Place<'_>, carried: &Carried) -> Result<NamedTempFile, WorkError> {
        let copy = || -> std::io::Result<NamedTempFile> {
            let mut file = tempfile::Builder::new().prefix(".sent.").tempfile_in(self.scratch)?;
            let mut reader = self.bundle.read(&carried.digest).map_err(std::io::Error::other)?;
            std::io::copy(&mut reader, &mut file)?;
            Ok(file)
        };
        let (path, host) = (carried.path.clone(), place.host.name().to_owned());
        copy().map_err(|source| WorkError::Lay { path, host, source })
    }

    fn whole(&self, place: &Place<'_>, missing: &[&str]) -> Result<(), WorkError> {
        let Some(first) = missing.first() else { return Ok(()) };
        let others = if missing.len() == 1 { String::new() } else { format!(" and {} others", missing.len() - 1) };
        let problem = format!("`{first}`{others} is not as it shall be");
        Err(WorkError::NotThere { host: place.host.name().to_owned(), problem })
    }

    async fn start(&self, place: &Place<'_>) -> Result<String, WorkError> {
        if let Some(preparation) = self.distribution.preparation(self.site, place.node.role) {
            start::prepare(place.host, &preparation).await?;
        }
        start::start(place.host, place.want.unit).await?;
        // A server is asked itself: that shows that its own API has come up.
        let asked = if place.node.role == Role::Server { place.node } else { first_server(self.site) };
        let kubectl = self.distribution.kubectl(&data_folder(self.distribution, asked));
        if let Some(asked) = self.place(asked.name.as_str()) {
            let api = Api { host: asked.host, kubectl: &kubectl };
            start::wait_until_ready(api, place.node.name.as_str()).await?;
        }
        start::mark(place.host, &place.want.fingerprint(place.node).to_string()).await?;
        Ok("ready".into())
    }

    async fn all_ready(&self) -> Result<String, WorkError> {
        let server = first_server(self.site);
        let kubectl = self.distribution.kubectl(&data_folder(self.distribution, server));
        if let Some(place) = self.place(server.name.as_str()) {
            for node in &self.site.nodes {
                let api = Api { host: place.host, kubectl: &kubectl };
                start::wait_until_ready(api, node.name.as_str()).await?;
            }
        }
        Ok(format!("{} nodes", self.site.nodes.len()))
    }
}

/// The files of `want` that are not as they shall be.
async fn lacking<'w>(host: &dyn Host, want: &'w NodeWant) -> Result<Vec<&'w WantedFile>, WorkError> {
    let survey = Survey::take(host, want).await?;
    let states = want.files.iter().zip(survey.files);
    Ok(states.filter(|(_, state)| *state != FileState::Same).map(|(file, _)| file).collect())
}

fn node_file(file: &WantedFile) -> NodeFile<'_> {
    NodeFile { path: &file.path, mode: file.mode, owner: OWNER, digest: &file.digest }
}
