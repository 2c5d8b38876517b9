//! What shows that a cluster was made of the bundle alone: which images it really holds, and what tried to leave its nodes.

mod archive;
pub mod audit;
pub mod carried;
pub mod counting;
pub mod egress;
pub mod observed;
pub mod record;
