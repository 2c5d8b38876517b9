//! The stacks that come with the software can be put together from the components that come with it.

use std::collections::BTreeSet;

use airgap_console::error::render;
use bundler::catalogue;
use bundler::resolve::ResolvedStack;
use manifests::Platform;

use super::shipped;

/// Those of customers' architectures.
const STACKS: [&str; 6] =
    ["enterprise-platform", "enterprise-rke2", "gitops", "kubernetes-observability", "minimal-k3s", "rancher-apps"];

fn stacks() -> Vec<ResolvedStack> {
    catalogue::stacks(&shipped("stacks")).unwrap_or_else(|error| panic!("{}", render(&error)))
}

#[test]
fn every_architecture_has_a_stack_and_every_stack_asks_for_something() {
    let stacks = stacks();
    let names: BTreeSet<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
    let missing: Vec<_> = STACKS.iter().filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "architectures without a stack: {missing:?}");
    for stack in &stacks {
        let packages = stack.systems.iter().any(|system| !system.packages.is_empty());
        assert!(!stack.charts.is_empty() || packages, "{}", stack.name);
        assert!(stack.description.is_some() && stack.created.is_some(), "{}", stack.name);
        assert!(stack.images.iter().all(|image| image.platforms == [Platform::linux_amd64()]), "{}", stack.name);
    }
}

#[test]
fn every_part_is_stood_on() {
    let files = std::fs::read_dir(shipped("stacks")).unwrap().map(|entry| entry.unwrap().path());
    let texts: Vec<String> =
        files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for entry in std::fs::read_dir(shipped("stacks/parts")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(texts.iter().any(|text| text.contains(&format!("./parts/{name}"))), "{name}");
    }
}

#[test]
fn every_stack_is_told_of_on_a_page() {
    let pages = std::fs::read_dir(shipped("../docs/stacks")).unwrap();
    let pages: Vec<String> = pages.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    for stack in stacks() {
        let name = stack.name.as_str();
        let tells = |page: &String| page.contains(&format!("`{name}`")) || page.starts_with(&format!("# {name}\n"));
        assert!(pages.iter().any(tells), "{name}");
    }
    for name in STACKS {
        let page = std::fs::read_to_string(shipped(&format!("../docs/stacks/{name}.md"))).unwrap();
        assert!(
            page.contains("```mermaid") || page.contains("```text") || page.contains("!["),
            "{name} has no picture"
        );
    }
}

/// What charts bring is seen when they are rendered; this is what components say of themselves.
#[test]
fn no_stack_has_two_components_for_one_class() {
    for stack in stacks() {
        let mut seen = BTreeSet::new();
        for offers in &stack.offers {
            for class in offers.provides.storage_classes.iter().chain(&offers.provides.ingress_classes) {
                assert!(seen.insert(class.name.to_string()), "{}: two bring `{}`", stack.name, class.name);
            }
        }
    }
}
