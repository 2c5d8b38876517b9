//! Databases of RPM. Each has the packages' headers as blobs; what differs is around them.
//!
//! | file | since | read |
//! |---|---|---|
//! | `rpmdb.sqlite` | Fedora 33, RHEL 9 | with SQLite itself |
//! | `Packages.db` | openSUSE 15.2, SLES 15 | here: a table of slots |
//! | `Packages` | before | not: Berkeley DB, for which no library is kept |

mod header;
mod slots;
mod sqlite;

use std::fs::File;
use std::path::Path;

use super::Problem;
use crate::sbom::inventory::Package;

/// The largest header of a package that is read, in bytes: the largest are of packages with very many files.
const MAX_HEADER: usize = 32 << 20;
/// The most packages of one database.
const MAX_PACKAGES: usize = 50_000;

/// Reads `rpmdb.sqlite`.
pub(super) fn sqlite(database: &Path) -> Result<Vec<Package>, Problem> {
    sqlite::read(database)
}

/// Reads `Packages.db`.
pub(super) fn slots(database: &mut File) -> Result<Vec<Package>, Problem> {
    slots::read(database)
}
