//! The systemd unit that runs the server.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The unit's name.
pub const UNIT: &str = "airgap-registry.service";

/// The service: it starts at boot, comes back when it dies, and may do nothing but serve.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The `airgap-registry` binary: an absolute path.
    pub binary: PathBuf,
    /// The site's state folder: an absolute path.
    pub state: PathBuf,
    /// The addresses to listen on.
    pub listen: Vec<SocketAddr>,
    /// The addresses to serve packages on over plain HTTP.
    pub plain_packages: Vec<SocketAddr>,
    /// The user and group that it runs as.
    pub user: String,
    /// More arguments of `serve`.
    pub arguments: Vec<String>,
}

impl Unit {
    /// The unit file's text.
    pub fn text(&self) -> String {
        let state = quote(&self.state.to_string_lossy());
        let mut command = format!("{} serve --state {state}", quote(&self.binary.to_string_lossy()));
        for address in &self.listen {
            let _ = write!(command, " --listen {address}");
        }
        for address in &self.plain_packages {
            let _ = write!(command, " --plain-packages {address}");
        }
        for argument in &self.arguments {
            let _ = write!(command, " {}", quote(argument));
        }
        let privileged =
            self.listen.iter().chain(&self.plain_packages).any(|address| (1..1024).contains(&address.port()));
        let capabilities = if privileged {
            "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE"
        } else {
            "CapabilityBoundingSet=\nAmbientCapabilities="
        };
        format!(
            "# Written by airgap-install. Changes belong into a drop-in: systemctl edit {UNIT}\n\
             {HEAD}\
             User={user}\nGroup={user}\nExecStart={command}\n\
             {SERVICE}\
             # It writes its renewed certificate and unpacked git repositories, and nothing else.\n\
             ReadWritePaths={state}\n\
             {capabilities}\n\
             {HARDENING}\n\
             [Install]\nWantedBy=multi-user.target\n",
            user = self.user,
        )
    }
}

const HEAD: &str = "\
[Unit]
Description=Site server of the air-gapped platform: images, charts, packages and files
After=network-online.target
Wants=network-online.target
# It is tried again for ever: a medium may come back, a port may get free.
StartLimitIntervalSec=0

[Service]
Type=notify
";

const SERVICE: &str = "\
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=2
TimeoutStopSec=45
LimitNOFILE=65536
OOMScoreAdjust=-500
UMask=0077
ProtectSystem=strict
";

const HARDENING: &str = "\
NoNewPrivileges=yes
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @debug @mount @swap @reboot @obsolete
";

/// One word of a command line, as systemd reads it (systemd.service(5), \"Command lines\").
fn quote(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%$".contains(c);
    if !word.is_empty() && word.chars().all(plain) { escaped } else { format!("\"{escaped}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(listen: &str) -> Unit {
        Unit {
            binary: "/usr/local/bin/airgap-registry".into(),
            state: "/var/lib/airgap".into(),
            listen: vec![listen.parse().unwrap()],
            plain_packages: Vec::new(),
            user: "airgap".into(),
            arguments: vec!["--name".into(), "a b%c$".into()],
        }
    }

    #[test]
    fn the_unit_is_a_hardened_service_of_its_own_user() {
        let text = unit("0.0.0.0:5000").text();
        let command = "ExecStart=/usr/local/bin/airgap-registry serve --state /var/lib/airgap --listen 0.0.0.0:5000 --name \"a b%%c$$\"\n";
        for line in [
            command,
            "User=airgap\n",
            "Type=notify\n",
            "NoNewPrivileges=yes\n",
            "ProtectSystem=strict\n",
            "CapabilityBoundingSet=\n",
            "WantedBy=multi-user.target\n",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }

    #[test]
    fn a_low_port_takes_one_capability() {
        assert!(unit("10.0.0.5:443").text().contains("AmbientCapabilities=CAP_NET_BIND_SERVICE\n"));
    }
}
