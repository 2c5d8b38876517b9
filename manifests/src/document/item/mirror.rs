//! Repositories of packages that are carried whole, as upstream signed them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::component::Suite;
use crate::debian::Architecture;
use crate::document::Content;
use crate::oci::Descriptor;
use crate::{BundleName, ImageReference};

/// All packages of some suites, components and architectures of one repository, with what upstream signed.
///
/// The document has the figures. The files are in the artifact: an index of manifests, each of which has a part of them as its
/// layers, titled with their paths in the repository. A mirror has tens of thousands of files, and a manifest that lists
/// them all would be one that registries refuse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    /// Its name at the site.
    pub name: BundleName,
    /// Where the site's registry has the artifact: `bundle.local/mirrors/<name>:<bundle version>`.
    pub reference: ImageReference,
    /// The artifact's index.
    pub descriptor: Descriptor,
    /// The repository's URL, without credentials.
    pub source: String,
    /// The suites that are carried.
    pub suites: Vec<MirroredSuite>,
    /// The components that are carried; none of a flat repository.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The architectures that are carried.
    pub architectures: Vec<Architecture>,
    /// Architectures that upstream has, but that are not carried: apt must not ask for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<Architecture>,
    /// Whether all English descriptions that upstream lists are carried; if not, apt must not ask for them.
    pub translations: bool,
    /// Who signs it: an armoured OpenPGP key, or several in one armour. A layer of the artifact.
    pub key: Content,
    /// How many packages are carried.
    pub packages: u64,
    /// Their bytes.
    pub size: u64,
}

/// A suite of a mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MirroredSuite {
    /// Its name, as apt's sources have it.
    pub suite: Suite,
    /// When upstream made it.
    pub date: Timestamp,
}

impl Mirror {
    /// The title of the layer that is the key.
    pub const KEY: &str = "key.asc";
}
