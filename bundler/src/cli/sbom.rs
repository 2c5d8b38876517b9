//! `airgap-bundle sbom`

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use airgap_console::CommonArgs;
use manifests::bundle::VerifiedBundle;

use super::bundle::BundleArgs;
use super::document;
use super::interrupt;
use super::trust::{TrustArgs, verify};
use crate::sbom::{Inventory, Preference, Taking, cyclonedx, spdx};

/// Write an SBOM of a bundle: what it holds, down to the packages inside its images
///
/// Everything is read from the bundle. The same bundle has the same SBOM.
#[derive(Debug, clap::Args)]
pub(super) struct SbomArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// The format of the SBOM
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT", default_value_t)]
    format: SbomFormat,
    /// The file to write, instead of standard output; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    inventory: InventoryArgs,
    #[command(flatten)]
    trust: TrustArgs,
}

/// How images are looked into.
#[derive(Debug, clap::Args)]
pub(super) struct InventoryArgs {
    /// Read the layers of all images, also of those that carry an SBOM of upstream's
    #[arg(long)]
    read_layers: bool,
    /// How many threads read layers, at most 3; as many as there are processors, if not given
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
}

/// The formats of SBOMs.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum SbomFormat {
    /// CycloneDX 1.6
    #[default]
    CyclonedxJson,
    /// SPDX 2.3
    SpdxJson,
}

impl SbomArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let trust = self.trust.required()?;
        let (bundle, _) = verify(self.bundle.open()?, &trust)?;
        let inventory = self.inventory.take(&bundle, common)?;
        document::write("the SBOM", self.output.as_deref(), |to| match self.format {
            SbomFormat::CyclonedxJson => cyclonedx::write(&inventory, to),
            SbomFormat::SpdxJson => spdx::write(&inventory, to),
        })
    }
}

impl InventoryArgs {
    /// Whether any of them was given.
    pub(super) fn is_given(&self) -> bool {
        self.read_layers || self.jobs.is_some()
    }

    /// Takes the inventory of a bundle, and warns of what was not read.
    pub(super) fn take(&self, bundle: &VerifiedBundle, common: &CommonArgs) -> miette::Result<Inventory> {
        let preference = if self.read_layers { Preference::Layers } else { Preference::Attested };
        let taking = Taking::plan(bundle, preference)?;
        let task = common.progress().bytes("sbom", Some(taking.size()));
        let stopped = interrupt::watch();
        let go_on = |bytes| {
            task.advance(bytes);
            !stopped.load(Ordering::Relaxed)
        };
        let inventory = taking.take(crate::jobs(self.jobs), &go_on)?;
        task.finish();
        for image in &inventory.images {
            image.unread.iter().for_each(|unread| tracing::warn!("{}: {unread}", image.reference));
        }
        Ok(inventory)
    }
}
