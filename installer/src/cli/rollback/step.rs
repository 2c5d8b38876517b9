//! What a step is called on the command line, and what to do about those that have no undoing.

use std::str::FromStr;

use miette::Diagnostic;

use crate::rollout::Kind;

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepName {
    /// A component.
    Component(String),
    /// What is done to a node.
    Node {
        /// Its name.
        node: String,
        /// What is done.
        kind: Kind,
    },
}

/// What is done to nodes.
const KINDS: &[Kind] = &[
    Kind::Watch,
    Kind::Packages,
    Kind::Kernel,
    Kind::Time,
    Kind::Release,
    Kind::Images,
    Kind::Configuration,
    Kind::Clear,
    Kind::Start,
    Kind::Upgrade,
];

impl FromStr for StepName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some(("component", name)) if !name.is_empty() => Ok(Self::Component(name.to_owned())),
            Some((node, word)) if !node.is_empty() => {
                let kind = KINDS.iter().find(|kind| kind.to_string() == word).copied();
                let words: Vec<String> = KINDS.iter().map(Kind::to_string).collect();
                let kind =
                    kind.ok_or_else(|| format!("`{word}` is no step of a node: they are {}", words.join(", ")))?;
                Ok(Self::Node { node: node.to_owned(), kind })
            }
            _ => Err("expected `component/NAME`, or `NODE/KIND` such as node-1/start".into()),
        }
    }
}

/// A step that has no undoing of its own.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{node}/{kind} can't be undone by itself: {why}")]
pub(super) struct NoUndo {
    node: String,
    kind: Kind,
    why: &'static str,
    #[help]
    instead: String,
}

impl NoUndo {
    pub(super) fn of(node: &str, kind: Kind) -> Self {
        let off = || format!("`airgap-install uninstall --site FILE --node {node}` takes all of it off the node");
        let (why, instead) = match kind {
            Kind::Packages => (
                "other programs of the node may have come to need the packages",
                "what a bundle brought is listed on the node in /var/lib/airgap-packages/brought: remove there what \
                 nothing needs"
                    .into(),
            ),
            Kind::Upgrade => (
                "Kubernetes does not go back to an earlier version",
                "before an upgrade of a server a snapshot of etcd is taken on it, named `airgap-before-…`; restore it as the \
                 distribution's documentation says, with the release of that version"
                    .into(),
            ),
            Kind::Clear => ("nothing asks for what it removed", "say it again in site.yaml, and install again".into()),
            Kind::Time => ("the site names its servers of time", "take `ntp` out of site.yaml, and install again".into()),
            Kind::Watch => ("it counts only while something changes", "a run that ends takes the counters away".into()),
            _ => ("a node that runs without a part of it would not come up again", off()),
        };
        Self { node: node.to_owned(), kind, why, instead }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_called_as_the_journal_names_them() {
        assert_eq!("component/shop".parse(), Ok(StepName::Component("shop".into())));
        assert_eq!("node-1/start".parse(), Ok(StepName::Node { node: "node-1".into(), kind: Kind::Start }));
        let wrong: Result<StepName, _> = "node-1/reboot".parse();
        assert!(wrong.unwrap_err().contains("watch, packages, kernel, time, release"));
        for text in ["shop", "component/", "/start", ""] {
            assert!(text.parse::<StepName>().is_err(), "{text}");
        }
    }
}
