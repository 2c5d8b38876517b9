//! What objects bring and want beside images.

use super::{Walk, custom};
use crate::discovery::inventory::{Api, Class, Definition};
use crate::discovery::removed;
use crate::discovery::yaml::Tree;

/// Annotations that name a default class.
const DEFAULT_STORAGE: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const DEFAULT_INGRESS: [&str; 1] = ["ingressclass.kubernetes.io/is-default-class"];
/// The annotation that named the class of an ingress before there was a field for it.
const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";

impl Walk<'_> {
    /// Notes what an object is to others.
    pub(super) fn take_stock(&mut self, tree: &Tree) {
        let (group, kind) = (custom::group(&self.object.api_version), self.object.kind.as_str());
        let name = self.object.name.clone();
        // A test makes its objects when somebody asks for it.
        let is_other = !custom::is_built_in(group) || removed::may_be_gone(&self.object.api_version);
        if is_other && !kind.is_empty() && !self.is_test {
            let kind = self.at(Api { version: self.object.api_version.clone(), kind: kind.to_owned() });
            self.found.inventory.kinds.push(kind);
        }
        match (group, kind) {
            ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                let definition = self.at(Definition { name, apis: apis(tree) });
                return self.found.inventory.definitions.push(definition);
            }
            ("apiregistration.k8s.io", "APIService") if tree.at(&["spec", "service"]).is_some() => {
                let service = self.at(name);
                self.found.inventory.api_services.push(service);
            }
            ("storage.k8s.io", "StorageClass") => {
                let class = self.at(Class { name, default: is_default(tree, &DEFAULT_STORAGE) });
                self.found.inventory.storage_classes.push(class);
            }
            // A claim is bound to a volume that is there by the same word, without a class of that name.
            ("", "PersistentVolume") => {
                let class = tree.at(&["spec", "storageClassName"]).and_then(Tree::text).unwrap_or_default().to_owned();
                if !class.is_empty() && !self.is_test {
                    let class = self.at(Class { name: class, default: false });
                    self.found.inventory.storage_classes.push(class);
                }
            }
            ("networking.k8s.io", "IngressClass") => {
                let class = self.at(Class { name, default: is_default(tree, &DEFAULT_INGRESS) });
                self.found.inventory.ingress_classes.push(class);
            }
            ("networking.k8s.io" | "extensions", "Ingress") => {
                let field = tree.at(&["spec", "ingressClassName"]);
                let class = field.or_else(|| tree.at(&["metadata", "annotations", INGRESS_CLASS])).and_then(Tree::text);
                if !class.is_some_and(|class| self.is_of_site(class)) {
                    let wanted = self.at(class.map(str::to_owned));
                    self.found.inventory.wanted_ingress.push(wanted);
                }
            }
            _ => {}
        }
        if !self.is_test {
            self.wanted_classes(tree);
        }
    }

    /// Classes that fields anywhere in an object name: claims, templates of claims, custom resources with either.
    fn wanted_classes(&mut self, tree: &Tree) {
        for item in tree.items() {
            self.wanted_classes(item);
        }
        let is_claim = tree.get("accessModes").is_some() && tree.get("resources").is_some();
        if is_claim && tree.get("storageClassName").is_none_or(|class| class.text().is_none()) {
            let wanted = self.at(None);
            self.found.inventory.wanted_storage.push(wanted);
        }
        for entry in tree.entries() {
            if self.is_storage_of_postgres(&entry.key, &entry.value) {
                let wanted = self.at(None);
                self.found.inventory.wanted_storage.push(wanted);
            }
            // An empty name is a claim on a volume that is there.
            let class = entry.value.text().filter(|class| !class.is_empty()).map(str::to_owned);
            match (entry.key.as_str(), class) {
                // Which one it is, only the site knows.
                ("storageClassName" | "storageClass" | "ingressClassName", Some(class)) if self.is_of_site(&class) => {}
                ("storageClassName" | "storageClass", Some(class)) if self.object.kind != "PersistentVolume" => {
                    let wanted = self.at(Some(class));
                    self.found.inventory.wanted_storage.push(wanted);
                }
                ("ingressClassName", Some(class)) if self.object.kind != "Ingress" => {
                    let wanted = self.at(Some(class));
                    self.found.inventory.wanted_ingress.push(wanted);
                }
                _ => self.wanted_classes(&entry.value),
            }
        }
    }
}

/// The groups of CloudNativePG and of EDB's edition of it. Their clusters have claims that are written in a way of their own.
const POSTGRES: [&str; 2] = ["postgresql.cnpg.io", "postgresql.k8s.enterprisedb.io"];

impl Walk<'_> {
    /// Whether a field is storage of a cluster of PostgreSQL that names no class.
    fn is_storage_of_postgres(&self, key: &str, value: &Tree) -> bool {
        let is_cluster = POSTGRES.contains(&custom::group(&self.object.api_version)) && self.object.kind == "Cluster";
        let classes = [value.get("storageClass"), value.at(&["pvcTemplate", "storageClassName"])];
        is_cluster
            && matches!(key, "storage" | "walStorage")
            && value.get("size").is_some()
            && classes.iter().flatten().all(|class| class.text().is_none())
    }
}

fn is_default(tree: &Tree, annotations: &[&str]) -> bool {
    annotations.iter().any(|name| tree.at(&["metadata", "annotations", name]).is_some_and(Tree::is_true))
}

/// The versions of a kind that a definition adds.
fn apis(tree: &Tree) -> Vec<Api> {
    let Some(spec) = tree.get("spec") else { return Vec::new() };
    let (Some(group), Some(kind)) = (spec.text_of("group"), spec.at(&["names", "kind"]).and_then(Tree::text)) else {
        return Vec::new();
    };
    let versions = spec.get("versions").map(Tree::items).unwrap_or_default();
    let served = versions.iter().filter(|version| version.get("served").is_none_or(Tree::is_true));
    let names = served.filter_map(|version| version.text_of("name"));
    names.map(|version| Api { version: format!("{group}/{version}"), kind: kind.to_owned() }).collect()
}
