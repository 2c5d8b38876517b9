//! Asking the API server, by curl: with the certificate of whom this node is.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::children::output;

/// An API server, and as whom it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) server: String,
    /// Files: the authority, the certificate, its key.
    pub(crate) files: [String; 3],
}

impl Api {
    /// What it says, as text.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        let [authority, certificate, key] = &self.files;
        let url = format!("{}{path}", self.server);
        let files = ["--cacert", authority, "--cert", certificate, "--key", key];
        output(
            "curl",
            &[&["-sS", "--fail-with-body", "--noproxy", "*", "--max-time", "5"], &files[..], &[&url]].concat(),
        )
    }

    /// What it says, as JSON.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        serde_json::from_str(&self.text(path)?).with_context(|| format!("no JSON at {path}"))
    }
}
