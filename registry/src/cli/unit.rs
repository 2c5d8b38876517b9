use std::net::SocketAddr;
use std::path::PathBuf;

use registry::store;
use registry::systemd::Unit;

/// Print the systemd unit that runs this server as a hardened service
#[derive(Debug, clap::Args)]
pub(super) struct UnitArgs {
    /// The site's state folder
    #[arg(long, value_name = "DIR", default_value = store::DEFAULT_STATE)]
    state: PathBuf,
    /// The server's binary
    #[arg(long, value_name = "PATH", default_value = "/usr/local/bin/airgap-registry")]
    binary: PathBuf,
    /// An address to listen on; may be given more than once
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:5000")]
    listen: Vec<SocketAddr>,
    /// An address to serve packages on over plain HTTP; may be given more than once
    #[arg(long, value_name = "ADDRESS")]
    plain_packages: Vec<SocketAddr>,
    /// The user that it runs as
    #[arg(long, value_name = "USER", default_value = "airgap")]
    user: String,
    /// More arguments of `airgap-registry serve`
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl UnitArgs {
    pub(super) fn run(self) -> miette::Result<()> {
        let Self { state, binary, listen, plain_packages, user, arguments } = self;
        airgap_console::output::print(&Unit { binary, state, listen, plain_packages, user, arguments }.text())
    }
}
