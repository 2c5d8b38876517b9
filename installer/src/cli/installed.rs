//! What is being served, where, and how clients find it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use airgap_console::ByteSize;
use manifests::bundle::VerifiedBundle;
use manifests::signature::Signer;
use serde::Serialize;

use crate::event::BundleId;
use crate::plan::{Plan, ServeAs};
use crate::service::{self, Wish};
use crate::snippets::{Client, Endpoint, Examples, render};

/// What came of an installation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    schema_version: u32,
    bundle: BundleId,
    generation: u32,
    /// Whether this run changed anything.
    changed: bool,
    signers: Vec<Signer>,
    images: usize,
    charts: usize,
    files: usize,
    /// Packages of operating systems, dependencies among them.
    packages: usize,
    /// Packages of repositories that are carried whole.
    mirrored: u64,
    /// The series that they are for.
    #[serde(skip)]
    series: Vec<String>,
    /// Bytes.
    content_size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
    /// The cluster that the nodes have become, where a site was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<Cluster>,
    snippets: BTreeMap<&'static str, String>,
    #[serde(skip)]
    examples: Examples,
}

/// A cluster that was made, or found to be as it shall be.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cluster {
    /// Whether this run changed anything of it.
    pub(super) changed: bool,
    /// How its API is reached, as administrator.
    pub(super) kubeconfig: PathBuf,
}

/// Where the server is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Server {
    url: String,
    serve_as: ServeAs,
    ca: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<PathBuf>,
    #[serde(skip)]
    endpoint: Endpoint,
}

impl Report {
    pub(super) fn new(bundle: &VerifiedBundle, plan: &Plan, wish: &Wish, state: &Path) -> Self {
        let document = bundle.document();
        let examples = Examples::of(document);
        let packages = || document.items.iter().filter_map(|item| item.as_packages());
        let server = (wish.serve != ServeAs::Nothing).then(|| {
            let endpoint = service::endpoint(state, &wish.settings);
            Server {
                url: endpoint.url(),
                serve_as: wish.serve,
                ca: endpoint.authority_file.clone(),
                credentials: endpoint.login.is_some().then(|| service::credentials_file(state)),
                endpoint,
            }
        });
        let snippet = |server: &Server| {
            let clients = Client::of_use(&examples);
            clients.map(|client| (client.name(), render(client, &server.endpoint, &examples))).collect()
        };
        Self {
            schema_version: 1,
            bundle: plan.bundle.clone(),
            generation: plan.generation,
            changed: plan.changes_anything(),
            signers: bundle.signers().to_vec(),
            images: document.items.iter().filter(|item| item.as_image().is_some()).count(),
            charts: document.items.iter().filter(|item| item.as_chart().is_some()).count(),
            files: document.items.iter().filter_map(|item| item.as_files()).map(|set| set.files.len()).sum(),
            packages: packages().map(|set| set.packages.len()).sum(),
            mirrored: document.items.iter().filter_map(|item| item.as_mirror()).map(|mirror| mirror.packages).sum(),
            series: packages().map(|set| set.series.to_string()).collect(),
            content_size: document.content_size(),
            snippets: server.as_ref().map(snippet).unwrap_or_default(),
            cluster: None,
            server,
            examples,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BundleId { name, version, .. } = &self.bundle;
        let mut holds = vec![count(self.images, "image"), count(self.charts, "chart"), count(self.files, "file")];
        if self.packages > 0 {
            holds.push(count(self.packages, "package"));
        }
        if self.mirrored > 0 {
            holds
                .push(format!("{} in mirrors", count(usize::try_from(self.mirrored).unwrap_or(usize::MAX), "package")));
        }
        let (holds, size) = (holds.join(", "), ByteSize(self.content_size));
        writeln!(f, "{name} {version} is generation {}: {holds}, {size}.", self.generation)?;
        for signer in &self.signers {
            writeln!(f, "Signed by {} ({}).", signer.principal, signer.fingerprint)?;
        }
        let Some(server) = &self.server else { return f.write_str("It is not being served: --no-serve.\n") };
        writeln!(f, "Served at {}", server.url)?;
        writeln!(f, "  CA           {}", server.ca.display())?;
        match &server.credentials {
            Some(file) => writeln!(f, "  credentials  {}", file.display())?,
            None => writeln!(f, "  credentials  none: everybody may pull")?,
        }
        f.write_char('\n')?;
        for client in Client::of_use(&self.examples) {
            writeln!(f, "# {}\n{}", client.title(), render(client, &server.endpoint, &self.examples))?;
        }
        for series in &self.series {
            writeln!(
                f,
                "# packages on nodes\nairgap-install packages install-script --series {series} --stack {name}\n"
            )?;
        }
        if let Some(cluster) = &self.cluster {
            let kubeconfig = cluster.kubeconfig.display();
            writeln!(f, "# kubectl\nkubectl --kubeconfig {kubeconfig} get pods --all-namespaces\n")?;
        }
        match &server.credentials {
            Some(_) => writeln!(f, "`airgap-install snippets` shows these with the password."),
            None => Ok(()),
        }
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
