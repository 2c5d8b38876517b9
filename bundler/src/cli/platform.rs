//! How a bundle is deployed, as `inspect` shows it.

use airgap_console::Table;
use manifests::BundleName;
use manifests::document::{Distribution, Platform, PlatformComponent};
use manifests::kubernetes::ObjectName;
use serde::Serialize;

/// How a bundle is deployed.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PlatformSummary {
    distribution: Distribution,
    components: Vec<ComponentSummary>,
}

/// A component, in the order in which they go in.
#[derive(Debug, Clone, Serialize)]
struct ComponentSummary {
    name: BundleName,
    needs: Vec<BundleName>,
    releases: Vec<String>,
}

impl PlatformSummary {
    pub(super) fn new(platform: &Platform) -> Self {
        let component = |component: &PlatformComponent| ComponentSummary {
            name: component.name.clone(),
            needs: component.needs.clone(),
            releases: component.releases.iter().map(|one| format!("{}/{}", one.namespace, one.name)).collect(),
        };
        let components = platform.components.iter().map(component).collect();
        Self { distribution: platform.distribution.clone(), components }
    }

    /// A row for the distribution, and one for each component.
    pub(super) fn add_to(&self, table: &mut Table) {
        let Distribution { name, version, files, disable } = &self.distribution;
        let mut platform = format!("{name} {version}, its release in the files of {files}");
        if !disable.is_empty() {
            let parts: Vec<&str> = disable.iter().map(ObjectName::as_str).collect();
            platform.push_str(&format!("; without {}", parts.join(", ")));
        }
        table.row(["platform", &platform]);
        for (number, component) in self.components.iter().enumerate() {
            let head = if number == 0 { "components" } else { "" };
            table.row([head, &format!("{}. {component}", number + 1)]);
        }
    }
}

impl std::fmt::Display for ComponentSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        if !self.releases.is_empty() {
            write!(f, ": {}", self.releases.join(", "))?;
        }
        if !self.needs.is_empty() {
            let needs: Vec<&str> = self.needs.iter().map(BundleName::as_str).collect();
            write!(f, "; needs {}", needs.join(", "))?;
        }
        Ok(())
    }
}
