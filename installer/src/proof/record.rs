//! `<state>/cluster/record.json`: what a cluster was made of, and how that was shown.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audit::Audit;
use super::egress::Egress;
use crate::event::BundleId;

/// What a cluster was made of, and how that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// 1.
    pub schema_version: u32,
    /// The site.
    pub site: String,
    /// The bundle.
    pub bundle: BundleId,
    /// The distribution and its version: `rke2 v1.30.6+rke2r1`.
    pub distribution: String,
    /// The nodes.
    pub nodes: Vec<RecordedNode>,
    /// The components, in the order in which they went in.
    pub components: Vec<String>,
    /// When it was shown, by the jump host's clock.
    pub at: Timestamp,
    /// Whether the counters are gone from the nodes.
    pub closed: bool,
    /// Whether what tried to leave was dropped, too.
    pub enforced: bool,
    /// What tried to leave, by node.
    pub egress: BTreeMap<String, Egress>,
    /// The images of the cluster.
    #[serde(flatten)]
    pub audit: Audit,
}

/// A node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedNode {
    /// Its name.
    pub name: String,
    /// `server` or `agent`.
    pub role: String,
    /// Its address.
    pub address: IpAddr,
}

impl Record {
    /// Whether this shows the same of a cluster of `bundle` and these nodes, and there is nothing left to do for it.
    pub fn holds(&self, bundle: &BundleId, nodes: &[RecordedNode]) -> bool {
        self.closed && self.bundle.digest == bundle.digest && self.nodes == nodes
    }

    /// Takes what an earlier look saw that was not finished: counters that are gone since then count.
    pub fn keep(&mut self, earlier: Option<Self>) {
        let Some(earlier) = earlier.filter(|earlier| !earlier.closed && earlier.bundle == self.bundle) else { return };
        for (node, before) in earlier.egress {
            match self.egress.get_mut(&node) {
                Some(now) if now.packets < before.packets => {
                    // Gaps are counted from the first begin on.
                    *now = Egress { gaps: std::mem::take(&mut now.gaps), ..before };
                }
                _ => {}
            }
        }
    }

    /// What tried to leave, in one line; nothing if all was counted and nothing did.
    pub fn left(&self) -> Option<String> {
        let told = self.egress.iter().filter_map(|(node, egress)| Some(format!("{node}: {}", egress.summary()?)));
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn record(closed: bool, packets: u64) -> Record {
        let digest = manifests::Digest::of(b"bundle");
        Record {
            schema_version: 1,
            site: "plant".into(),
            bundle: BundleId { name: "platform".into(), version: "1.0.0".into(), digest },
            distribution: "rke2 v1.30.6+rke2r1".into(),
            nodes: Vec::new(),
            components: Vec::new(),
            at: Timestamp::UNIX_EPOCH,
            closed,
            enforced: false,
            egress: BTreeMap::from([("n1".to_owned(), Egress { packets, ..Egress::default() })]),
            audit: Audit::default(),
        }
    }

    #[test]
    fn what_an_unfinished_look_counted_is_not_lost_and_what_a_finished_one_did_is_its_own() {
        let mut now = record(false, 0);
        now.keep(Some(record(false, 3)));
        assert_eq!(now.left().unwrap(), "n1: 3 packets tried to leave");
        let mut now = record(false, 0);
        now.keep(Some(record(true, 3)));
        assert_eq!(now.left(), None);
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let text = serde_json::to_string(&record(true, 1)).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record(true, 1));
    }
}
