//! Where folders lie that objects of Flux deploy: the object of their source says the URL.

use std::collections::{BTreeMap, BTreeSet};

use crate::discovery::{At, Deployed, Found};

/// The kind of objects that say it.
const SOURCE: &str = "GitRepository";

/// All folders that objects deploy, with the URLs of their sources, as far as these are known.
pub(super) fn deployed<'a>(found: impl Iterator<Item = &'a Found> + Clone) -> BTreeSet<At<Deployed>> {
    let mut sources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for at in found.clone().flat_map(|found| &found.inventory.repositories).filter(|at| at.object.kind == SOURCE) {
        sources.entry(&at.object.name).or_default().insert(&at.what.url);
    }
    let with_urls = |at: &At<Deployed>| match sources.get(at.what.source.as_str()) {
        Some(urls) => {
            let of = |url: &&str| At { what: Deployed { url: (*url).to_owned(), ..at.what.clone() }, ..at.clone() };
            urls.iter().map(of).collect()
        }
        None => vec![at.clone()],
    };
    found.flat_map(|found| &found.deployed).flat_map(with_urls).collect()
}
