//! Remedies that the installer can apply: those that can do no harm, can be applied twice, and can be taken back.

use super::kernel::{MODULES, SYSCTLS};
use super::{Check, Seen};
use crate::facts::Module;
use crate::host::{Command, Host, HostError};

/// A remedy that the installer can apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fix {
    /// Loads the modules that can be loaded; `/etc/modules-load.d/airgap.conf` keeps them.
    Modules,
    /// Sets the parameters that are too low; `/etc/sysctl.d/90-airgap.conf` keeps them.
    Sysctls,
    /// Ends swapping where memory has the room, and comments it out in `/etc/fstab`.
    Swap,
    /// Makes a default route that leads nowhere; `airgap-default-route.service` keeps it.
    DefaultRoute,
}

/// A remedy as it is applied to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The check that asks for it.
    pub check: &'static str,
    /// What it is.
    pub fix: Fix,
    /// The modules, or the settings.
    pub arguments: Vec<String>,
}

impl Fix {
    /// What it does, as it is announced.
    pub fn what(self) -> &'static str {
        match self {
            Self::Modules => "load modules of the kernel, now and from /etc/modules-load.d/airgap.conf at every boot",
            Self::Sysctls => "set parameters of the kernel, now and from /etc/sysctl.d/90-airgap.conf at every boot",
            Self::Swap => "end swapping, now and by a comment in /etc/fstab for every boot",
            Self::DefaultRoute => "make a default route that leads nowhere, by airgap-default-route.service",
        }
    }

    /// How it is taken back.
    pub fn undo(self) -> &'static str {
        match self {
            Self::Modules => "remove /etc/modules-load.d/airgap.conf",
            Self::Sysctls => "remove /etc/sysctl.d/90-airgap.conf and reboot",
            Self::Swap => "remove the comment from /etc/fstab and run `swapon -a`",
            Self::DefaultRoute => {
                "run `systemctl disable --now airgap-default-route.service` and remove it from /etc/systemd/system"
            }
        }
    }

    fn script(self) -> &'static str {
        match self {
            Self::Modules => include_str!("fix/modules.sh"),
            Self::Sysctls => include_str!("fix/sysctls.sh"),
            Self::Swap => include_str!("fix/swap.sh"),
            Self::DefaultRoute => include_str!("fix/route.sh"),
        }
    }
}

impl Remedy {
    /// What the installer can do on a node about a check that it did not pass. None where that is nothing.
    pub fn of(check: &Check, seen: &Seen<'_>) -> Option<Self> {
        let fix = check.fix?;
        let kernel = &seen.facts.kernel;
        let arguments: Vec<String> = match fix {
            Fix::Modules => {
                let loadable = |name: &&str| kernel.modules.get(*name) == Some(&Module::Loadable);
                MODULES.into_iter().filter(loadable).map(str::to_owned).collect()
            }
            Fix::Sysctls => {
                let low = |name: &str, least| {
                    kernel
                        .sysctls
                        .get(name)
                        .and_then(|value| value.parse::<u64>().ok())
                        .is_some_and(|value| value < least)
                };
                SYSCTLS
                    .iter()
                    .filter(|(name, least)| low(name, *least))
                    .map(|(name, least)| format!("{name}={least}"))
                    .collect()
            }
            Fix::Swap => Vec::new(),
            // The route is one of IPv4.
            Fix::DefaultRoute if seen.node.address.is_ipv6() => return None,
            Fix::DefaultRoute => Vec::new(),
        };
        let nothing = matches!(fix, Fix::Modules | Fix::Sysctls) && arguments.is_empty();
        (!nothing).then_some(Self { check: check.id, fix, arguments })
    }

    /// Applies it and returns what it changed, which is nothing the second time.
    ///
    /// # Errors
    /// As [`Host::run`], and with the node's own words when it fails.
    pub async fn apply(&self, host: &dyn Host) -> Result<Vec<String>, HostError> {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let said = host.expect(&Command::script(self.fix.what(), self.fix.script(), &arguments)).await?;
        Ok(said.lines().map(str::to_owned).collect())
    }
}
