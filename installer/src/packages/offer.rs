use std::collections::BTreeSet;

use manifests::bundle::VerifiedBundle;
use manifests::debian::{PackageName, Series};
use manifests::document::{Packages, WantedPackage};
use registry::apt::generation_id;
use registry::store::{Generation, Store, StoreError};

/// What a site has for the nodes of one series: the packages of the latest bundle that has some.
#[derive(Debug)]
pub struct Offer {
    /// The generation.
    pub generation: Generation,
    /// Its bundle.
    pub bundle: VerifiedBundle,
    /// The packages.
    pub set: Packages,
    /// What earlier bundles wanted, in the order of names; see [`Offer::former`].
    earlier: Vec<WantedPackage>,
}

/// Why there is nothing to offer.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum OfferError {
    /// No bundle has packages for the series.
    #[error("no bundle of this site has packages for `{series}`")]
    #[diagnostic(help("{}", help_with_series(known)))]
    NoSeries {
        /// The series that was asked for.
        series: String,
        /// The series that there are packages for.
        known: Vec<String>,
    },
    /// No component of that name wants packages.
    #[error("no component `{component}` wants packages on `{series}`")]
    #[diagnostic(help("{}", known_components(known)))]
    NoComponent {
        /// The component that was asked for.
        component: String,
        /// The series.
        series: String,
        /// The components that want some.
        known: Vec<String>,
    },
    /// The store can't be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

fn help_with_series(known: &[String]) -> String {
    if known.is_empty() {
        return "none has packages: a stack names them under `packages` and its nodes under `systems`".to_owned();
    }
    format!("there are some for {}", known.join(", "))
}

fn known_components(known: &[String]) -> String {
    format!("those that do: {}", known.join(", "))
}

/// The series that bundles of a site have packages for, in order.
///
/// # Errors
/// [`OfferError`] when the store can't be read.
pub fn known_series(store: &Store) -> Result<Vec<String>, OfferError> {
    let mut known = BTreeSet::new();
    for generation in store.list()? {
        let bundle = generation.open()?;
        known.extend(bundle.document().items.iter().filter_map(|item| Some(item.as_packages()?.series.to_string())));
    }
    Ok(known.into_iter().collect())
}

impl Offer {
    /// The latest for a series.
    ///
    /// # Errors
    /// [`OfferError`] when no bundle has packages for it, or the store can't be read.
    pub fn latest(store: &Store, series: &str) -> Result<Self, OfferError> {
        let mut known = BTreeSet::new();
        let mut latest: Option<(Generation, VerifiedBundle, Packages)> = None;
        let mut earlier = Vec::new();
        for generation in store.list()?.into_iter().rev() {
            let bundle = generation.open()?;
            let sets = bundle.document().items.iter().filter_map(|item| item.as_packages());
            known.extend(sets.clone().map(|set| set.series.to_string()));
            let Some(set) = sets.into_iter().find(|set| set.series.as_str() == series).cloned() else { continue };
            if latest.is_some() {
                earlier.extend(set.wanted);
            } else {
                latest = Some((generation, bundle, set));
            }
        }
        earlier.sort_by(|a: &WantedPackage, b| a.package.cmp(&b.package));
        let none = || OfferError::NoSeries { series: series.to_owned(), known: known.into_iter().collect() };
        let (generation, bundle, set) = latest.ok_or_else(none)?;
        Ok(Self { generation, bundle, set, earlier })
    }

    /// The series.
    pub fn series(&self) -> &Series {
        &self.set.series
    }

    /// Where the packages are on the site's server, behind its address.
    pub fn path(&self) -> String {
        format!("/apt/{}/{}", generation_id(&self.bundle.document_digest()), self.series())
    }

    /// What these components want, or all of them where none is named.
    ///
    /// # Errors
    /// [`OfferError::NoComponent`] for a component that wants nothing.
    pub fn wanted(&self, components: &[String]) -> Result<Vec<&WantedPackage>, OfferError> {
        let known: BTreeSet<&str> = self.set.wanted.iter().map(|wanted| wanted.component.as_str()).collect();
        if let Some(component) = components.iter().find(|component| !known.contains(component.as_str())) {
            return Err(OfferError::NoComponent {
                component: component.clone(),
                series: self.series().to_string(),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        }
        let asked = |wanted: &&WantedPackage| components.is_empty() || components.contains(&wanted.component);
        Ok(self.set.wanted.iter().filter(asked).collect())
    }

    /// What an earlier bundle wanted, and what this one neither wants nor carries for something else.
    pub fn former(&self) -> BTreeSet<&PackageName> {
        let carried: BTreeSet<&PackageName> = self.set.packages.iter().map(|package| &package.name).collect();
        self.earlier.iter().map(|wanted| &wanted.package).filter(|package| !carried.contains(package)).collect()
    }
}
