//! `fleet.yaml`: what Rancher's Fleet makes of a folder.

use super::{Place, Walk};
use crate::discovery::yaml::{self, Tree};
use crate::discovery::{Found, Object, Trouble};

/// Fields by which objects become other ones.
const MORE: [&str; 6] = ["targetCustomizations", "overlays", "values", "valuesFiles", "valuesFrom", "kustomize"];

impl Found {
    /// A `fleet.yaml`: the chart that Fleet fetches for its folder. What it says of clusters and patches is not followed.
    pub(in crate::discovery) fn fleet(&mut self, text: &str, place: &Place<'_>) {
        let trees = match yaml::read(text) {
            Ok(trees) => trees,
            Err(why) => return self.fail(place, Trouble::Document { line: 1, why }),
        };
        for tree in &trees {
            let is_url = |text: &str| text.contains("://");
            let is_fetched = |helm: &&Tree| helm.get("repo").is_some() || helm.text_of("chart").is_some_and(is_url);
            let fetched = tree.get("helm").filter(is_fetched);
            if let Some(helm) = fetched {
                Walk::new(self, place, fleet()).rendered(helm, ["chart", "repo", "version", "values"]);
            }
            let given = |key: &&&str| tree.get(key).or_else(|| tree.get("helm")?.get(key)).is_some();
            let is_known = |key: &&&str| fetched.is_some() && **key == "values";
            let more: Vec<&str> = MORE.iter().filter(|key| given(key) && !is_known(key)).copied().collect();
            if !more.is_empty() {
                let why = format!("what Fleet makes of `{}` in it is not followed", more.join("`, `"));
                self.fail(place, Trouble::NotFollowed { why });
            }
        }
    }
}

fn fleet() -> Object {
    let api_version = "fleet.cattle.io/v1alpha1".to_owned();
    Object { api_version, kind: "fleet.yaml".to_owned(), namespace: None, name: String::new() }
}
