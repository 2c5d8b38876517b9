//! The steps on nodes, done for real.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use manifests::bundle::VerifiedBundle;
use manifests::site::{Node, Role};
use manifests::{Digest, Site};
use tempfile::NamedTempFile;

use super::api::Api;
use super::error::WorkError;
use super::plan::{Kind, Step};
use super::start::{self, Until};
use super::survey::{FileState, PackageState, Survey};
use super::want::{Content, NodeWant, Part, WantedFile};
use super::{drain, join, kernel, marks, quorum, scratch, snapshot, time};
use crate::deploy::Deployed;
use crate::distribution::{Carried, Distribution, Joins, SiteServer, data_folder, first_server, join_token_path};
use crate::host::files::{self, NodeFile, Served};
use crate::host::{Command, Host, HostError, Input, Said};
use crate::secrets::Secret;

const UNPACK: &str = include_str!("unpack.sh");
/// The folder on a node for what is remembered there.
pub(super) const OURS: &str = "/var/lib/airgap-node";
const COPY: &str = include_str!("copy.sh");
const REMEMBER: &str = include_str!("remember.sh");
const CLEAR: &str = include_str!("clear.sh");
/// Where an archive waits on a node until it is unpacked.
const ARCHIVE: &str = "/var/lib/airgap-node/release.tar.gz";
/// Who owns what is laid out.
pub(super) const OWNER: &str = "root:root";
/// How many files a node is brought at a time, of each part.
const AT_ONCE: usize = 2;
/// How long the installation of packages may take: it waits for others, and disks are slow.
const PACKAGES_PATIENCE: Duration = Duration::from_secs(3600);

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
    /// What servers join by.
    pub token: &'a str,
    /// A folder of the jump host for what has to be laid ready.
    pub scratch: &'a std::path::Path,
    /// How long it may take to drain a node.
    pub drain_timeout: Duration,
}

/// What came of a step, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// It was done.
    Done(String),
    /// It was done, but somebody should look.
    Warned(String),
}

impl From<String> for Came {
    fn from(detail: String) -> Self {
        Self::Done(detail)
    }
}

impl From<Deployed> for Came {
    fn from(Deployed { said, beside }: Deployed) -> Self {
        if beside.is_empty() {
            return Self::Done(said);
        }
        Self::Warned(format!("{said}; of others in its namespaces and not up: {}", beside.join(", ")))
    }
}

/// A node, with all that is known of it.
struct Place<'a> {
    node: &'a Node,
    host: &'a dyn Host,
    want: &'a NodeWant,
}

