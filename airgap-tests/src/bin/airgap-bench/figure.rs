//! A figure, its bound, and how both are shown.

use anyhow::{Context, Result};
use serde::Serialize;

use airgap_tests::repository;

/// On which side of its bound a figure must be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Bound {
    /// Not above.
    AtMost(f64),
    /// Not below.
    AtLeast(f64),
}

/// One row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    bound: Bound,
    /// What went into it.
    detail: String,
}

impl Figure {
    pub(crate) fn new(what: &str, value: f64, unit: &'static str, bound: Bound, detail: String) -> Self {
        Self { what: what.to_owned(), value, unit, bound, detail }
    }

    pub(crate) fn holds(&self) -> bool {
        match self.bound {
            Bound::AtMost(limit) => self.value <= limit,
            Bound::AtLeast(limit) => self.value >= limit,
        }
    }
}

/// Prints the table.
pub(crate) fn print(figures: &[Figure]) {
    println!("\n| what | bound | seen | | detail |\n|---|---|---|---|---|");
    for figure in figures {
        let bound = match figure.bound {
            Bound::AtMost(limit) => format!("≤ {limit}"),
            Bound::AtLeast(limit) => format!("≥ {limit}"),
        };
        let verdict = if figure.holds() { "holds" } else { "MISSED" };
        let Figure { what, value, unit, detail, .. } = figure;
        println!("| {what} | {bound}{unit} | {value:.2}{unit} | {verdict} | {detail} |");
    }
}

/// Writes `target/bench.json`.
pub(crate) fn write_json(machine: &str, size: u64, figures: &[Figure]) -> Result<()> {
    let path = repository().join("target/bench.json");
    let report = serde_json::json!({"machine": machine, "bundleSize": size, "figures": figures});
    std::fs::write(&path, serde_json::to_vec_pretty(&report)?).with_context(|| format!("cannot write {path:?}"))
}
