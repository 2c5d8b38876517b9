//! Whatever is chosen of what the stacks leave open, they can be put together.

use std::path::Path;

use airgap_console::error::render;
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

#[test]
fn every_choice_of_every_stack_can_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for entry in std::fs::read_dir(shipped("stacks")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        for way in ways(&sets(&path)).iter().filter(|way| !way.is_empty()) {
            let chosen = folder.path().join("chosen.yaml");
            let below = path.canonicalize().unwrap();
            let text = format!(
                "apiVersion: airgap/v1\nkind: Stack\nname: chosen\nversion: 1.0.0\nextends: {}\nchoices: {{{way}}}\n",
                below.display()
            );
            std::fs::write(&chosen, text).unwrap();
            let stack = load(&chosen).unwrap_or_else(|error| panic!("{way}of {}: {}", path.display(), render(&error)));
            for component in way.split(", ").filter_map(|choice| choice.split_once(": ")).map(|(_, name)| name) {
                assert!(stack.components.iter().any(|(name, _)| name.as_str() == component), "{component}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 6, "{tried}");
}
