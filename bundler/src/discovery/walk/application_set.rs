//! ApplicationSets of Argo CD: what their generators make Applications of, and what they fill into the paths of these.

use std::collections::{BTreeMap, BTreeSet};

use crate::discovery::repository::folder_of;
use crate::discovery::yaml::{Entry, Tree};

/// How deep generators are nested at most.
const DEPTH: usize = 24;
/// How many paths come of one.
const MOST: usize = 64;
/// What stands for anything within one name, and for any number of names.
const ONE: &str = "*";
const ANY: &str = "**";
/// What parts of `path` are called that are never several names.
const PARTS: [&str; 4] = ["basename", "segments", "filename", "["];
/// Words of templates by which a path is put together in other ways than part by part.
const WORDS: [&str; 5] = ["if", "else", "range", "with", "end"];

/// All generators, also those within others.
pub(super) fn generators(spec: &Tree) -> Vec<&Tree> {
    let mut found = Vec::new();
    add_generators(spec, DEPTH, &mut found);
    found
}

fn add_generators<'a>(spec: &'a Tree, depth: usize, found: &mut Vec<&'a Tree>) {
    let own = spec.get("generators").map(Tree::items).unwrap_or_default();
    for generator in own.iter().filter(|_| depth > 0) {
        found.push(generator);
        for several in ["matrix", "merge"].iter().filter_map(|name| generator.get(name)) {
            add_generators(several, depth - 1, found);
        }
    }
}

/// The specs of the Applications that are made: the set's own, and what single generators lay upon it.
pub(super) fn templates(spec: &Tree) -> Vec<Tree> {
    let whole = spec.at(&["template", "spec"]);
    let own = |generator: &Tree| {
        let mut kinds = generator.entries().iter();
        kinds.find_map(|kind| kind.value.at(&["template", "spec"])).cloned()
    };
    let mut found: Vec<Tree> = whole.cloned().into_iter().collect();
    let laid = generators(spec).into_iter().filter_map(own);
    found.extend(laid.map(|over| whole.map_or(over.clone(), |under| laid_upon(under, &over))));
    found
}

/// A mapping upon another one.
fn laid_upon(under: &Tree, over: &Tree) -> Tree {
    let (Tree::Map(below), Tree::Map(above)) = (under, over) else { return over.clone() };
    let kept = below.iter().filter(|entry| over.get(&entry.key).is_none()).cloned();
    let laid = above.iter().map(|entry| match under.get(&entry.key) {
        Some(below) => Entry { value: laid_upon(below, &entry.value), ..entry.clone() },
        None => entry.clone(),
    });
    Tree::Map(kept.chain(laid).collect())
}

/// What is filled in for names, as far as the generators say it themselves.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, BTreeSet<String>>);

impl Parameters {
    pub(super) fn of(spec: &Tree) -> Self {
        let mut found = Self::default();
        for generator in generators(spec) {
            generator.get("git").into_iter().for_each(|git| found.add_git(git));
            let elements = generator.at(&["list", "elements"]).map(Tree::items).unwrap_or_default();
            elements.iter().for_each(|element| found.add_element("", element));
        }
        found
    }

    fn add_git(&mut self, git: &Tree) {
        let list = |key: &str| git.get(key).map(Tree::items).unwrap_or_default();
        let is_taken = |item: &&Tree| !item.get("exclude").is_some_and(Tree::is_true);
        let paths = |key: &'static str| list(key).iter().filter(is_taken).filter_map(|item| item.text_of("path"));
        let folders = paths("directories").chain(paths("files").map(folder_of));
        let prefix = git.text_of("pathParamPrefix").map(|prefix| format!("{prefix}.")).unwrap_or_default();
        for folder in folders {
            // By both kinds of templates.
            self.add(&format!("{prefix}path"), folder);
            self.add(&format!("{prefix}path.path"), folder);
        }
    }

    fn add_element(&mut self, name: &str, value: &Tree) {
        if let Some(text) = value.text() {
            self.add(name, text);
        }
        for entry in value.entries().iter().filter(|entry| !entry.shadowed) {
            let dot = if name.is_empty() { "" } else { "." };
            self.add_element(&format!("{name}{dot}{}", entry.key), &entry.value);
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        self.0.entry(name.to_owned()).or_default().insert(value.to_owned());
    }

    /// All that a path comes to be, with `*` and `**` for what nobody knows here.
    pub(super) fn filled_in(&self, path: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        let mut rest = path;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").unwrap_or((after, ""));
            let name = name.trim_matches('-').trim().trim_start_matches('.');
            if name.split_whitespace().next().is_some_and(|word| WORDS.contains(&word)) {
                return vec![ANY.to_owned()];
            }
            let is_all =
                found.len() == 1 && found[0].is_empty() && before.is_empty() && after.trim_matches('/').is_empty();
            let unknown = if is_all && !PARTS.iter().any(|part| name.contains(part)) { ANY } else { ONE };
            let known = self.0.get(name).filter(|values| values.len() * found.len() <= MOST);
            found = match known {
                Some(values) => {
                    let each = |begun: &String| values.iter().map(|value| format!("{begun}{before}{value}")).collect();
                    found.iter().flat_map::<Vec<String>, _>(each).collect()
                }
                None => found.iter().map(|begun| format!("{begun}{before}{unknown}")).collect(),
            };
            rest = after;
        }
        found.into_iter().map(|begun| begun + rest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::yaml;

    #[test]
    fn paths_come_to_be_what_generators_say() {
        let spec = "generators:\n- matrix:\n    generators:\n    - git: {directories: [{path: apps/*}, {path: apps/old, exclude: \
                    true}]}\n    - list: {elements: [{env: eu/prod, values: {x: y}}, {env: dev}]}\n- git: {pathParamPrefix: own, files: \
                    [{path: 'envs/**/config.json'}]}\n";
        let parameters = Parameters::of(&yaml::read(spec).unwrap()[0]);
        for (path, filled_in) in [
            ("plain", &["plain"][..]),
            ("{{path}}", &["apps/*"]),
            ("{{ .path.path }}/base", &["apps/*/base"]),
            ("{{own.path}}", &["envs/**"]),
            ("{{path.basename}}/{{env}}", &["*/dev", "*/eu/prod"]),
            ("x-{{.values.x}}/{{ index .path.segments 1 }}", &["x-y/*"]),
            ("{{path[1]}}", &["*"]),
            ("{{.app.path}}", &["**"]),
            ("{{ if .x }}a{{ else }}b{{ end }}", &["**"]),
        ] {
            assert_eq!(parameters.filled_in(path), filled_in, "{path}");
        }
    }

    #[test]
    fn a_generator_lays_its_own_template_upon_the_set_s() {
        let spec = "template: {spec: {source: {path: a, chart: b}}}\ngenerators: [{list: {template: {spec: {source: {path: c}}}}}]\n";
        let trees = templates(&yaml::read(spec).unwrap()[0]);
        let at = |tree: &Tree, key| tree.at(&["source", key]).and_then(Tree::text).map(str::to_owned);
        let seen: Vec<_> = trees.iter().map(|tree| (at(tree, "path"), at(tree, "chart"))).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(seen, [(text("a"), text("b")), (text("c"), text("b"))]);
    }
}
