//! Packages on the nodes: where apt finds them, and the steps that bring them there.
//!
//! ```text
//! store ─▶ offer (a stack's latest bundle, for a series) ─▶ source (what apt reads)
//!                                                              └─▶ script (the steps, run on the node)
//! ```
//!
//! The steps are one script, whoever starts it: a person on a node that nobody else can reach, or a session over SSH. It
//! looks before it acts, takes exact versions from the site and nothing from anywhere else, and leaves the node's own
//! sources as they are; so it may be run again at any time.

mod mirror;
mod offer;
mod script;
mod source;

pub use mirror::{MirrorOffer, MirrorOfferError, MirrorSource, known_mirrors};
pub use offer::{FormerPackage, Offer, OfferError, known_series};
pub use script::{Action, NodeScript, Secured};
pub use source::AptSource;
