use super::html::Page;
use crate::content::{Content, Source};
use crate::http::{Gauges, Response};

/// What the status page tells besides the content.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// How clients reach the server: `https://jump.example:5000`.
    pub(crate) url: String,
    /// Whether clients have to say who they are.
    pub(crate) authenticated: bool,
}

/// The status page: what is served, and how to use it.
pub(crate) fn page(content: &Content, about: &About, gauges: &Gauges) -> Response {
    let mut page = Page::new("airgap site server");
    page.table(
        ["", ""],
        [
            ["address".to_owned(), about.url.clone()],
            ["version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()],
            ["open connections".to_owned(), gauges.connections().to_string()],
            ["repositories".to_owned(), content.repositories.len().to_string()],
        ],
    );
    let problems = content.tell_problems();
    if !problems.is_empty() {
        page.heading("Problems");
        page.list(problems.iter().map(String::as_str));
        page.paragraph(
            "airgap-install verify reads all that is held; installing a bundle again replaces a damaged one.",
        );
    }
    page.heading("Bundles");
    let head = ["generation", "name", "version", "signed by", "bundle.json"];
    page.table(head, content.sources.iter().map(|source| bundle_row(source)));
    page.heading("Images and artifacts");
    let tags = |repository: &crate::content::Repository| {
        let tags: Vec<&str> = repository.tags.keys().map(String::as_str).collect();
        if tags.is_empty() { "(by digest)".to_owned() } else { tags.join(" ") }
    };
    page.table(["repository", "tags"], content.repositories.iter().map(|(name, it)| [name.clone(), tags(it)]));
    let repositories = super::git::clone_paths(content);
    if !repositories.is_empty() {
        page.heading("Git repositories");
        let row = |(path, from): (String, Option<&str>)| {
            [format!("{}{path}", about.url), from.unwrap_or_default().to_owned()]
        };
        page.table(["clone", "from"], repositories.into_iter().map(row));
        page.paragraph("`airgap-install snippets git`, run on the server, says what clients need.");
    }
    page.heading("Charts, packages and files");
    let places = ["charts/", "apt/", "files/", "metrics"].map(|place| (place.to_owned(), place));
    page.links(places.into_iter().chain([("ca.crt".to_owned(), "ca.crt (the site's CA)")]));
    usage(&mut page, content, about);
    page.finish()
}

fn bundle_row(source: &Source) -> [String; 5] {
    let document = source.bundle().document();
    let signers: Vec<&str> = match source.receipt() {
        Some(receipt) => receipt.signers.iter().map(|signer| signer.principal.as_str()).collect(),
        None => source.bundle().signers().iter().map(|signer| signer.principal.as_str()).collect(),
    };
    [
        source.number().map_or("in place".to_owned(), |number| number.to_string()),
        document.name.to_string(),
        document.version.to_string(),
        signers.join(", "),
        source.bundle().document_digest().to_string(),
    ]
}

fn usage(page: &mut Page, content: &Content, about: &About) {
    let url = &about.url;
    let mut registries: Vec<&str> =
        content.repositories.keys().filter_map(|name| Some(name.split_once('/')?.0)).collect();
    registries.dedup();
    page.heading("containerd");
    let registry = registries.iter().find(|registry| **registry != "bundle.local").copied().unwrap_or("docker.io");
    page.paragraph("One file for each registry; images keep their names.");
    let mut hosts = format!(
        "# /etc/containerd/certs.d/{registry}/hosts.toml\nserver = \"{url}\"\n[host.\"{url}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = \"/etc/airgap/ca.crt\"\n"
    );
    if about.authenticated {
        page.paragraph(
            "`airgap-install snippets containerd`, run on the server, prints such a file with the password in it.",
        );
        hosts
            .push_str(&format!("  [host.\"{url}\".header]\n    authorization = \"Basic <base64 of USER:PASSWORD>\"\n"));
    }
    page.code(&hosts);
    page.heading("Helm");
    let user = if about.authenticated { " --username USER --password PASSWORD" } else { "" };
    page.code(&format!("helm repo add site {url}/charts --ca-file ca.crt{user}\nhelm search repo site\n"));
    page.heading("curl");
    let user = if about.authenticated { " -u USER" } else { "" };
    page.code(&format!("curl --cacert ca.crt{user} {url}/v2/_catalog\n"));
}
