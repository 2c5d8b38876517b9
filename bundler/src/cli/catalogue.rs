//! `airgap-bundle components` and `airgap-bundle stacks`

use std::fmt;
use std::path::{Path, PathBuf};

use airgap_console::{OutputArgs, Table};
use manifests::Component;
use manifests::component::{ChartSource, WantedChart};
use miette::Diagnostic;
use serde::Serialize;

use super::view::SCHEMA_VERSION;
use crate::catalogue;
use crate::resolve::stack::ResolvedStack;

/// List the components that there are, or show one
///
/// They are those of the folder `components` or `manifests/components`.
#[derive(Debug, clap::Args)]
pub(super) struct ComponentsArgs {
    /// Show this component alone, with all that is known of it
    name: Option<String>,
    /// The folder with the components
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// List the stacks that there are
///
/// They are those of the folder `stacks` or `manifests/stacks`.
#[derive(Debug, clap::Args)]
pub(super) struct StacksArgs {
    /// The folder with the stacks
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// What is asked for is not there.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Missing {
    #[error("there is no folder `{0}` and no `manifests/{0}` here")]
    #[diagnostic(help("go to the folder that has it, or name it with --folder"))]
    Folder(&'static str),
    #[error("there is no component `{0}` in {1}")]
    #[diagnostic(help("`airgap-bundle components` lists them all"))]
    Component(String, String),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Components {
    schema_version: u32,
    components: Vec<ComponentView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ComponentView {
    name: String,
    version: String,
    description: String,
    licenses: Vec<String>,
    links: Vec<String>,
    charts: Vec<String>,
    variants: Vec<String>,
    images: usize,
    packages: Vec<String>,
    kernel_modules: Vec<String>,
    sysctls: Vec<String>,
    needs: Vec<String>,
    offline: Vec<LackView>,
}

#[derive(Serialize)]
struct LackView {
    lacks: String,
    instead: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stacks {
    schema_version: u32,
    stacks: Vec<StackView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StackView {
    name: String,
    version: String,
    description: String,
    distribution: Option<String>,
    components: Vec<String>,
}

/// The folder that is asked for, or the first of those that are looked for.
fn folder(said: Option<&Path>, name: &'static str) -> Result<PathBuf, Missing> {
    let usual = || [PathBuf::from(name), Path::new("manifests").join(name)].into_iter().find(|folder| folder.is_dir());
    said.map(Path::to_owned).or_else(usual).ok_or(Missing::Folder(name))
}

impl ComponentsArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let folder = folder(self.folder.as_deref(), "components")?;
        let components = catalogue::components(&folder)?;
        let wanted = |component: &&Component| self.name.as_deref().is_none_or(|name| component.name.as_str() == name);
        let components: Vec<_> = components.iter().filter(wanted).map(ComponentView::of).collect();
        if let (Some(name), true) = (&self.name, components.is_empty()) {
            return Err(Missing::Component(name.clone(), folder.display().to_string()).into());
        }
        let list = Components { schema_version: SCHEMA_VERSION, components };
        match self.name {
            Some(_) => self.output.print(&list, Components::alone),
            None => self.output.print(&list, Components::table),
        }
    }
}

impl StacksArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let stacks = catalogue::stacks(&folder(self.folder.as_deref(), "stacks")?)?;
        let stacks = stacks.iter().map(StackView::of).collect();
        self.output.print(&Stacks { schema_version: SCHEMA_VERSION, stacks }, Stacks::table)
    }
}

impl Components {
    fn table(&self) -> Table {
        let mut table = Table::new(&["NAME", "VERSION", "DESCRIPTION"]);
        for component in &self.components {
            table.row([&component.name, &component.version, &component.description]);
        }
        table
    }

    /// One component, a row for each thing that it says.
    fn alone(&self) -> Table {
        let mut table = Table::new(&["", ""]);
        for component in &self.components {
            component.add_to(&mut table);
        }
        table
    }
}

impl ComponentView {
    fn of(component: &Component) -> Self {
        let about = &component.about;
        let kernel = &component.deployment.kernel;
        let releases = component.charts.iter().filter_map(|chart| chart.release.as_ref());
        let mut variants: Vec<_> =
            releases.flat_map(|release| &release.variants).map(|variant| variant.name.to_string()).collect();
        variants.sort();
        variants.dedup();
        Self {
            name: component.name.to_string(),
            version: component.version.clone().unwrap_or_default(),
            description: component.description.clone().unwrap_or_default(),
            licenses: about.licenses.clone(),
            links: about.links.iter().map(ToString::to_string).collect(),
            charts: component.charts.iter().map(|chart| ChartName(chart).to_string()).collect(),
            variants,
            images: component.images.len(),
            packages: component.packages.iter().map(|package| package.package.to_string()).collect(),
            kernel_modules: kernel.modules.iter().map(|module| module.name.to_string()).collect(),
            sysctls: kernel.sysctls.iter().map(|sysctl| format!("{}={}", sysctl.name, sysctl.value)).collect(),
            needs: component.deployment.needs.iter().map(|need| need.component.to_string()).collect(),
            offline: about
                .offline
                .iter()
                .map(|lack| LackView { lacks: lack.lacks.clone(), instead: lack.instead.clone() })
                .collect(),
        }
    }

    fn add_to(&self, table: &mut Table) {
        let mut say = |name: &str, text: &str| {
            if !text.is_empty() {
                table.row([name, text]);
            }
        };
        say("name", &self.name);
        say("version", &self.version);
        say("description", &self.description);
        say("licences", &self.licenses.join(", "));
        say("links", &self.links.join(" "));
        say("charts", &self.charts.join(", "));
        say("variants", &self.variants.join(", "));
        say("packages", &self.packages.join(", "));
        say("kernel modules", &self.kernel_modules.join(", "));
        say("kernel settings", &self.sysctls.join(", "));
        say("needs", &self.needs.join(", "));
        for lack in &self.offline {
            say("can't work offline", &lack.lacks);
            say("  instead", &lack.instead);
        }
    }
}

/// A chart, in a word.
struct ChartName<'a>(&'a WantedChart);

impl fmt::Display for ChartName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. } => {
                write!(f, "{} {version}", self.0.name)
            }
            ChartSource::Local { .. } => f.write_str(&self.0.name),
        }
    }
}

impl Stacks {
    fn table(&self) -> Table {
        let mut table = Table::new(&["NAME", "VERSION", "DISTRIBUTION", ">COMPONENTS", "DESCRIPTION"]);
        for stack in &self.stacks {
            let distribution = stack.distribution.as_deref().unwrap_or("-");
            let count = stack.components.len().to_string();
            table.row([&stack.name, &stack.version, distribution, &count, &stack.description]);
        }
        table
    }
}

impl StackView {
    fn of(stack: &ResolvedStack) -> Self {
        let distribution = stack.platform.as_ref().map(|platform| &platform.distribution);
        Self {
            name: stack.name.to_string(),
            version: stack.version.to_string(),
            description: stack.description.clone().unwrap_or_default(),
            distribution: distribution.map(|distribution| format!("{} {}", distribution.name, distribution.version)),
            components: stack.components.iter().map(|(name, _)| name.to_string()).collect(),
        }
    }
}
