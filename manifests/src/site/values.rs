//! What a site says to a component.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::SecretSource;
use crate::BundleName;
use crate::yaml::Location;

/// What a site says to a component.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentValues {
    /// The variant of its values that this site takes.
    pub variant: Option<BundleName>,
    /// Values of its charts; over those of the stack. No secret is among them.
    pub values: Map<String, Value>,
    /// Values that are secrets, by their path in the values: `auth.adminPassword`.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Where the component is named.
    pub location: Location,
}
