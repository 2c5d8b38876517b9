//! Debian's vocabulary: package names, versions, relations, and the files that an archive is made of.
//!
//! The sources of the rules are Debian Policy (chapters 5 and 7), `deb-version(7)`, `deb822(5)` and, where these leave
//! room, what dpkg and apt do. What is read from an archive is hostile: counts and sizes have limits, and a text that a
//! node's apt would read otherwise than we do is refused.

pub mod architecture;
pub mod control;
pub mod name;
pub mod package;
pub mod relation;
pub mod release;
pub mod series;
pub mod version;

pub use architecture::Architecture;
pub use control::{ControlError, Stanza, Stanzas};
pub use name::PackageName;
pub use package::{MultiArch, Package, PackageError};
pub use relation::{Alternatives, Operator, Qualifier, Relation, VersionConstraint, parse_relations};
pub use release::Release;
pub use series::Series;
pub use version::Version;
