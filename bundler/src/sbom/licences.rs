//! Which licences there are in a bundle, and where.

use std::collections::{BTreeMap, BTreeSet};

use manifests::bundle::VerifiedBundle;

use super::inventory::{ChartContents, Inventory};
use super::{images, others};

/// Licences as their sources write them, each with the images, charts and series of packages that have something under it.
pub type Licences = BTreeMap<String, BTreeSet<String>>;

/// The licences that images and charts name: what is known without a look inside. What can't be read names none.
pub fn named(bundle: &VerifiedBundle) -> Licences {
    let mut licences = Licences::new();
    for item in &bundle.document().items {
        let images = item.as_image().map(|image| images::plan(bundle, image).unwrap_or_default());
        for planned in images.unwrap_or_default() {
            add(&mut licences, &planned.contents.licences, &planned.contents.place());
        }
        if let Some(chart) = item.as_chart().map(|chart| others::chart(bundle, chart)) {
            add(&mut licences, &chart.licences, &place(&chart));
        }
    }
    licences
}

impl Inventory {
    /// The licences that images and charts name, and those of packages.
    pub fn licences(&self) -> Licences {
        let mut licences = Licences::new();
        for image in &self.images {
            let place = image.place();
            add(&mut licences, &image.licences, &place);
            image.packages.iter().for_each(|package| add(&mut licences, &package.licences, &place));
        }
        self.charts.iter().for_each(|chart| add(&mut licences, &chart.licences, &place(chart)));
        licences
    }
}

fn place(chart: &ChartContents) -> String {
    format!("chart {} {}", chart.name, chart.version)
}

fn add(licences: &mut Licences, named: &[String], place: &str) {
    for licence in named {
        let places = match licences.get_mut(licence) {
            Some(places) => places,
            None => licences.entry(licence.clone()).or_default(),
        };
        if !places.contains(place) {
            places.insert(place.to_owned());
        }
    }
}
