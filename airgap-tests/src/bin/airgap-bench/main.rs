//! Measures the figures that the project holds itself to, each against a reference that is measured in the same run.
//!
//! `BENCH_SIZE` (4GiB) is the size of the bundle, `BENCH_SECONDS` (5) the length of each load of a server, of which each
//! gets three; `BENCH_ONLY` (`import,closure`) leaves out all others. Content goes below `TMPDIR`, about five times the size, and is removed. The table goes to standard
//! output, JSON to `target/bench.json`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that talks to a person")]

mod closure;
mod content;
mod discovery;
mod figure;
mod files;
mod host;
mod inventory;
mod latency;
mod load;
mod locking;
mod measure;
mod nodes;
mod packages;
mod plan;
mod serving;

use std::process::ExitCode;

use anyhow::{Context, Result};

use content::Content;
use figure::Figure;

/// What a run is asked for.
#[derive(Debug, Clone, Copy)]
struct Settings {
    /// Bytes of the bundle.
    size: u64,
    /// Seconds of each load.
    seconds: u64,
}

impl Settings {
    fn from_environment() -> Result<Self> {
        let size = std::env::var("BENCH_SIZE").unwrap_or_else(|_| "4GiB".into());
        let seconds = std::env::var("BENCH_SECONDS").unwrap_or_else(|_| "5".into());
        let size = parse_size(&size).with_context(|| format!("BENCH_SIZE is `{size}`: write 512MiB or 4GiB"))?;
        let seconds = seconds.parse().with_context(|| format!("BENCH_SECONDS is `{seconds}`: write a number"))?;
        Ok(Self { size, seconds })
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let (number, shift) = match (text.strip_suffix("GiB"), text.strip_suffix("MiB")) {
        (Some(number), _) => (number, 30),
        (_, Some(number)) => (number, 20),
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == closure::AGAIN => closure::close_here(rest).map(|()| true),
        Some((first, rest)) if first == latency::AGAIN => latency::hand_on(rest).map(|()| true),
        Some((first, rest)) if first == plan::AGAIN => plan::plan_here(rest).map(|()| true),
        Some((first, rest)) if first == inventory::AGAIN => inventory::unpack_here(rest).map(|()| true),
        _ => run(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("bench: a figure is out of its bound");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is measured on content that is made once for all of it.
type OfContent = fn(&Content) -> Result<Vec<Figure>>;

fn run() -> Result<bool> {
    let settings = Settings::from_environment()?;
    let machine = host::describe();
    println!("{machine}");
    let only = std::env::var("BENCH_ONLY").ok();
    let is_asked = |what: &str| only.as_ref().is_none_or(|only| only.split(',').any(|name| name == what));
    let mut figures = Vec::new();
    let mut add = |what: &str, measure: &dyn Fn() -> Result<Vec<Figure>>| -> Result<()> {
        if is_asked(what) {
            eprintln!("bench: {what}");
            figures.extend(measure().with_context(|| format!("cannot measure {what}"))?);
        }
        Ok(())
    };
    let of_content: [(&str, OfContent); 5] = [
        ("build", files::build),
        ("verify", files::verify),
        ("import", files::import),
        ("inspect", files::inspect),
        ("rebuild", files::rebuild),
    ];
    if is_asked("serving") || of_content.iter().any(|(what, _)| is_asked(what)) {
        eprintln!("bench: making content");
        let content = Content::make(settings.size)?;
        if !is_asked("build") {
            // All others work on what it makes.
            files::build(&content).context("cannot build the bundle that is measured")?;
        }
        for (what, measure) in of_content {
            add(what, &|| measure(&content))?;
        }
        add("serving", &|| serving::measure(&content, settings.seconds))?;
    }
    add("closure", &closure::measure)?;
    add("packages", &packages::measure)?;
    add("discovery", &discovery::measure)?;
    add("lock", &locking::measure)?;
    add("plan", &plan::measure)?;
    add("bring-up", &nodes::bring_up)?;
    add("nodes", &nodes::many)?;
    // An image of 1 GB, with the size that is usual.
    add("sbom", &|| inventory::measure(settings.size / 4))?;
    anyhow::ensure!(!figures.is_empty(), "BENCH_ONLY names nothing that is measured");
    figure::print(&figures);
    figure::write_json(&machine, settings.size, &figures)?;
    Ok(figures.iter().all(Figure::holds))
}
