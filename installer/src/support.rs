//! What helps somebody else to find out what is wrong: what the jump host keeps and what nodes say, without secrets, as one
//! file.

mod gather;
mod pack;
mod redact;

pub use gather::{Page, of_cluster, of_node, of_state};
pub use pack::write;
pub use redact::Redactor;
