//! Merge keys of YAML 1.1: `<<: *defaults`, or a list of mappings.

use std::collections::HashSet;

use super::{Entry, Tree};

/// The key under which stands what is merged.
const KEY: &str = "<<";

/// The entries of a mapping with all that is merged into it. Its own count more, then those of what comes first in a list.
pub(super) fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    if !entries.iter().any(is_merge) {
        return entries;
    }
    let (merges, mut all): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
    let mut known: HashSet<String> = all.iter().map(|entry| entry.key.clone()).collect();
    let maps = merges.into_iter().flat_map(|merge| match merge.value {
        Tree::List(items) => items,
        map => vec![map],
    });
    for entry in maps.flat_map(into_entries).filter(|entry| !entry.shadowed) {
        if known.insert(entry.key.clone()) {
            all.push(entry);
        }
    }
    all
}

/// Whether something is merged by an entry; all else has no meaning under that key, and is kept as it is.
fn is_merge(entry: &Entry) -> bool {
    let is_map = |tree: &Tree| matches!(tree, Tree::Map(_));
    entry.key == KEY
        && (is_map(&entry.value) || !entry.value.items().is_empty() && entry.value.items().iter().all(is_map))
}

fn into_entries(tree: Tree) -> Vec<Entry> {
    if let Tree::Map(entries) = tree { entries } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, read};

    #[test]
    fn own_keys_count_more_than_merged_ones_and_the_first_of_a_list_most() {
        let text = "a: &a {x: 1, y: 1, z: 1}\nb: &b {y: 2, w: 2}\none: {z: own, <<: *a}\nboth: {<<: [*b, *a]}\nc: &c {<<: *b}\n\
                    through: {<<: *c}\nword: {<<: *none}\n";
        let tree = &read(text).unwrap()[0];
        let shown = |key: &str| {
            let entries = tree.get(key).map(Tree::entries).unwrap_or_default().iter();
            entries.map(|entry| format!("{}{}", entry.key, entry.value.text().unwrap())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("one"), "zown x1 y1");
        assert_eq!(shown("both"), "y2 w2 x1 z1");
        assert_eq!(shown("through"), "y2 w2");
        assert_eq!(shown("word"), "<<*none");
    }
}
