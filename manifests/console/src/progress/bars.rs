//! Bars on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Unit;
use crate::terminal::{BARS, printable};

#[derive(Debug)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(name: &str, total: Option<u64>, unit: Unit) -> Self {
        let template = match (unit, total) {
            (Unit::Bytes, Some(_)) => {
                "{prefix:<24!} [{bar:28}] {binary_bytes:>11} of {binary_total_bytes} {binary_bytes_per_sec:>13} eta {eta}"
            }
            (Unit::Bytes, None) => "{prefix:<24!} {spinner} {binary_bytes:>11} {binary_bytes_per_sec:>13}",
            (Unit::Items, Some(_)) => "{prefix:<24!} [{bar:28}] {pos:>5} of {len} eta {eta}",
            (Unit::Items, None) => "{prefix:<24!} {spinner} {pos:>5}",
        };
        Self::with_template(name, total, template)
    }

    pub(super) fn child(name: &str, total: u64) -> Self {
        Self::with_template(name, Some(total), "  {prefix:<38!} [{bar:12}] {binary_bytes:>11} of {binary_total_bytes}")
    }

    fn with_template(name: &str, total: Option<u64>, template: &str) -> Self {
        let bar = BARS.add(total.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
        // A template that indicatif refuses is a slip here, and a plainer bar is no reason to fail a build.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(printable(name));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub(super) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    pub(super) fn set_total(&self, total: u64) {
        self.0.set_length(total);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
