//! The words of the shapes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// This one.
    #[serde(rename = "airgap/v1")]
    V1,
}

/// An image reference: `docker.io/library/nginx:1.27`, `quay.io/a/b@sha256:…`. Without a registry it is Docker Hub,
/// without a tag and digest it is `latest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ImageName(#[schemars(length(min = 1, max = 512), regex(pattern = r"^[A-Za-z0-9\[][^\s]*$"))] pub String);

/// A path on the disk of whoever builds, relative to the folder of this file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct LocalPath(#[schemars(length(min = 1))] pub String);

/// A URL with `https` or `http`, without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct WebUrl(
    #[schemars(regex(pattern = r"^https?://[^\s@/?#]+([/?#]|$)"))]
    pub String,
);

/// 64 hex digits, as `sha256sum` prints them; `sha256:` may stand before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Sha256(#[schemars(regex(pattern = r"^(sha256:)?[0-9a-fA-F]{64}$"))] pub String);

/// A version (`1.2.3`, `v1.2.3`), or a range as Helm has them (`~1.2`, `^1.2.3`, `>=1.2, <2`, `1.x`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ChartRange(#[schemars(length(min = 1))] pub String);

/// A day (`2026-11-21`, its midnight in UTC) or a time of RFC 3339 (`2026-11-21T08:00:00Z`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Date(#[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].*)?$"))] pub String);
