//! `Release`: what a repository holds.

use std::fmt::Write as _;

use jiff::Timestamp;
use manifests::Digest;
use manifests::debian::{Architecture, Series};

/// The text of a `Release`.
pub(super) struct Release<'a> {
    pub(super) series: &'a Series,
    /// When the bundle was made: never in a node's future, and the same whenever it is asked for.
    pub(super) date: Timestamp,
    pub(super) architectures: Vec<&'a Architecture>,
    /// The indexes by their paths beside the `Release`, with digest and size.
    pub(super) files: Vec<(String, Digest, u64)>,
}

impl Release<'_> {
    /// `Origin` and `Label` are the same for every generation: apt asks a person when they change.
    pub(super) fn text(&self) -> String {
        let series = self.series;
        let date = self.date.strftime("%a, %d %b %Y %H:%M:%S UTC");
        let architectures: Vec<&str> = self.architectures.iter().map(|architecture| architecture.as_str()).collect();
        let mut text = format!(
            "Origin: airgap\nLabel: airgap\nSuite: {series}\nCodename: {series}\nDate: {date}\nArchitectures: {}\n\
             Components: main\nDescription: Packages that a bundle carries for {series}\nAcquire-By-Hash: yes\nSHA256:\n",
            architectures.join(" ")
        );
        for (path, digest, size) in &self.files {
            let _ = writeln!(text, " {} {size} {path}", digest.hex());
        }
        text
    }
}
