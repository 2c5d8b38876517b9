//! The clients, one function each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Endpoint, Examples, Login, Password, git};

/// A program that can be pointed at the site's server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Client {
    /// containerd: hosts.toml for every registry
    Containerd,
    /// RKE2, and by the name of k3s too: registries.yaml
    #[value(alias = "k3s")]
    Rke2,
    /// helm: charts as OCI artifacts and as a chart repository
    Helm,
    /// curl: files
    Curl,
    /// skopeo: images
    Skopeo,
    /// git: its configuration, by which URLs from outside lead to the site
    Git,
    /// Argo CD: who it is towards git repositories of the site, and whom it believes
    ArgoCd,
    /// Flux: the same
    Flux,
}

impl Client {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 8] =
        [Self::Containerd, Self::Rke2, Self::Helm, Self::Curl, Self::Skopeo, Self::Git, Self::ArgoCd, Self::Flux];

    /// Those that have any use for what there is.
    pub fn of_use(examples: &Examples) -> impl Iterator<Item = Self> {
        let has_git = !examples.repositories.is_empty();
        let is_for_git = |client: &Self| matches!(client, Self::Git | Self::ArgoCd | Self::Flux);
        Self::ALL.into_iter().filter(move |client| has_git || !is_for_git(client))
    }

    /// Its name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Rke2 => "rke2",
            Self::Helm => "helm",
            Self::Curl => "curl",
            Self::Skopeo => "skopeo",
            Self::Git => "git",
            Self::ArgoCd => "argo-cd",
            Self::Flux => "flux",
        }
    }

    /// The heading of its snippet.
    pub fn title(self) -> &'static str {
        match self {
            Self::Containerd => "containerd: /etc/containerd/certs.d/_default/hosts.toml",
            Self::Rke2 => "RKE2: /etc/rancher/rke2/registries.yaml; k3s: /etc/rancher/k3s/registries.yaml",
            Self::Helm => "helm",
            Self::Curl => "curl",
            Self::Skopeo => "skopeo",
            Self::Git => "git: ~/.gitconfig, or /etc/gitconfig for all users of a machine",
            Self::ArgoCd => "Argo CD",
            Self::Flux => "Flux: the Secret for secretRef of a GitRepository",
        }
    }
}

/// What to write or run for `client`.
pub fn render(client: Client, endpoint: &Endpoint, examples: &Examples) -> String {
    match client {
        Client::Containerd => containerd(endpoint),
        Client::Rke2 => rke2(endpoint),
        Client::Helm => helm(endpoint, examples),
        Client::Curl => curl(endpoint, examples),
        Client::Skopeo => skopeo(endpoint, examples),
        Client::Git => git::configuration(endpoint, examples),
        Client::ArgoCd => git::argo_cd(endpoint, examples),
        Client::Flux => git::flux(endpoint),
    }
}

/// `_default` covers every registry. containerd adds `?ns=<registry>` itself.
fn containerd(endpoint: &Endpoint) -> String {
    let url = endpoint.url();
    let mut text = format!(
        "# needs config_path = \"/etc/containerd/certs.d\" in config.toml\n\
         # the CA: copy {ca} to /etc/containerd/certs.d/airgap-ca.crt\n\
         [host.\"{url}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = \"/etc/containerd/certs.d/airgap-ca.crt\"\n",
        ca = endpoint.authority_file.display(),
    );
    if let Some(login) = &endpoint.login {
        text.push_str(&format!("  [host.\"{url}\".header]\n    authorization = \"Basic {}\"\n", basic(login)));
    }
    text
}

/// The value behind `Basic`.
pub(super) fn basic(login: &Login) -> String {
    match &login.password {
        Password::Shown(password) => STANDARD.encode(format!("{}:{password}", login.user)),
        hidden @ (Password::In(_) | Password::Unknown) => format!("<base64 of {}:{hidden}>", login.user),
    }
}

