//! `snippets`.

use std::path::{Path, PathBuf};

use airgap_console::output::print;
use manifests::bundle::VerifiedBundle;
use registry::site::{Credentials, SiteError};
use registry::store::Store;

use crate::service::{self, Settings};
use crate::snippets::{Client, Examples, Login, Password, render};

/// Show what to write on a client, credentials and all
#[derive(Debug, clap::Args)]
pub(super) struct SnippetsArgs {
    /// One client only, without headings: what is printed can be written to its file
    #[arg(value_enum)]
    client: Option<Client>,
    /// Leave the password in its file
    #[arg(long)]
    hide_password: bool,
}

/// Nothing was installed yet.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{state}` serves nothing")]
#[diagnostic(help("install a bundle first: airgap-install --bundle FILE"))]
pub(super) struct NothingServed {
    state: String,
}

impl NothingServed {
    pub(super) fn of(state: &Path) -> Self {
        Self { state: state.display().to_string() }
    }
}

/// The password is for others' eyes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("can't read the password, which clients need, in `{}`", path.display())]
#[diagnostic(help(
    "run the command as root; `airgap-install snippets --hide-password` leaves the password in its file"
))]
pub(super) struct NoPassword {
    path: PathBuf,
    #[source]
    source: SiteError,
}

/// What was generated for clients to log in with, if anything was.
pub(super) fn credentials(state: &Path) -> Result<Option<Credentials>, NoPassword> {
    Credentials::load(state).map_err(|source| NoPassword { path: service::credentials_file(state), source })
}

/// How a client logs in. Whom an operator's own `htpasswd` lets in is for the operator to say.
fn login(state: &Path) -> Result<Login, NoPassword> {
    Ok(match credentials(state)? {
        Some(Credentials { user, password, .. }) => Login { user, password: Password::Shown(password) },
        None => Login { user: "USER".to_owned(), password: Password::Unknown },
    })
}

impl SnippetsArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let settings = Settings::load(state)?.ok_or_else(|| NothingServed::of(state))?;
        let mut endpoint = service::endpoint(state, &settings);
        if endpoint.login.is_some() && !self.hide_password {
            endpoint.login = Some(login(state)?);
        }
        let generations = Store::at(state).list()?;
        let bundles: Vec<_> = generations.iter().rev().filter_map(|generation| generation.open().ok()).collect();
        let examples = Examples::of_all(bundles.iter().map(VerifiedBundle::document));
        let text = match self.client {
            Some(client) => render(client, &endpoint, &examples),
            None => Client::of_use(&examples)
                .map(|client| format!("# {}\n{}", client.title(), render(client, &endpoint, &examples)))
                .collect::<Vec<_>>()
                .join("\n"),
        };
        print(&text)
    }
}
