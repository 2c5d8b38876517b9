//! What kind of system a node is, as far as it decides what is brought there.

use crate::host::{Command, Host, HostError};

/// The architecture as Debian names it, and the code name of the release.
const ASK: &str = r#"dpkg --print-architecture 2>/dev/null ||
case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac
VERSION_CODENAME=
. /etc/os-release
printf '%s\n' "$VERSION_CODENAME""#;

/// What kind of system a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Its architecture, as Debian names it.
    pub architecture: String,
    /// The code name of its release; empty where it has none.
    pub series: String,
}

impl System {
    /// Asks a node.
    ///
    /// # Errors
    /// [`HostError`].
    pub async fn ask(host: &dyn Host) -> Result<Self, HostError> {
        let said = host.expect(&Command::script("say what system it is", ASK, &[])).await?;
        let mut lines = said.lines().map(str::to_owned);
        Ok(Self { architecture: lines.next().unwrap_or_default(), series: lines.next().unwrap_or_default() })
    }
}
