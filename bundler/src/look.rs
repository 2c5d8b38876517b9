//! A look inside the images of a bundle.

use crate::advisories::Findings;
use crate::sbom::Inventory;

/// What a look inside the images of a bundle shows.
#[derive(Debug)]
pub struct Look {
    /// What the bundle holds, down to the packages inside its images.
    pub inventory: Inventory,
    /// What databases say of these; none where no database was asked.
    pub findings: Option<Findings>,
}
