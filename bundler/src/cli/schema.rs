//! `airgap-bundle schema`

use airgap_console::output;
use miette::IntoDiagnostic;

/// Print the JSON Schema of a kind of file, for editors
///
/// Put `# yaml-language-server: $schema=stack.schema.json` in front of a file, and editors check it while you write.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum)]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// stack.yaml
    Stack,
    /// component.yaml
    Component,
    /// site.yaml
    Site,
    /// stack.lock.yaml
    Lock,
}

impl SchemaArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let schema = match self.kind {
            Kind::Stack => manifests::schema::stack(),
            Kind::Component => manifests::schema::component(),
            Kind::Site => manifests::schema::site(),
            Kind::Lock => manifests::schema::lock(),
        };
        output::print(&serde_json::to_string_pretty(&schema).into_diagnostic()?)
    }
}
