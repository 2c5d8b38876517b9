//! What kind of system a node is, as far as it decides what is brought there.

use super::time::TimeService;
use crate::host::{Command, Host, HostError};

/// The architecture as Debian names it, the code name of the release, and what keeps the clock.
const ASK: &str = r#"dpkg --print-architecture 2>/dev/null ||
case $(uname -m) in x86_64) echo amd64 ;; aarch64) echo arm64 ;; *) uname -m ;; esac
VERSION_CODENAME=
. /etc/os-release
printf '%s\n' "$VERSION_CODENAME"
time=none
there() { systemctl cat "$1" >/dev/null 2>&1; }
! there systemd-timesyncd.service || time=timesyncd
if there chrony.service; then
    time='chrony without sourcedir'
    ! grep -Eqs '^[[:space:]]*sourcedir[[:space:]]+/etc/chrony/sources\.d' /etc/chrony/chrony.conf || time=chrony
fi
for other in ntp ntpd ntpsec openntpd; do
    ! systemctl is-active --quiet "$other.service" || time=$other
done
echo "$time""#;

/// What kind of system a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Its architecture, as Debian names it.
    pub architecture: String,
    /// The code name of its release; empty where it has none.
    pub series: String,
    /// What keeps its clock.
    pub time: TimeService,
}

impl System {
    /// Asks a node.
    ///
    /// # Errors
    /// [`HostError`].
    pub async fn ask(host: &dyn Host) -> Result<Self, HostError> {
        let said = host.expect(&Command::script("say what system it is", ASK, &[])).await?;
        let mut lines = said.lines().map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        Ok(Self { architecture: next(), series: next(), time: TimeService::parse(&next()) })
    }
}
