//! The report as one page. Nothing of it comes from elsewhere and nothing in it runs: its policy allows this one style and
//! nothing else.

use std::io;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::Digest;
use manifests::evidence::Severity;

use super::model::{PartKind, Report};
use super::treemap::{self, Tile};
use super::words::{self, ChangeRow};

/// The style of the page.
const STYLE: &str = include_str!("../../templates/report.css");
/// Colours that parts have; the last is for all others.
const COLOURS: usize = 9;

#[derive(Template)]
#[template(path = "report.html", whitespace = "minimize")]
struct Page<'a> {
    report: &'a Report,
    style: &'static str,
    /// The policy's word for the style.
    style_hash: String,
    rows: Vec<ChangeRow>,
    tiles: Vec<Tile>,
    width: f64,
    height: f64,
}

/// Writes the report as a page of HTML.
///
/// # Errors
/// [`io::Error`] when it can't be written.
pub fn page(report: &Report, to: &mut dyn io::Write) -> io::Result<()> {
    let hash = STANDARD.encode(Digest::of(STYLE.as_bytes()).as_bytes());
    let style_hash = format!("sha256-{hash}");
    let (rows, tiles) = (words::changes(report), treemap::tiles(&report.parts));
    let (width, height) = (treemap::WIDTH, treemap::HEIGHT);
    Page { report, style: STYLE, style_hash, rows, tiles, width, height }.write_into(to)?;
    writeln!(to)
}

impl Page<'_> {
    /// The colour of a part.
    fn colour(&self, part: &usize) -> usize {
        (*part).min(COLOURS - 1)
    }

    /// How much of the whole a part is, in percent.
    fn share(&self, size: &super::Size) -> String {
        let whole = self.report.bundle.content_size.0.max(1);
        format!("{:.1}", size.0 as f64 * 100.0 / whole as f64)
    }

    /// How many packages there are, mirrors among them.
    fn package_count(&self) -> u64 {
        let carried = self.report.packages.iter().map(|set| set.packages.len() as u64);
        let mirrored = self.report.mirrors.iter().map(|mirror| mirror.packages);
        carried.chain(mirrored).sum()
    }
}
