//! Figures of locks: what it costs to see that nothing has moved.

use std::fmt::Write as _;
use std::time::Instant;

use airgap_tests::{Machine, Misbehaving};
use anyhow::{Context, Result};

use crate::figure::Bound::AtMost;
use crate::figure::Figure;

const IMAGES: usize = 300;

/// Locks 300 images of a registry on the loopback, then again with nothing moved.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let (machine, upstream) = (Machine::new()?, Misbehaving::start()?);
    let address = upstream.address();
    let mut stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: bench\nversion: 1.0.0\ncreated: 2026-01-01\nregistries: {{ \
         \"{address}\": {{ plainHTTP: true, concurrency: 64 }} }}\nimages:\n"
    );
    for number in 0..IMAGES {
        upstream.image(&format!("bench/app{number}"), "1", &[number.to_string().as_bytes()]);
        writeln!(stack, "  - {address}/bench/app{number}:1")?;
    }
    machine.write("stack.yaml", stack)?;
    let first = Instant::now();
    machine.bundle(&["lock", "stack.yaml"])?.success()?;
    let first = first.elapsed().as_secs_f64();
    let lock = std::fs::read(machine.path("stack.lock.yaml")).context("there is no lock")?;
    let asked = upstream.seen().len();
    let begin = Instant::now();
    machine.bundle(&["lock", "stack.yaml"])?.success()?;
    let again = begin.elapsed().as_secs_f64();
    let requests = upstream.seen().len() - asked;
    anyhow::ensure!(std::fs::read(machine.path("stack.lock.yaml"))? == lock, "the lock has changed");
    let detail = format!("{requests} requests; the first lock took {first:.2} s and {asked} requests");
    Ok(vec![
        Figure::new("lock of 300 images with nothing moved, loopback registry", again, " s", AtMost(3.0), detail),
        Figure::new(
            "requests of that lock per image",
            requests as f64 / IMAGES as f64,
            "",
            AtMost(1.0),
            "what is locked is not asked for again".to_owned(),
        ),
    ])
}
