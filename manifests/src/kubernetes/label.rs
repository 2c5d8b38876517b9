//! Labels and taints, as Kubernetes takes them.
//!
//! The rules are those of apimachinery's `validation` (qualified names and label values) and of the kubelet, which
//! refuses to start with labels of Kubernetes' own namespaces that are not its to set.

use std::fmt;
use std::str::FromStr;

use super::name::is_label;
use crate::word::{excerpt, word};

/// The longest name or value, in bytes.
const LONGEST: usize = 63;
/// Labels of Kubernetes' own that a kubelet may set, beside those under `node.kubernetes.io` and `kubelet.kubernetes.io`.
const KUBELETS: [&str; 11] = [
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/os",
    "beta.kubernetes.io/instance-type",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
];

/// The key of a label or taint: a name, with or without a domain and a `/` in front of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelKey(String);

word!(LabelKey, r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$", "The key of a label.");

impl LabelKey {
    /// Whether a kubelet may give itself a label with this key (`kubelet --node-labels`).
    pub fn is_for_kubelets(&self) -> bool {
        let Some((domain, _)) = self.0.split_once('/') else { return true };
        let within = |namespace: &str| domain == namespace || domain.ends_with(&format!(".{namespace}"));
        let kubernetes = within("kubernetes.io") || within("k8s.io");
        !kubernetes
            || within("node.kubernetes.io")
            || within("kubelet.kubernetes.io")
            || KUBELETS.contains(&self.0.as_str())
    }
}

impl FromStr for LabelKey {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (domain, name) = match text.split_once('/') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, text),
        };
        let good_domain = domain.is_none_or(|domain| domain.len() <= 253 && domain.split('.').all(is_label));
        if good_domain && is_word(name) { Ok(Self(text.to_owned())) } else { Err(LabelError::Key(excerpt(text))) }
    }
}

/// The value of a label or taint; may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LabelValue(String);

word!(LabelValue, r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$", "The value of a label; may be empty.");

impl FromStr for LabelValue {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let good = text.is_empty() || is_word(text);
        if good { Ok(Self(text.to_owned())) } else { Err(LabelError::Value(excerpt(text))) }
    }
}

/// What a node turns pods away with: `key=value:effect`, or `key:effect`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taint {
    /// The key.
    pub key: LabelKey,
    /// The value; empty if there is none.
    pub value: LabelValue,
    /// What becomes of pods that don't tolerate it.
    pub effect: Effect,
}

/// What a taint does to pods that don't tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// They are not placed here.
    NoSchedule,
    /// They are placed elsewhere if they can be.
    PreferNoSchedule,
    /// They are not placed here, and those that are here go.
    NoExecute,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, effect } = self;
        if value.as_str().is_empty() { write!(f, "{key}:{effect}") } else { write!(f, "{key}={value}:{effect}") }
    }
}

impl FromStr for Taint {
    type Err = TaintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, effect) = text.rsplit_once(':').ok_or_else(|| TaintError::Form(excerpt(text)))?;
        let effect = match effect {
            "NoSchedule" => Effect::NoSchedule,
            "PreferNoSchedule" => Effect::PreferNoSchedule,
            "NoExecute" => Effect::NoExecute,
            other => return Err(TaintError::Effect(excerpt(other))),
        };
        let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
        Ok(Self { key: key.parse()?, value: value.parse()?, effect })
    }
}

/// Letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
pub(super) fn is_word(text: &str) -> bool {
    let end = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST
        && end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A text that is no part of a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not a key.
    #[error("`{0}` is not the key of a label or taint")]
    Key(String),
    /// Not a value.
    #[error("`{0}` is not the value of a label or taint")]
    Value(String),
}

/// A text that is no taint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaintError {
    /// No effect.
    #[error("`{0}` is not a taint: its effect is missing")]
    Form(String),
    /// An unknown effect.
    #[error("`{0}` is not the effect of a taint")]
    Effect(String),
    /// Its key or value is wrong.
    #[error(transparent)]
    Label(#[from] LabelError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_follow_the_rules_of_kubernetes() {
        for text in ["gpu", "example.org/gpu", "a.b/C_d.e-9", "1"] {
            assert_eq!(text.parse::<LabelKey>().unwrap().as_str(), text);
        }
        for text in ["", "/a", "a/", "a/b/c", "-a", "a-", "A.org/x", "a b", "é", &"a".repeat(64)] {
            assert!(text.parse::<LabelKey>().is_err(), "{text}");
        }
        assert!(["", "true", "A-1_b.c"].iter().all(|text| text.parse::<LabelValue>().is_ok()));
        assert!(["-", "a/b", "a b", ".", &"a".repeat(64)].iter().all(|text| text.parse::<LabelValue>().is_err()));
    }

    #[test]
    fn a_kubelet_sets_its_own_labels_and_those_of_others_than_kubernetes() {
        let may = |text: &str| text.parse::<LabelKey>().unwrap().is_for_kubelets();
        for text in
            ["gpu", "example.org/x", "topology.kubernetes.io/zone", "node.kubernetes.io/x", "a.node.kubernetes.io/x"]
        {
            assert!(may(text), "{text}");
        }
        for text in ["node-role.kubernetes.io/worker", "kubernetes.io/x", "x.k8s.io/y"] {
            assert!(!may(text), "{text}");
        }
    }

    #[test]
    fn taints_are_written_as_kubectl_has_them() {
        for text in ["dedicated=gpu:NoSchedule", "example.org/x:NoExecute", "a=b:PreferNoSchedule"] {
            assert_eq!(text.parse::<Taint>().unwrap().to_string(), text);
        }
        assert_eq!("a=:NoExecute".parse::<Taint>().unwrap().to_string(), "a:NoExecute");
        for text in ["", "a", "a=b", "a:noschedule", ":NoSchedule", "a=b=c:NoSchedule", "a=b:"] {
            assert!(text.parse::<Taint>().is_err(), "{text}");
        }
    }
}
