//! `packages`.

mod list;
mod mirror;

use manifests::BundleName;
use std::path::{Path, PathBuf};

use airgap_console::output::print;
use clap::{Args, Subcommand};
use miette::{Context as _, IntoDiagnostic as _};
use registry::apt::{Repository, export};
use registry::site::PackagesKey;
use registry::store::Store;

use crate::packages::{AptSource, NodeScript, Offer, Secured};
use crate::service::{self, Settings};

/// Show and hand out what bundles carry for the operating system of the nodes
#[derive(Debug, Args)]
pub(super) struct PackagesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show which packages this site has, and who wants them
    List(list::ListArgs),
    /// Print the source that apt on a node reads (for /etc/apt/sources.list.d/airgap.sources)
    Sources(SourcesArgs),
    /// Print a script that installs packages on a node: copy it there and run it as root
    ///
    /// It leaves no source behind and may be run again at any time. Where the site serves with TLS it holds the password:
    /// keep it as one.
    InstallScript(ScriptArgs),
    /// Write the packages as a plain folder that any web server can serve to apt
    Export(ExportArgs),
}

#[derive(Debug, Args)]
struct SeriesArgs {
    /// The release of the nodes' operating system, by its code name: bookworm, noble
    #[arg(long, value_name = "SERIES")]
    series: String,
    /// The stack whose packages, by the name of its bundles [default: the only one that has some]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
}

/// Which packages: those of the bundle for a series, or a mirror.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The release of the nodes' operating system, by its code name: bookworm, noble
    #[arg(long, value_name = "SERIES")]
    series: Option<String>,
    /// A mirror, by its name: a whole repository, as upstream signed it
    #[arg(long, value_name = "NAME")]
    mirror: Option<String>,
}

#[derive(Debug, Args)]
struct SourcesArgs {
    #[command(flatten)]
    which: Which,
    /// For a series: the stack whose packages, by the name of its bundles [default: the only one that has some]
    #[arg(long, value_name = "NAME", conflicts_with = "mirror")]
    stack: Option<String>,
    /// For a mirror: an address that is always that of the latest bundle, in the place of this one's own
    #[arg(long, requires = "mirror")]
    latest: bool,
}

#[derive(Debug, Args)]
struct ScriptArgs {
    #[command(flatten)]
    series: SeriesArgs,
    /// Only what this component wants; may be given more than once [default: all components]
    #[arg(long, value_name = "NAME")]
    component: Vec<String>,
}

#[derive(Debug, Args)]
struct ExportArgs {
    #[command(flatten)]
    which: Which,
    /// For a series: the stack whose packages, by the name of its bundles [default: the only one that has some]
    #[arg(long, value_name = "NAME", conflicts_with = "mirror")]
    stack: Option<String>,
    /// The folder, which must not exist yet
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl PackagesArgs {
    pub(super) fn run(&self, state: &Path) -> miette::Result<()> {
        match &self.command {
            Command::List(args) => args.run(state),
            Command::Sources(args) => args.run(state),
            Command::InstallScript(args) => args.print_script(state),
            Command::Export(args) => args.run(state),
        }
    }
}

/// The site's server as apt reaches it.
struct Server {
    authority: String,
    secured: bool,
}

impl Server {
    /// Plain HTTP where the site has it: a node needs nothing for it.
    fn of(settings: &Settings) -> Self {
        match settings.plain_packages {
            Some(address) => Self { authority: service::authority_of(settings, address), secured: false },
            None => Self { authority: service::authority_of(settings, settings.listen), secured: true },
        }
    }

    fn uri(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.secured { "https" } else { "http" }, self.authority)
    }

    /// What has to be known besides the source.
    fn remark(&self, state: &Path) -> String {
        if !self.secured {
            return String::new();
        }
        format!(
            "# The server speaks TLS and may ask for a password: apt has to be told the site's CA\n\
             # ({}, Acquire::https::CAInfo) and the password (apt_auth.conf(5)).\n",
            service::ca_file(state).display()
        )
    }