fn rke2(endpoint: &Endpoint) -> String {
    let Endpoint { authority, authority_file, login } = endpoint;
    let mut text = format!(
        "# the CA: copy {ca} to /etc/rancher/airgap-ca.crt\n\
         mirrors:\n  \"*\":\n    endpoint:\n      - \"https://{authority}\"\n\
         configs:\n  \"{authority}\":\n    tls:\n      ca_file: /etc/rancher/airgap-ca.crt\n",
        ca = authority_file.display(),
    );
    if let Some(login) = login {
        text.push_str(&format!(
            "    auth:\n      username: \"{}\"\n      password: \"{}\"\n",
            login.user, login.password
        ));
    }
    text
}

fn helm(endpoint: &Endpoint, examples: &Examples) -> String {
    let Endpoint { authority, authority_file, login } = endpoint;
    let ca = authority_file.display();
    let user = login.as_ref().map_or_else(String::new, |login| {
        format!(" --username {} --password {}", login.user, shell_word(&login.password))
    });
    let mut text = format!("helm repo add airgap https://{authority}/charts --ca-file {ca}{user}\n");
    if !user.is_empty() {
        text.push_str(&format!("helm registry login {authority} --ca-file {ca}{user}\n"));
    }
    let (chart, version) = example_chart(examples);
    text.push_str(&format!("helm pull oci://{authority}/{chart} --version {version} --ca-file {ca}\n"));
    text
}

fn example_chart(examples: &Examples) -> (&str, &str) {
    match &examples.chart {
        Some((chart, version)) => (chart, version),
        None => ("<registry>/<path>/<chart>", "<version>"),
    }
}

fn curl(endpoint: &Endpoint, examples: &Examples) -> String {
    let Endpoint { authority, authority_file, login } = endpoint;
    let ca = authority_file.display();
    let user = login
        .as_ref()
        .map_or_else(String::new, |login| format!(" --user {}:{}", login.user, shell_word(&login.password)));
    let file = examples.file.as_deref().unwrap_or("<component>/<path>");
    format!("curl --fail --remote-name --cacert {ca}{user} 'https://{authority}/files/{file}'\n")
}

fn skopeo(endpoint: &Endpoint, examples: &Examples) -> String {
    let Endpoint { authority, authority_file, login } = endpoint;
    let ca = authority_file.display();
    let folder = format!("/etc/containers/certs.d/{authority}");
    let user = login
        .as_ref()
        .map_or_else(String::new, |login| format!(" --creds {}:{}", login.user, shell_word(&login.password)));
    let image = examples.image.as_deref().unwrap_or("docker.io/<path>:<tag>");
    format!(
        "install -D -m 644 {ca} {folder}/ca.crt\n\
         skopeo inspect --raw{user} docker://{authority}/{image}\n"
    )
}

/// A password in a command line: read from its file where it is not to be shown.
pub(super) fn shell_word(password: &Password) -> String {
    match password {
        Password::Shown(password) => in_quotes(password),
        Password::In(file) => format!("\"$(sed -n s/^password=//p {})\"", file.display()),
        Password::Unknown => format!("'{password}'"),
    }
}

/// A text as one word of a shell.
pub(super) fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use manifests::document::other_names;

    use super::*;

    fn all(password: Option<Password>) -> String {
        let endpoint = Endpoint {
            authority: "10.0.0.1:5000".into(),
            authority_file: "/var/lib/airgap/ca.crt".into(),
            login: password.map(|password| Login { user: "airgap".into(), password }),
        };
        let examples = Examples {
            image: Some("docker.io/library/nginx:1.27".into()),
            chart: Some(("ghcr.io/charts/podinfo".into(), "6.7.1".into())),
            file: Some("tools/kubectl".into()),
            repositories: vec![
                ("/git/gitops/apps.git".into(), other_names("https://git.example.org/team/apps.git")),
                ("/git/gitops/local.git".into(), Vec::new()),
            ],
        };
        Client::ALL.map(|client| format!("# {}\n{}", client.title(), render(client, &endpoint, &examples))).join("\n")
    }

    #[test]
    fn snippets_with_the_password_shown() {
        insta::assert_snapshot!(all(Some(Password::Shown("s3cret".into()))));
    }

    #[test]
    fn snippets_with_the_password_kept_in_its_file() {
        let text = all(Some(Password::In("/var/lib/airgap/password".into())));
        assert!(!text.contains("s3cret"));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn snippets_for_a_server_that_asks_nobody() {
        insta::assert_snapshot!(all(None));
    }
}
