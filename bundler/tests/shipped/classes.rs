//! Whatever is chosen, one component of a stack brings a class of a name, one the default class of its kind, and one the network. What
//! charts bring is on record, as it was rendered; what the values of a release add stands in them.

use std::collections::BTreeMap;

use bundler::resolve::ResolvedStack;
use manifests::kubernetes::{DistributionName, ObjectName};
use serde_json::Value;

use super::alternatives::{every_way, on_top_of};
use super::record::{Class, Record, records};
use super::{components, shipped};

/// The classes of a stack, each with the component that brings it.
fn classes(stack: &ResolvedStack, records: &BTreeMap<String, Record>) -> Vec<(String, Class)> {
    let disabled = stack.platform.iter().flat_map(|platform| &platform.distribution.disable);
    let disabled: Vec<&str> = disabled.map(ObjectName::as_str).collect();
    let mut classes = Vec::new();
    for (name, _) in &stack.components {
        let Some(record) = records.get(name.as_str()) else { continue };
        let is_there = |class: &&Class| class.part.as_deref().is_none_or(|part| !disabled.contains(&part));
        classes.extend(record.classes.iter().filter(is_there).map(|class| (name.to_string(), class.clone())));
    }
    for (component, releases) in stack.platform.iter().flat_map(|platform| &platform.components) {
        for value in releases.iter().flat_map(|release| release.settings.values.values()) {
            let mut added = Vec::new();
            in_values(value, &mut added);
            classes.extend(added.into_iter().map(|class| (component.name.to_string(), class)));
        }
    }
    classes
}

/// The classes among objects that stand in values.
fn in_values(value: &Value, classes: &mut Vec<Class>) {
    let text = |path| value.pointer(path).and_then(Value::as_str);
    match (text("/kind"), text("/metadata/name")) {
        (Some(kind @ ("StorageClass" | "IngressClass")), Some(name)) => {
            let annotations = value.pointer("/metadata/annotations").and_then(Value::as_object);
            let default = annotations
                .into_iter()
                .flatten()
                .any(|(key, value)| key.ends_with("/is-default-class") && value.as_str() == Some("true"));
            classes.push(Class { kind: kind.to_owned(), name: name.to_owned(), default, part: None });
        }
        _ => match value {
            Value::Array(items) => items.iter().for_each(|item| in_values(item, classes)),
            Value::Object(fields) => fields.values().for_each(|field| in_values(field, classes)),
            _ => {}
        },
    }
}

/// What two components of a stack bring.
fn clashes(stack: &ResolvedStack, records: &BTreeMap<String, Record>) -> Vec<String> {
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (component, class) in classes(stack, records) {
        if class.default {
            by.entry(format!("the default {}", class.kind)).or_default().push(component.clone());
        }
        by.entry(format!("the {} `{}`", class.kind, class.name)).or_default().push(component);
    }
    // RKE2 brings the network that the site names; k3s leaves its own out where the site names another.
    let platform = stack.platform.as_ref();
    let own = platform.filter(|platform| platform.distribution.name == DistributionName::Rke2);
    let networks = by.entry("a network".to_owned()).or_default();
    networks.extend(own.map(|platform| platform.distribution.files.clone()));
    let is_network = |name: &&str| records.get(*name).is_some_and(|record| record.network);
    networks.extend(stack.components.iter().map(|(name, _)| name.as_str()).filter(is_network).map(str::to_owned));
    let several = by.into_iter().filter(|(_, components)| components.len() > 1);
    several.map(|(what, components)| format!("{what}: {}", components.join(", "))).collect()
}

#[test]
fn whatever_is_chosen_no_class_and_no_network_comes_from_two() {
    let records = records();
    let mut wrong = Vec::new();
    for (path, way, stack) in every_way() {
        wrong.extend(clashes(&stack, &records).into_iter().map(|clash| format!("{} {way}{clash}", path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn classes_and_networks_of_two_are_seen() {
    let clashes = |stack: &str, component: &str| {
        let component = shipped("components").canonicalize().unwrap().join(component);
        let more = format!("components: [{{component: {}}}]", component.display());
        clashes(&on_top_of(&shipped("stacks").join(stack), &more), &records())
    };
    assert_eq!(clashes("minimal-k3s.yaml", "calico.yaml"), Vec::<String>::new());
    assert_eq!(clashes("minimal-k3s.yaml", "traefik.yaml"), ["the IngressClass `traefik`: k3s, traefik"]);
    assert_eq!(clashes("minimal-k3s.yaml", "ingress-nginx.yaml"), ["the default IngressClass: k3s, ingress-nginx"]);
    assert_eq!(clashes("gitops.yaml", "cilium.yaml"), ["a network: rke2, cilium"]);
    assert_eq!(clashes("gitops.yaml", "longhorn.yaml"), ["the default StorageClass: rook-ceph-cluster, longhorn"]);
}

/// The other way round needs no word: discovery sees what charts make.
#[test]
fn classes_that_components_say_they_provide_are_on_record() {
    let records = records();
    for component in components() {
        let record = &records[component.name.as_str()];
        let is_there = |kind: &str, name: &str| record.classes.iter().any(|one| one.kind == kind && one.name == name);
        for offer in &component.provides.storage_classes {
            assert!(is_there("StorageClass", offer.name.as_str()), "{}: {}", component.name, offer.name);
        }
        for offer in &component.provides.ingress_classes {
            assert!(is_there("IngressClass", offer.name.as_str()), "{}: {}", component.name, offer.name);
        }
    }
}
