//! Whatever is chosen of what the stacks leave open, they can be put together.

use std::path::{Path, PathBuf};

use airgap_console::error::render;
use bundler::resolve::ResolvedStack;
use bundler::resolve::stack::load;
use serde::Deserialize;

use super::shipped;

#[derive(Deserialize)]
struct Open {
    #[serde(default)]
    choose: Vec<Set>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Set {
    name: String,
    one_of: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Component {
    Name(String),
    Changed { component: String },
}

/// The stack's sets, each with the components that one is taken of.
fn sets(stack: &Path) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(stack).unwrap();
    let open: Open = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", stack.display()));
    let name = |one| match one {
        Component::Name(component) | Component::Changed { component } => component,
    };
    open.choose.into_iter().map(|set| (set.name, set.one_of.into_iter().map(name).collect())).collect()
}

/// Every way to choose one of each set.
fn ways(sets: &[(String, Vec<String>)]) -> Vec<String> {
    sets.iter().fold(vec![String::new()], |ways, (set, components)| {
        let further = |way: &String| components.iter().map(|one| format!("{way}{set}: {one}, ")).collect::<Vec<_>>();
        ways.iter().flat_map(further).collect()
    })
}

/// A stack on top of a shipped one, with more said in it.
pub(crate) fn on_top_of(below: &Path, more: &str) -> ResolvedStack {
    let folder = tempfile::tempdir().unwrap();
    let (file, below) = (folder.path().join("top.yaml"), below.canonicalize().unwrap());
    let head = "apiVersion: airgap/v1\nkind: Stack\nname: top\nversion: 1.0.0";
    std::fs::write(&file, format!("{head}\nextends: {}\n{more}\n", below.display())).unwrap();
    load(&file).unwrap_or_else(|error| panic!("{more} on {}: {}", below.display(), render(&error)))
}

/// All stacks, in every way to choose of what they leave open: the file, what is chosen, and the stack.
pub(crate) fn every_way() -> Vec<(PathBuf, String, ResolvedStack)> {
    let files = std::fs::read_dir(shipped("stacks")).unwrap().map(|entry| entry.unwrap().path());
    let mut all = Vec::new();
    for path in files.filter(|path| path.is_file()) {
        for way in ways(&sets(&path)) {
            let stack = on_top_of(&path, &if way.is_empty() { way.clone() } else { format!("choices: {{{way}}}") });
            all.push((path.clone(), way, stack));
        }
    }
    all
}

#[test]
fn every_choice_of_every_stack_can_be_taken() {
    let mut tried = 0;
    for (_, way, stack) in every_way() {
        for component in way.split(", ").filter_map(|choice| choice.split_once(": ")).map(|(_, name)| name) {
            assert!(stack.components.iter().any(|(name, _)| name.as_str() == component), "{component}");
        }
        tried += usize::from(!way.is_empty());
    }
    assert!(tried >= 6, "{tried}");
}
