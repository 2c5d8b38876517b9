//! What a bundle holds, down to the packages inside its images, and the documents that say so: CycloneDX and SPDX.
//!
//! Everything is read from the bundle, nothing from anywhere else. [`Inventory`] is the result as data.

mod attested;
pub mod cyclonedx;
mod document;
mod error;
mod images;
pub mod inventory;
mod layer;
mod licence;
mod licences;
mod others;
mod purl;
mod read;
mod scan;
pub mod spdx;
mod tree;

use manifests::bundle::VerifiedBundle;
use manifests::document::Item;

pub(crate) use document::told_by;
pub use error::SbomError;
pub use inventory::Inventory;
pub use licences::{Licences, named};

use self::images::Planned;
use self::inventory::{MirrorContents, Subject};
use self::scan::Layers;

/// What is believed of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// What upstream says is in it, where that is carried beside it; else what its layers hold.
    Attested,
    /// What its layers hold.
    Layers,
}

/// An inventory that is ready to be taken: what has to be read for it is known.
#[derive(Debug)]
pub struct Taking<'a> {
    bundle: &'a VerifiedBundle,
    images: Vec<Planned>,
    /// The number among the layers of each image whose layers have to be read.
    numbers: Vec<Option<usize>>,
    layers: Layers,
}

impl<'a> Taking<'a> {
    /// Finds out what has to be read.
    ///
    /// # Errors
    /// [`SbomError`] when a manifest can't be read.
    pub fn plan(bundle: &'a VerifiedBundle, preference: Preference) -> Result<Self, SbomError> {
        let (mut images, mut numbers, mut layers) = (Vec::new(), Vec::new(), Layers::default());
        let mut budget = attested::Budget::default();
        for image in bundle.document().items.iter().filter_map(Item::as_image) {
            for mut planned in images::plan(bundle, image)? {
                let taken = preference == Preference::Attested
                    && attested::take(bundle, &mut planned, &image.attached, &mut budget);
                numbers.push(if taken { None } else { layers.add(&planned.layers) });
                images.push(planned);
            }
        }
        Ok(Self { bundle, images, numbers, layers })
    }

    /// The bytes that will be read.
    pub fn size(&self) -> u64 {
        self.layers.size()
    }

    /// Reads with `jobs` threads; `go_on` is told of bytes as they are read, and stops the work by returning false.
    ///
    /// # Errors
    /// [`SbomError`] for damaged content. Layers that are what was signed but can't be understood are no error: the inventory
    /// names them.
    pub fn take(self, jobs: usize, go_on: &(dyn Fn(u64) -> bool + Sync)) -> Result<Inventory, SbomError> {
        let mut read = self.layers.read(self.bundle, jobs, go_on)?;
        let images = self.images.into_iter().zip(self.numbers).map(|(planned, number)| {
            let mut image = planned.contents;
            if let Some(contents) = number.and_then(|number| read.get_mut(number)?.take()) {
                image.distribution = contents.distribution;
                image.packages = contents.packages;
                image.unread.extend(contents.unread);
            }
            image
        });
        let images = images.collect();
        let document = self.bundle.document();
        let mut inventory = Inventory {
            bundle: Subject {
                name: document.name.clone(),
                version: document.version.clone(),
                created: document.created,
                digest: self.bundle.document_digest(),
            },
            images,
            charts: Vec::new(),
            systems: Vec::new(),
            mirrors: Vec::new(),
            files: Vec::new(),
        };
        for item in &document.items {
            inventory.charts.extend(item.as_chart().map(|chart| others::chart(self.bundle, chart)));
            inventory.files.extend(item.as_files().into_iter().flat_map(others::files));
            inventory.mirrors.extend(item.as_mirror().map(MirrorContents::of));
            if let Some(packages) = item.as_packages() {
                inventory.systems.push(others::system(self.bundle, packages)?);
            }
        }
        Ok(inventory)
    }
}
