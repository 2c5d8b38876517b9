use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use manifests::BundleName;
use manifests::bundle::VerifiedBundle;
use manifests::debian::{Architecture, Series};
use manifests::document::{Packages, WantedPackage};
use registry::apt::generation_id;
use registry::store::{Generation, Store, StoreError};

/// What a site has for the nodes of one series from one stack: the packages of the stack's latest bundle.
#[derive(Debug)]
pub struct Offer {
    /// The generation.
    pub generation: Generation,
    /// Its bundle.
    pub bundle: VerifiedBundle,
    /// The series.
    pub series: Series,
    /// The packages; none where only earlier bundles of the stack have some.
    set: Option<Packages>,
    /// What earlier bundles of the stack wanted, and what no stack's latest bundle wants or carries.
    pub former: BTreeSet<FormerPackage>,
}

/// A package that is not needed any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormerPackage {
    /// The architecture of the nodes that it was for.
    pub architecture: Architecture,
    /// How apt names it: with its architecture where that is a foreign one.
    pub package: String,
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
    /// No bundle of that stack has packages for the series.
    #[error("no bundle of the stack `{stack}` has packages for `{series}`")]
    #[diagnostic(help("those that have some: {}", known.join(", ")))]
    NoStack {
        /// The stack that was asked for.
        stack: String,
        /// The series.
        series: String,
        /// The stacks that have some.
        known: Vec<String>,
    },
    /// More than one stack has packages for the series, and none was named.
    #[error("{} stacks have packages for `{series}`: {}", .known.len(), .known.join(", "))]
    #[diagnostic(help("say which with --stack, and do it for each that the nodes are to have"))]
    SeveralStacks {
        /// The series.
        series: String,
        /// The stacks.
        known: Vec<String>,
    },
    /// The latest bundle has none, though an earlier one had.
    #[error("the latest bundle of `{stack}` has no packages for `{series}` any more")]
    #[diagnostic(help("`airgap-install packages list` shows what earlier bundles wanted"))]
    NoneAnyMore {
        /// The stack.
        stack: String,
        /// The series.
        series: String,
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
    if known.is_empty() {
        return "none wants any".to_owned();
    }
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

/// The bundles of one stack, as far as they concern a series.
struct History {
    generation: Generation,
    bundle: VerifiedBundle,
    /// Of the latest.
    set: Option<Packages>,
    /// Of all others.
    earlier: Vec<Packages>,
}

/// The packages of a bundle for a series.
fn packages_of(bundle: &VerifiedBundle, series: &str) -> Option<Packages> {
    let mut sets = bundle.document().items.iter().filter_map(|item| item.as_packages());
    sets.find(|set| set.series.as_str() == series).cloned()
}

impl History {
    /// Of each stack, by its name.
    fn of_all(store: &Store, series: &str) -> Result<BTreeMap<BundleName, Self>, OfferError> {
        let mut stacks: BTreeMap<BundleName, Self> = BTreeMap::new();
        for generation in store.list()?.into_iter().rev() {
            let bundle = generation.open()?;
            let set = packages_of(&bundle, series);
            match stacks.entry(bundle.document().name.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(Self { generation, bundle, set, earlier: Vec::new() });
                }
                Entry::Occupied(mut entry) => entry.get_mut().earlier.extend(set),
            }
        }
        Ok(stacks)
    }

    /// What its earlier bundles wanted, and none of these sets has.
    fn former(&self, current: &[Packages]) -> BTreeSet<FormerPackage> {
        let wanted = self.earlier.iter().flat_map(|set| &set.wanted);
        let gone = wanted.filter(|wanted| !current.iter().any(|set| has(set, wanted)));
        gone.map(|wanted| FormerPackage { architecture: wanted.architecture.clone(), package: wanted.full_name() })
            .collect()
    }

    /// What there is to offer; nothing where no bundle ever had packages for the series.
    fn offer(self, current: &[Packages]) -> Option<Offer> {
        let series = self.set.iter().chain(&self.earlier).next()?.series.clone();
        let former = self.former(current);
        Some(Offer { generation: self.generation, bundle: self.bundle, series, set: self.set, former })
    }
}

