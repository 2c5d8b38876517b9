//! The stacks that come with the software can be put together from the components that come with it.

use std::collections::BTreeSet;

use airgap_console::error::render;
use bundler::catalogue;
use manifests::Platform;

use super::shipped;

/// Those of customers' architectures.
const STACKS: [&str; 6] =
    ["enterprise-platform", "enterprise-rke2", "gitops", "kubernetes-observability", "minimal-k3s", "rancher-apps"];

#[test]
fn every_stack_is_put_together_and_says_for_what_it_is() {
    let stacks = catalogue::stacks(&shipped("stacks")).unwrap_or_else(|error| panic!("{}", render(&error)));
    let names: BTreeSet<&str> = stacks.iter().map(|(stack, _)| stack.name.as_str()).collect();
    let missing: Vec<_> = STACKS.iter().filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "architectures without a stack: {missing:?}");
    for (stack, resolved) in &stacks {
        let (name, page) = (&stack.name, shipped("../docs/stacks").join(format!("{}.md", stack.name)));
        assert!(stack.description.is_some() && resolved.created.is_some(), "{name}");
        assert!(!resolved.components.is_empty(), "{name}");
        assert!(!STACKS.contains(&name.as_str()) || page.is_file(), "{name} has no page {}", page.display());
        assert!(resolved.images.iter().all(|image| image.platforms.contains(&Platform::linux_amd64())), "{name}");
    }
}

/// One default class of storage, one owner of each port of the nodes: what discovery sees when it renders the charts, and
/// what it does not is on the page of the stack.
#[test]
fn no_stack_has_two_components_for_one_class() {
    for (stack, resolved) in catalogue::stacks(&shipped("stacks")).unwrap() {
        let mut seen = BTreeSet::new();
        for offers in &resolved.offers {
            for class in offers.provides.storage_classes.iter().chain(&offers.provides.ingress_classes) {
                assert!(seen.insert(class.name.to_string()), "{}: two bring `{}`", stack.name, class.name);
            }
        }
    }
}
