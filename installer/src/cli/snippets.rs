//! `snippets`.

use std::path::Path;

use airgap_console::output::print;
use registry::site::Credentials;
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

impl SnippetsArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        let settings = Settings::load(state)?.ok_or_else(|| NothingServed::of(state))?;
        let mut endpoint = service::endpoint(state, &settings);
        if endpoint.login.is_some() && !self.hide_password {
            endpoint.login = Credentials::load_or_create(state)?
                .map(|credentials| Login { user: credentials.user, password: Password::Shown(credentials.password) });
        }
        let examples = Store::at(state).list()?.last().and_then(|generation| generation.open().ok());
        let examples = examples.map(|bundle| Examples::of(bundle.document())).unwrap_or_default();
        let text = match self.client {
            Some(client) => render(client, &endpoint, &examples),
            None => Client::ALL
                .map(|client| format!("# {}\n{}", client.title(), render(client, &endpoint, &examples)))
                .join("\n"),
        };
        print(&text)
    }
}