/// Whether what was wanted once is still carried for the nodes that it was for.
fn has(set: &Packages, wanted: &WantedPackage) -> bool {
    let own = wanted.own_architecture();
    set.architectures.contains(&wanted.architecture)
        && set.packages.iter().any(|package| {
            package.name == wanted.package && (package.architecture == *own || package.architecture.is_all())
        })
}

impl Offer {
    /// One for each stack that has or had packages for a series, in the order of their names.
    ///
    /// # Errors
    /// [`OfferError`] when there is none, or the store can't be read.
    pub fn all(store: &Store, series: &str) -> Result<Vec<Self>, OfferError> {
        let stacks = History::of_all(store, series)?;
        let current: Vec<Packages> = stacks.values().filter_map(|stack| stack.set.clone()).collect();
        let offers: Vec<Self> = stacks.into_values().filter_map(|stack| stack.offer(&current)).collect();
        if offers.is_empty() {
            return Err(OfferError::NoSeries { series: series.to_owned(), known: known_series(store)? });
        }
        Ok(offers)
    }

    /// That of the stack that is named. Without a name it is the only one, or the only one that still has packages.
    ///
    /// # Errors
    /// [`OfferError`] when there is none or no telling which, or the store can't be read.
    pub fn choose(store: &Store, series: &str, stack: Option<&str>) -> Result<Self, OfferError> {
        let mut offers = Self::all(store, series)?;
        let standing = offers.iter().any(Self::has_packages);
        let known: Vec<String> = offers.iter().map(|offer| offer.stack().to_string()).collect();
        offers.retain(|offer| match stack {
            Some(stack) => offer.stack().as_str() == stack,
            None => offer.has_packages() || !standing,
        });
        match (<[Self; 1]>::try_from(offers), stack.map(str::to_owned), series.to_owned()) {
            (Ok([only]), ..) => Ok(only),
            (Err(_), Some(stack), series) => Err(OfferError::NoStack { stack, series, known }),
            (Err(offers), None, series) => {
                let known = offers.iter().map(|offer| offer.stack().to_string()).collect();
                Err(OfferError::SeveralStacks { series, known })
            }
        }
    }

    /// The stack's name, which is that of its bundles.
    pub fn stack(&self) -> &BundleName {
        &self.bundle.document().name
    }

    /// The packages.
    ///
    /// # Errors
    /// [`OfferError::NoneAnyMore`] when only earlier bundles had some.
    pub fn set(&self) -> Result<&Packages, OfferError> {
        self.set
            .as_ref()
            .ok_or_else(|| OfferError::NoneAnyMore { stack: self.stack().to_string(), series: self.series.to_string() })
    }

    /// Whether there are packages now, not only in earlier bundles.
    pub fn has_packages(&self) -> bool {
        self.set.is_some()
    }

    /// Where the packages are on the site's server, behind its address.
    pub fn path(&self) -> String {
        format!("/apt/{}/{}", generation_id(&self.bundle.document_digest()), self.series)
    }

    /// What is wanted, by all components.
    fn all_wanted(&self) -> &[WantedPackage] {
        self.set.as_ref().map_or(&[][..], |set| &set.wanted)
    }

    /// What these components want, or all of them where none is named.
    ///
    /// # Errors
    /// [`OfferError::NoComponent`] for a component that wants nothing.
    pub fn wanted(&self, components: &[String]) -> Result<Vec<&WantedPackage>, OfferError> {
        let known: BTreeSet<&str> = self.all_wanted().iter().map(|wanted| wanted.component.as_str()).collect();
        if let Some(component) = components.iter().find(|component| !known.contains(component.as_str())) {
            return Err(OfferError::NoComponent {
                component: component.clone(),
                series: self.series.to_string(),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        }
        let asked = |wanted: &&WantedPackage| components.is_empty() || components.contains(&wanted.component);
        Ok(self.all_wanted().iter().filter(asked).collect())
    }
}
