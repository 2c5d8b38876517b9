//! From what people wrote to what has to be fetched.

pub mod stack;

pub use stack::{ResolvedStack, load};

use manifests::component::ChartSource;
use manifests::{ImageReference, Platform};

use crate::content::Resolved;
use stack::{ResolvedChart, ResolvedImage};

/// The platforms that an image is wanted for and that it was not found for. What is for no platform is for all.
pub fn lacks(image: &ResolvedImage, found: &Resolved) -> Vec<Platform> {
    let there = found.item.as_image().map(|item| item.platforms.as_slice()).unwrap_or_default();
    let missing = image.platforms.iter().filter(|wanted| !there.is_empty() && !there.contains(wanted));
    missing.cloned().collect()
}

/// Everything that was found for a stack.
#[derive(Debug, Default)]
pub struct Resolution {
    /// The images, in the order of the stack.
    pub images: Vec<Resolved>,
    /// The charts, each with what it was found for, in the order of the stack.
    pub charts: Vec<((String, ChartSource), Resolved)>,
    /// Sets of files, packages, mirrors.
    pub others: Vec<Resolved>,
}

impl Resolution {
    /// What was found for an image.
    pub fn image(&self, reference: &ImageReference) -> Option<&Resolved> {
        let is_it = |found: &&Resolved| found.item.as_image().is_some_and(|image| image.reference == *reference);
        self.images.iter().find(is_it)
    }

    /// The platforms that an image is wanted for and that it was not found for; none where it was not looked for.
    pub fn lacks(&self, image: &ResolvedImage) -> Option<Vec<Platform>> {
        self.image(&image.reference).map(|found| lacks(image, found))
    }

    /// What was found for a chart.
    pub fn chart(&self, chart: &ResolvedChart) -> Option<&Resolved> {
        let is_it = |(name, source): &(String, ChartSource)| *name == chart.name && *source == chart.source;
        self.charts.iter().find(|(asked, _)| is_it(asked)).map(|(_, found)| found)
    }

    /// All of it, in the order in which it is put into a bundle.
    pub fn into_items(self) -> impl Iterator<Item = Resolved> {
        let charts = self.charts.into_iter().map(|(_, found)| found);
        self.images.into_iter().chain(charts).chain(self.others)
    }
}
