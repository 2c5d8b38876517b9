//! The shapes of decisions, waivers, and of what components bring and want.

use schemars::JsonSchema;
use serde::Serialize;

use super::deployment::NameWithGroup;
use crate::BundleName;
use crate::component::KernelModule;
use crate::debian::PackageName;
use crate::evidence::FindingId;
use crate::kubernetes::ObjectName;

/// Whether a text in what a chart renders is an image that is carried.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StackDecision {
    /// The text, as it was seen.
    pub image: LineOfText,
    /// Whether it is carried.
    pub carry: bool,
    /// Why.
    pub reason: LineOfText,
    /// The only component that this is said for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<BundleName>,
    /// The only chart that this is said for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
}

/// Whether a text in what a chart of this component renders is an image that is carried.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ComponentDecision {
    /// The text, as it was seen.
    pub image: LineOfText,
    /// Whether it is carried.
    pub carry: bool,
    /// Why.
    pub reason: LineOfText,
    /// The only chart that this is said for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<String>,
}

/// Findings that are let pass.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct WaiverShape {
    /// Their kind.
    pub finding: FindingId,
    /// What they are about; `*` stands for any text, `?` for one character.
    pub object: LineOfText,
    /// Why.
    pub reason: LineOfText,
    /// The last day on which this holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// What is brought, or wanted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct OffersShape {
    /// Classes of storage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage_classes: Vec<ObjectName>,
    /// Classes of ingresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingress_classes: Vec<ObjectName>,
    /// Definitions of custom resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crds: Vec<NameWithGroup>,
    /// Modules of the kernel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kernel_modules: Vec<KernelModule>,
    /// Packages on the nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<PackageName>,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct LineOfText(#[schemars(length(min = 1, max = 1024), regex(pattern = r"\S"))] pub String);

/// A day: `2026-11-21`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Day(#[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))] pub String);
