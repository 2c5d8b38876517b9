//! What kind of system a node is, as far as it decides what is brought there.

use std::net::IpAddr;

use super::time::TimeService;
use crate::distribution::Interface;
use crate::host::{Command, Host, HostError};

/// The architecture as Debian names it, the code name of the release, what keeps the clock, the network interface that has the
/// address which is given, and that of the default route.
const ASK: &str = r#"PATH=$PATH:/usr/sbin:/sbin
dpkg --print-architecture 2>/dev/null ||
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
echo "$time"
family=-4
case $1 in *:*) family=-6 ;; esac
echo "$(ip -o address show to "$1" 2>/dev/null | sed -n 's/^[0-9]*: *\([^ @]*\).*/\1/p' | head -n 1)"
echo "$(ip $family route show default 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)""#;

/// What kind of system a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Its architecture, as Debian names it.
    pub architecture: String,
    /// The code name of its release; empty where it has none.
    pub series: String,
    /// What keeps its clock.
    pub time: TimeService,
    /// The network interface that has its address, where one has it.
    pub interface: Option<Interface>,
}

impl System {
    /// Asks a node that has `address`.
    ///
    /// # Errors
    /// [`HostError`].
    pub async fn ask(host: &dyn Host, address: IpAddr) -> Result<Self, HostError> {
        let said = host.expect(&Command::script("say what system it is", ASK, &[&address.to_string()])).await?;
        let mut lines = said.lines().map(str::to_owned);
        let mut next = || lines.next().unwrap_or_default();
        let (architecture, series, time) = (next(), next(), TimeService::parse(&next()));
        let (name, default) = (next(), next());
        let interface = (!name.is_empty()).then(|| Interface { is_default: name == default, name });
        Ok(Self { architecture, series, time, interface })
    }
}
