//! What a stack says of how it is deployed.

use crate::kubernetes::{DistributionName, DistributionVersion, ReleaseName};
use crate::stack::{ValuesChange, WantedDistribution};
use crate::values;
use crate::yaml::{Fields, Key, Node, Problem, Sink};

pub(super) fn distribution(node: &Node, sink: &Sink) -> Option<WantedDistribution> {
    let mut fields = Fields::of(node, "a distribution", sink)?;
    let named = fields.required("name", "write `name: rke2` or `name: k3s`");
    let name = named.and_then(|node| name(node, sink));
    let said = fields.required("version", "write the release's version, such as `version: v1.30.6+rke2r1`");
    let version = said.and_then(|node| node.parse::<DistributionVersion>(sink));
    let files = fields.get("files");
    let files_location = files.or(named).map_or(node.head(), |node| &node.location).clone();
    let files = files.map(|node| node.parse(sink));
    let disable = fields.list("disable", Node::parse);
    fields.finish();
    let (name, version) = (name?, version?);
    if version.distribution() != name {
        let place = said.map_or(node.head(), |node| &node.location);
        let problem = Problem::new(place, format!("`{version}` is not a version of {name}"), "this version");
        sink.add(problem.with_help(format!("it is one of {}", version.distribution())));
        return None;
    }
    let files = match files {
        Some(files) => files?,
        None => name.as_str().parse().ok()?,
    };
    let location = named.map_or(node.head(), |node| &node.location).clone();
    Some(WantedDistribution { name, version, files, disable, location, files_location })
}

fn name(node: &Node, sink: &Sink) -> Option<DistributionName> {
    match node.text(sink)? {
        "rke2" => Some(DistributionName::Rke2),
        "k3s" => Some(DistributionName::K3s),
        other => {
            let shown: String = other.chars().take(80).collect();
            let message = format!("`{shown}` is not a distribution that can be installed");
            sink.add(Problem::new(&node.location, message, "this name").with_help("write `rke2` or `k3s`"));
            None
        }
    }
}

/// Values over those of a release, by its name.
pub(super) fn values_change(key: &Key, node: &Node, sink: &Sink) -> Option<ValuesChange> {
    let release = key.text.parse::<ReleaseName>();
    if let Err(error) = &release {
        let problem = Problem::new(&key.location, error.to_string(), "this release");
        sink.add(problem.with_help("a release has the chart's name, if the component says no other as `release:`"));
    }
    let values = values::mapping(node, sink)?;
    Some(ValuesChange { release: release.ok()?, values, location: key.location.clone() })
}
