//! `<state>/site.json`: how the server shall be. What a later run doesn't say again stays as it was.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use registry::store::{StoreError, write_atomically};
use serde::{Deserialize, Serialize};

/// The settings' name in the state directory.
const FILE_NAME: &str = "site.json";

/// Where the server listens, under which names, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The names and addresses that clients use, beside the machine's own. The first stands in the snippets.
    pub addresses: Vec<String>,
    /// Where packages are served over plain HTTP besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_packages: Option<SocketAddr>,
    /// Whether everybody may pull.
    pub anonymous: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: ([0, 0, 0, 0], 5000).into(), addresses: Vec::new(), plain_packages: None, anonymous: false }
    }
}

impl Settings {
    /// What the site remembers; nothing before the first installation.
    ///
    /// # Errors
    /// [`StoreError`] when it is there and can't be read.
    pub fn load(state: &Path) -> Result<Option<Self>, StoreError> {
        let path = state.join(FILE_NAME);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|source| StoreError::Format { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::Io { action: "read", path, source }),
        }
    }

    /// Remembers it.
    pub(super) fn save(&self, state: &Path) -> Result<(), StoreError> {
        let path = state.join(FILE_NAME);
        let text = serde_json::to_string_pretty(self).map_err(|source| StoreError::Io {
            action: "write",
            path: path.clone(),
            source: source.into(),
        })?;
        write_atomically(&path, format!("{text}\n").as_bytes(), 0o644)
    }
}