    fn source(&self, state: &Path, offer: &Offer) -> miette::Result<AptSource> {
        offer.set()?;
        let key = PackagesKey::public_of(state)?.ok_or_else(|| super::snippets::NothingServed::of(state))?;
        Ok(AptSource { uri: self.uri(&offer.path()), series: offer.series.to_string(), key })
    }
}

fn settings(state: &Path) -> miette::Result<Settings> {
    Ok(Settings::load(state)?.ok_or_else(|| super::snippets::NothingServed::of(state))?)
}

impl SeriesArgs {
    fn new(series: Option<&str>, stack: Option<&str>) -> Self {
        Self { series: series.unwrap_or_default().to_owned(), stack: stack.map(str::to_owned) }
    }

    fn offer(&self, state: &Path) -> miette::Result<Offer> {
        Ok(Offer::choose(&Store::at(state), &self.series, self.stack.as_deref())?)
    }

    fn print_source(&self, state: &Path) -> miette::Result<()> {
        let (server, offer) = (Server::of(&settings(state)?), self.offer(state)?);
        let mut text = server.remark(state);
        if server.secured {
            text.push_str("# The script of `install-script` does all of that by itself.\n");
        }
        print(&format!("{text}{}", server.source(state, &offer)?))
    }
}

/// The script that installs what the latest bundle of a stack wants on nodes of a series.
pub(super) fn node_script(
    state: &Path,
    settings: &Settings,
    stack: &BundleName,
    series: &str,
) -> miette::Result<String> {
    let offer = Offer::choose(&Store::at(state), series, Some(stack.as_str()))?;
    script(state, settings, &offer, &[])
}

fn script(state: &Path, settings: &Settings, offer: &Offer, components: &[String]) -> miette::Result<String> {
    let server = Server::of(settings);
    let script = NodeScript {
        series: &offer.series,
        source: offer.has_packages().then(|| server.source(state, offer)).transpose()?,
        secured: server.secured.then(|| secured(state, settings)).transpose()?,
        authority: server.authority,
        created: offer.bundle.document().created,
        wanted: offer.wanted(components)?,
        former: &offer.former,
    };
    Ok(script.text())
}

impl ScriptArgs {
    fn print_script(&self, state: &Path) -> miette::Result<()> {
        print(&script(state, &settings(state)?, &self.series.offer(state)?, &self.component)?)
    }
}

/// What TLS takes on a node.
fn secured(state: &Path, settings: &Settings) -> miette::Result<Secured> {
    let ca = service::ca_file(state);
    let authority = std::fs::read_to_string(&ca);
    let authority = authority.into_diagnostic().wrap_err_with(|| format!("can't read {}", ca.display()))?;
    let credentials = if settings.anonymous { None } else { super::snippets::credentials(state)? };
    Ok(Secured { authority, login: credentials.map(|known| (known.user, known.password)) })
}

impl SourcesArgs {
    fn run(&self, state: &Path) -> miette::Result<()> {
        match (&self.which.mirror, &self.which.series) {
            (Some(name), _) => mirror::print_source(state, name, self.latest),
            (None, series) => SeriesArgs::new(series.as_deref(), self.stack.as_deref()).print_source(state),
        }
    }
}

impl ExportArgs {
    fn run(&self, state: &Path) -> miette::Result<()> {
        match (&self.which.mirror, &self.which.series) {
            (Some(name), _) => mirror::export(state, name, &self.folder),
            (None, series) => self.export(state, &SeriesArgs::new(series.as_deref(), self.stack.as_deref())),
        }
    }

    fn export(&self, state: &Path, series: &SeriesArgs) -> miette::Result<()> {
        let offer = series.offer(state)?;
        let set = offer.set()?;
        let key = PackagesKey::load_or_create(state)?;
        let repository = Repository::make(set, &offer.bundle, &key).into_diagnostic()?;
        export(&repository, &offer.bundle, &self.folder)?;
        let source = AptSource {
            uri: "http://SERVER/PATH".into(),
            series: offer.series.to_string(),
            key: key.public().to_owned(),
        };
        print(&format!("# The source of nodes, once {} is served somewhere:\n{source}", self.folder.display()))
    }
}
