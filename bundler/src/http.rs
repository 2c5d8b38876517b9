//! The one HTTP engine: everything that dials out goes through [`Client`].
//!
//! It treats every network as a bad one: limits per host, retries with back-off, resuming in the middle of a body,
//! stalled transfers noticed, cancellation within a second. It also is the one place that keeps credentials where
//! they belong: they are sent to the origin they are for, and to no other.

mod client;
mod download;
mod error;
mod exchange;
mod gate;
mod pace;
mod pump;
mod range;
mod retry;
mod secret;
mod settings;
mod sink;

pub use client::{Client, Head, Small};
pub use download::Download;
pub use error::FetchError;
pub(crate) use exchange::host_of;
pub use exchange::{Auth, AuthProvider, Request};
pub use pace::{Pace, RealPace};
pub use pump::Pump;
pub use secret::{Authorization, Secret, shown};
pub use settings::{HostSettings, Patience, Settings};
pub use sink::{MemorySink, Sink};