impl NodeWork<'_> {
    /// Does a step, and looks whether it is done.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn perform(&self, step: &Step) -> Result<Came, WorkError> {
        match self.act(step).await {
            Err(WorkError::Host(error)) => Err(self.reason(error).await.into()),
            result => result,
        }
    }

    /// What stands behind an error: a machine that shuts down refuses things in any words, and may be back soon.
    async fn reason(&self, error: HostError) -> HostError {
        let HostError::Failed { host, what, .. } = &error else { return error };
        let Some(machine) = self.hosts.get(host) else { return error };
        if start::goes_down(machine.as_ref()).await {
            return HostError::GoesDown { host: host.clone(), what: what.clone() };
        }
        error
    }

    async fn act(&self, step: &Step) -> Result<Came, WorkError> {
        let Some(place) = step.node.as_deref().and_then(|name| self.place(name)) else {
            return self.all_ready().await.map(Came::Done);
        };
        let done = match step.kind {
            Kind::Packages => self.packages(&place).await,
            Kind::Kernel => self.kernel(&place).await,
            Kind::Time => self.time(&place).await,
            Kind::Release => self.bring(&place, Part::Release).await,
            Kind::Images => self.bring(&place, Part::Images).await,
            Kind::Configuration => self.bring(&place, Part::Configuration).await,
            Kind::Clear => self.clear(&place).await,
            Kind::Start => self.start(&place).await,
            Kind::Upgrade => self.upgrade(&place).await,
            // None is about a node, or done here.
            Kind::Watch | Kind::Withdraw | Kind::Ready | Kind::Component | Kind::Drop | Kind::Proof => {
                self.all_ready().await
            }
        };
        done.map(Came::Done)
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

    /// In force first, written then: what can't be loaded is tried again by the next run.
    async fn kernel(&self, place: &Place<'_>) -> Result<String, WorkError> {
        kernel::enforce(place.host, place.want).await?;
        self.bring(place, Part::Kernel).await
    }

    /// Brings the files of a part, those that are as they shall be left alone.
    async fn bring(&self, place: &Place<'_>, part: Part) -> Result<String, WorkError> {
        let want = place.want.part_alone(part);
        let lacking = lacking(place.host, &want).await?;
        let fetches = lacking.iter().any(|file| matches!(file.content, Content::Carried(_) | Content::Unpacked));
        let meet = async { if fetches { self.put_authority(place).await } else { Ok(()) } };
        tokio::try_join!(remember(place.host, &lacking), meet)?;
        if lacking.iter().any(|file| matches!(file.content, Content::Unpacked)) {
            self.unpack(place).await?;
        }
        // While one is read once more, another is on its way.
        let bring = async |file: &&WantedFile| self.bring_file(place, file).await;
        stream::iter(&lacking).map(Ok).try_for_each_concurrent(AT_ONCE, bring).await?;
        let (brought, all) = (lacking.len(), want.files.len());
        let rest = want.without_carried();
        if !rest.files.is_empty() {
            let still = self::lacking(place.host, &rest).await?;
            self.whole(place, &still.iter().map(|file| file.path.as_str()).collect::<Vec<_>>())?;
        }
        Ok(format!("{brought} of {all} files"))
    }

    async fn bring_file(&self, place: &Place<'_>, file: &WantedFile) -> Result<(), WorkError> {
        match &file.content {
            Content::Unpacked => {}
            Content::Copied(from) => self.copy_of(place, from, file).await?,
            Content::Text(text) => {
                files::put(place.host, &node_file(file), Input::Bytes(text.0.clone())).await?;
            }
            Content::Carried(carried) => self.fetch(place, &node_file(file), carried).await?,
        }
        Ok(())
    }

    /// In force first, as far as it can be told.
    async fn time(&self, place: &Place<'_>) -> Result<String, WorkError> {
        let want = place.want.part_alone(Part::Time);
        let lacking = lacking(place.host, &want).await?;
        remember(place.host, &lacking).await?;
        for file in &lacking {
            if let Content::Text(text) = &file.content {
                time::follow(place.host, &file.path, &text.0).await?;
            }
        }
        let still = self::lacking(place.host, &want).await?;
        self.whole(place, &still.iter().map(|file| file.path.as_str()).collect::<Vec<_>>())?;
        Ok("its clock follows the site's servers of time".into())
    }

    /// Removes what was brought once and nothing asks for any more.
    async fn clear(&self, place: &Place<'_>) -> Result<String, WorkError> {
        let nothing = place.want.nothing();
        let survey = Survey::take(place.host, &nothing).await?;
        let unwanted = survey.unwanted(place.want);
        for path in unwanted.iter().filter(|path| time::is_ours(path)) {
            time::follow(place.host, path, &[]).await?;
        }
        let paths: String = unwanted.iter().map(|path| format!("{path}\n")).collect();
        let clear = Command::script("remove what nothing asks for any more", CLEAR, &[]);
        place.host.expect(&clear.reading(Input::Bytes(Arc::from(paths.into_bytes())))).await?;
        let left = Survey::take(place.host, &nothing).await?;
        if let Some(path) = left.unwanted(place.want).first() {
            let problem = format!("`{path}` is still there");
            return Err(WorkError::NotThere { host: place.host.name().to_owned(), problem });
        }
        Ok(format!("removed: {}", unwanted.join(", ")))
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

    /// What the site's server is known by. It is part of the configuration, whose step may not have come to it yet.
    async fn put_authority(&self, place: &Place<'_>) -> Result<(), WorkError> {
        let trusted = self.server.trusted.as_bytes();
        if trusted.is_empty() {
            return Ok(());
        }
        let file = NodeFile { path: &self.authority, mode: 0o644, owner: OWNER, digest: &Digest::of(trusted) };
        files::put(place.host, &file, Input::Bytes(Arc::from(trusted))).await?;
        Ok(())
    }

    /// A copy of what the bundle carries, as it is sent over a connection. It goes with the value.
    fn copy(&self, place: &Place<'_>, carried: &Carried) -> Result<NamedTempFile, WorkError> {
        let (path, host) = (carried.path.clone(), place.host.name().to_owned());
        let copy = scratch::copy(self.scratch, self.bundle, &carried.digest);
        copy.map_err(|source| WorkError::Lay { path, host, source })
    }

    fn whole(&self, place: &Place<'_>, missing: &[&str]) -> Result<(), WorkError> {
        let Some(first) = missing.first() else { return Ok(()) };
        let others = if missing.len() == 1 { String::new() } else { format!(" and {} others", missing.len() - 1) };
        let problem = format!("`{first}`{others} is not as it shall be");
        Err(WorkError::NotThere { host: place.host.name().to_owned(), problem })
    }

    async fn upgrade(&self, place: &Place<'_>) -> Result<String, WorkError> {
        let name = place.node.name.as_str();
        let kubectl = self.kubectl(self.asked_about(place.node));
        let mut before = String::new();
        if name == first_server(self.site).name.as_str() && self.distribution.keeps_etcd(self.site) {
            let snapshot = snapshot::take(place.host, self.distribution, &place.want.version).await?;
            before = format!("; snapshot {snapshot} taken before");
        }
        // What it lacks to come back has to be missed before its pods go.
        self.make_joinable(place).await?;
        // Its pods would have nowhere to go.
        if self.site.nodes.len() > 1
            && let Some(api) = self.api(self.asked_about(place.node), &kubectl)
        {
            self.others_are_well(place.node).await?;
            drain::drain(api, name, self.drain_timeout).await?;
        }
        self.bring_up(place).await?;
        Ok(format!("ready with {}{before}", place.want.version))
    }

    async fn start(&self, place: &Place<'_>) -> Result<String, WorkError> {
        self.make_joinable(place).await?;
        self.bring_up(place).await?;
        Ok("ready".into())
    }

    async fn bring_up(&self, place: &Place<'_>) -> Result<(), WorkError> {
        if let Some(preparation) = self.distribution.preparation(self.site, place.node.role) {
            start::prepare(place.host, &preparation).await?;
        }
        self.others_are_well(place.node).await?;
        start::start(place.host, place.want.unit, &place.want.version).await?;
        let asked = self.asked_about(place.node);
        let kubectl = self.kubectl(asked);
        if let Some(api) = self.api(asked, &kubectl) {
            let name = place.node.name.as_str();
            start::wait(api, name, &place.want.version, self.until(place.node)).await?;
            if place.node.role == Role::Server {
                quorum::wait(api, None).await?;
            }
            drain::take_pods_again(api, name).await?;
            marks::set(api, place.node).await?;
        }
        start::mark(place.host, &place.want.fingerprint(place.node).to_string()).await
    }

    /// All nodes but the first server join it. Once they have, they know all servers.
    async fn make_joinable(&self, place: &Place<'_>) -> Result<(), WorkError> {
        let server = first_server(self.site);
        let Some(first) = self.place(server.name.as_str()).filter(|first| first.node.name != place.node.name) else {
            return Ok(());
        };
        if !start::was_brought_up(place.host).await? {
            let joins = Joins::of(self.site, self.distribution);
            join::reach_there(place.host, &self.site.network.endpoint, &joins).await?;
        }
        let folder = data_folder(self.distribution, first.node);
        let path = join_token_path(self.distribution);
        join::tell_token(place.host, place.node.role, first.host, (&folder, &path), self.token).await
    }

    /// The first server can't be ready before a component that brings its network; all others come behind that.
    fn until(&self, node: &Node) -> Until {
        let components = self.bundle.document().platform().map(|platform| &platform.components);
        let bootstrap = components.into_iter().flatten().flat_map(|one| &one.releases).any(|release| release.bootstrap);
        if bootstrap && node.name == first_server(self.site).name { Until::Known } else { Until::Ready }
    }

    /// Before a server is started, again or to join: all others have to be well, as far as there are any.
    async fn others_are_well(&self, node: &Node) -> Result<(), WorkError> {
        if node.role == Role::Agent || self.site.servers().count() < 2 {
            return Ok(());
        }
        // Where none has ever run there is nothing to lose.
        let started = self.started(self.site.servers().filter(|server| server.name != node.name)).await;
        let Some((first, _)) = started.first() else { return Ok(()) };
        let apis: Vec<_> = started.iter().filter_map(|(server, kubectl)| self.api(server, kubectl)).collect();
        if let Some(api) = quorum::answering(&apis).await {
            return quorum::wait(api, Some(node.name.as_str())).await.map(drop);
        }
        // Nobody answers. What does not run is no loss to the others.
        let Some(place) = self.place(node.name.as_str()) else { return Ok(()) };
        if start::runs(place.host, place.want.unit).await? {
            let (host, said) = (first.name.to_string(), Said::lines("no other server's API answers"));
            return Err(WorkError::Quorum { host, well: 0, all: self.site.servers().count(), said });
        }
        Ok(())
    }

    /// Those of these servers on which a distribution was brought up once, with the program that asks their API. One that can't
    /// be asked may be one.
    async fn started<'n>(&self, servers: impl Iterator<Item = &'n Node>) -> Vec<(&'n Node, Vec<String>)> {
        let mut started = Vec::new();
        for server in servers {
            let Some(host) = self.hosts.get(server.name.as_str()) else { continue };
            // One that was killed on its way up, or rather who waited for it, runs without a mark.
            let never = matches!(start::was_brought_up(host.as_ref()).await, Ok(false))
                && matches!(start::runs(host.as_ref(), self.distribution.unit(Role::Server)).await, Ok(false));
            if !never {
                started.push((server, self.kubectl(server)));
            }
        }
        started
    }

    async fn all_ready(&self) -> Result<String, WorkError> {
        let server = first_server(self.site);
        let kubectl = self.kubectl(server);
        if let Some(api) = self.api(server, &kubectl) {
            for place in self.site.nodes.iter().filter_map(|node| self.place(node.name.as_str())) {
                start::wait(api, place.node.name.as_str(), &place.want.version, Until::Ready).await?;
            }
        }
        Ok(format!("{} nodes", self.site.nodes.len()))
    }

    /// The server that is asked about a node. A server is asked itself: that shows that its own API has come up.
    fn asked_about<'n>(&'n self, node: &'n Node) -> &'n Node {
        if node.role == Role::Server { node } else { first_server(self.site) }
    }

    fn kubectl(&self, server: &Node) -> Vec<String> {
        self.distribution.kubectl(&data_folder(self.distribution, server))
    }

    fn api<'k>(&'k self, server: &Node, kubectl: &'k [String]) -> Option<Api<'k>> {
        Some(Api { host: self.hosts.get(server.name.as_str())?.as_ref(), kubectl })
    }
}

/// Writes down on a node what will be brought. Whoever takes everything off again knows by it what is ours.
async fn remember(host: &dyn Host, files: &[&WantedFile]) -> Result<(), WorkError> {
    if files.is_empty() {
        return Ok(());
    }
    let paths: String = files.iter().map(|file| format!("{}\n", file.path)).collect();
    let command = Command::script("remember what is brought", REMEMBER, &[]);
    host.expect(&command.reading(Input::Bytes(Arc::from(paths.into_bytes())))).await?;
    Ok(())
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
