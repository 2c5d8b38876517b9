//! Which licences came and went.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Change, Contents};

/// A licence that nothing was under before, or nothing is under any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LicenceChange {
    /// What happened: a licence comes or goes.
    pub change: Change,
    /// The licence, as its source writes it.
    pub licence: String,
    /// The images and charts that have something under it, on the side that has it.
    pub places: Vec<String>,
}

/// All licences that came or went, in the order of their names; none where a side knows of none.
pub(super) fn changes(from: &Contents, to: &Contents) -> Option<Vec<LicenceChange>> {
    let (before, after) = (from.licences.as_ref()?, to.licences.as_ref()?);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = |name: &String| {
        let (change, places) = match (before.get(name), after.get(name)) {
            (None, Some(places)) => (Change::Added, places),
            (Some(places), None) => (Change::Removed, places),
            _ => return None,
        };
        Some(LicenceChange { change, licence: name.clone(), places: places.iter().cloned().collect() })
    };
    Some(names.into_iter().filter_map(changed).collect())
}
