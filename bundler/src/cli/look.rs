//! Looking inside images, for commands that do it only where they are asked to: it reads all layers.

use std::path::PathBuf;

use airgap_console::{CommonArgs, UsageError};
use manifests::bundle::VerifiedBundle;

use super::sbom::InventoryArgs;
use crate::advisories::{Database, carried, find};
use crate::look::Look;

/// Whether images are looked into, and how.
#[derive(Debug, clap::Args)]
pub(super) struct LookArgs {
    /// Look inside the images too: which packages are in them, and under which licences
    #[arg(long, help_heading = "Look inside")]
    look_inside: bool,
    /// A database of advisories to ask about what is inside; may be given several times
    ///
    /// A zip or a folder of JSON files in the OSV format. Where none is given, those are asked that the bundle carries at
    /// `advisories/NAME.zip`.
    #[arg(long, value_name = "FILE", requires = "look_inside", help_heading = "Look inside")]
    database: Vec<PathBuf>,
    #[command(flatten, next_help_heading = "Look inside")]
    inventory: InventoryArgs,
}

/// A look that was asked for.
#[derive(Debug)]
pub(super) struct Looking<'a> {
    inventory: &'a InventoryArgs,
    databases: Vec<Database>,
}

impl LookArgs {
    /// What was asked for, if anything was. Databases are opened: a name that is wrong should be told before layers are read.
    pub(super) fn asked(&self) -> miette::Result<Option<Looking<'_>>> {
        if !self.look_inside {
            if self.inventory.is_given() {
                let message = "--read-layers and --jobs say how images are looked into, and no look was asked for";
                return Err(UsageError::new(message).with_help("add --look-inside").into());
            }
            return Ok(None);
        }
        let databases = self.database.iter().map(|path| Database::open(path)).collect::<Result<_, _>>()?;
        Ok(Some(Looking { inventory: &self.inventory, databases }))
    }
}

impl Looking<'_> {
    /// Asks the databases that a bundle carries, where no other was named.
    pub(super) fn ask_carried(&mut self, bundle: &VerifiedBundle) -> miette::Result<()> {
        if self.databases.is_empty() {
            self.databases = carried(bundle)?;
        }
        Ok(())
    }

    /// Looks inside the images of a bundle.
    pub(super) fn take(&self, bundle: &VerifiedBundle, common: &CommonArgs) -> miette::Result<Look> {
        let inventory = self.inventory.take(bundle, common)?;
        let findings = if self.databases.is_empty() { None } else { Some(find(&inventory, &self.databases)?) };
        Ok(Look { inventory, findings })
    }
}
