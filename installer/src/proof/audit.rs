//! The images of a cluster, held against those of the bundle.

use std::collections::{BTreeMap, BTreeSet};

use manifests::{Digest, ImageReference};
use serde::{Deserialize, Serialize};

use super::carried::{CarriedImages, Verdict};
use super::observed::Use;

/// The images of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Audit {
    /// Each once, by their names.
    pub images: Vec<Observed>,
}

/// An image of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Its name in full.
    pub image: String,
    /// What it is, as a node says; none while it has not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
    /// What is thought of it.
    pub verdict: Verdict,
    /// Who wants it: `Deployment shop/web`.
    pub owners: BTreeSet<String>,
}

impl Audit {
    /// Holds what was seen against what is carried.
    pub fn of(uses: Vec<Use>, carried: &CarriedImages) -> Self {
        let mut owners: BTreeMap<(String, Option<Digest>), BTreeSet<String>> = BTreeMap::new();
        for Use { image, content, owner } in uses {
            let name = image.parse::<ImageReference>().map_or(image, |name| name.to_string());
            owners.entry((name, content)).or_default().insert(owner);
        }
        // A workload's template says the name alone; once its pods run, they say more.
        let running: BTreeSet<String> =
            owners.keys().filter(|(_, content)| content.is_some()).map(|(name, _)| name.clone()).collect();
        let images = owners.into_iter().filter(|((name, content), _)| content.is_some() || !running.contains(name));
        let observed = images.map(|((image, content), owners)| {
            let verdict = carried.judge(&image, content);
            Observed { image, content, verdict, owners }
        });
        Self { images: observed.collect() }
    }

    /// Those that the bundle does not vouch for.
    pub fn strangers(&self) -> impl Iterator<Item = &Observed> {
        self.images.iter().filter(|image| !image.verdict.is_fine())
    }

    /// A component with the images that the bundle lacks, to be added to its stack; none if it lacks none.
    pub fn patch(&self) -> Option<String> {
        let missing: BTreeSet<&str> = self.strangers().map(|image| image.image.as_str()).collect();
        if missing.is_empty() {
            return None;
        }
        let mut text = String::from("apiVersion: airgap/v1\nkind: Component\nname: observed\nimages:\n");
        for image in missing {
            text.push_str(&format!("  - {image}\n"));
        }
        Some(text)
    }

    /// In one line, for people.
    pub fn summary(&self) -> String {
        let strangers: Vec<String> = self
            .strangers()
            .map(|image| {
                let owners: Vec<&str> = image.owners.iter().map(String::as_str).collect();
                format!("{} of {}", image.image, owners.join(", "))
            })
            .collect();
        match strangers.len() {
            0 => format!("all {} images are the bundle's", self.images.len()),
            count => format!("{count} of {} images are not the bundle's: {}", self.images.len(), strangers.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn wants(image: &str, content: Option<Digest>, owner: &str) -> Use {
        Use { image: image.into(), content, owner: owner.into() }
    }

    #[test]
    fn a_stranger_is_named_with_all_who_want_it_and_can_be_added() {
        let (ours, other) = (Digest::of(b"ours"), Digest::of(b"other"));
        let carried = CarriedImages::of(&[("docker.io/library/tool:1.0", ours)], &[], &[]);
        let audit = Audit::of(
            vec![
                wants("tool:1.0", None, "Deployment shop/web"),
                wants("tool:1.0", Some(ours), "Deployment shop/web"),
                wants("quay.io/stranger:2", Some(other), "Pod shop/probe"),
                wants("quay.io/stranger:2", Some(other), "Node node-1"),
            ],
            &carried,
        );
        insta::assert_snapshot!(audit.summary(), @"1 of 2 images are not the bundle's: quay.io/stranger:2 of Node node-1, Pod shop/probe");
        let patch = audit.patch().unwrap();
        insta::assert_snapshot!(patch, @r"
        apiVersion: airgap/v1
        kind: Component
        name: observed
        images:
          - quay.io/stranger:2
        ");
    }

    #[test]
    fn where_all_is_carried_there_is_nothing_to_add() {
        let ours = Digest::of(b"ours");
        let carried = CarriedImages::of(&[("docker.io/library/tool:1.0", ours)], &[], &[]);
        let audit = Audit::of(vec![wants("tool:1.0", Some(ours), "Pod shop/a")], &carried);
        assert_eq!((audit.summary().as_str(), audit.patch()), ("all 1 images are the bundle's", None));
    }
}
