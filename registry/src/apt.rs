//! Repositories for apt: the packages of a bundle with what a site adds to them.
//!
//! A bundle carries a repository without its signature: the `.deb` files and, for each architecture, an index of exactly
//! these. The site adds the compressed forms of the indexes, a `Release` that lists them and nothing that is not there,
//! and its own signature.
//!
//! Every generation has URIs of its own, `/apt/<generation>/<series>/`. What apt has fetched from one stays true for
//! ever, so none of apt's ways of keeping an older index applies: not its comparison of dates, not conditional requests,
//! not labels that change.

mod compress;
mod export;
mod index;
mod mirrors;
mod repository;

pub use export::{ExportError, export, export_mirror};
pub use index::IndexError;
pub use mirrors::{Mirrors, generation_id};
pub use repository::{File, MakeError, Repository};
