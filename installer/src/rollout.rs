//! From stock servers to a cluster.
//!
//! ```text
//! site, bundle ─▶ want: what each node shall hold ┐
//! nodes ────────▶ survey: what each node holds    ┴─▶ plan (a graph, data) ─▶ graph: runs it ─▶ work, step by step
//! ```
//!
//! A step looks before it acts and again after it, so a run that was killed is gone on with by running again. Everything is
//! brought to every node before anything is started on one; servers are started one by one, agents together.

mod api;
mod context;
mod drain;
mod error;
#[cfg(test)]
mod fixture;
mod graph;
mod join;
pub mod kernel;
mod leave;
mod leaving;
#[cfg(test)]
mod machines;
mod marks;
mod plan;
mod quorum;
mod scratch;
mod snapshot;
mod start;
mod survey;
mod system;
#[cfg(test)]
mod tests;
mod time;
mod version;
mod want;
mod work;

pub(crate) use api::Api;
pub use context::{Context, ContextError};
pub use error::WorkError;
pub use graph::{Blocked, Ended, Performed, run};
pub use leave::{Traces, leave};
pub use leaving::{Leaving, QuorumLost};
pub(crate) use leaving::{delete, listed, loses_quorum, remove_from};
pub(crate) use plan::Surveyed;
pub use plan::{Kind, Plan, Step};
pub(crate) use quorum::answering;
pub use scratch::sweep;
pub use survey::{FileState, PackageState, Survey, SurveyError};
pub use system::System;
pub use time::TimeService;
pub use version::{Unfit, Unfollowable, Version};
pub use want::{Content, NodeWant, Part, Secret, WantedFile};
pub use work::{Came, NodeWork};
