//! What people want to know of a component before they bring it behind a gap.

use url::Url;

/// What people want to know of a component.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// The licences of the system, as SPDX expressions.
    pub licenses: Vec<String>,
    /// Its home, and where its source is.
    pub links: Vec<Url>,
    /// What of it can't work without the internet.
    pub offline: Vec<Lack>,
}

/// Something that can't work without the internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// What does not work.
    pub lacks: String,
    /// What takes its place.
    pub instead: String,
}
