//! Load by `wrk`.

use airgap_tests::Machine;
use anyhow::{Context, Result};

/// What a load saw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Requests a second.
    pub(crate) requests: f64,
    /// Bytes a second.
    pub(crate) bytes: f64,
    /// Milliseconds within which 99 of 100 requests ended.
    pub(crate) p99: f64,
}

impl Seen {
    /// The middle of several, each measure by itself.
    pub(crate) fn middle(several: &[Self]) -> Self {
        let middle = |measure: fn(&Self) -> f64| {
            let mut all: Vec<f64> = several.iter().map(measure).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self { requests: middle(|seen| seen.requests), bytes: middle(|seen| seen.bytes), p99: middle(|seen| seen.p99) }
    }
}

/// Sends `clients` at once to a server, each asking for the paths in turn.
pub(crate) fn load(
    machine: &Machine,
    base: &str,
    paths: &[String],
    clients: usize,
    seconds: u64,
    authorization: Option<&str>,
) -> Result<Seen> {
    let list: String = paths.iter().map(|path| format!("\"{path}\",")).collect();
    let field = authorization.map(|value| format!("wrk.headers[\"Authorization\"] = \"{value}\"\n"));
    let accept = "application/vnd.oci.image.manifest.v1+json, */*";
    let script = format!(
        "local paths = {{{list}}}\nlocal at = 0\nwrk.headers[\"Accept\"] = \"{accept}\"\n{}\
         request = function() at = at % #paths + 1; return wrk.format(\"GET\", paths[at]) end\n",
        field.unwrap_or_default()
    );
    machine.write("load.lua", script)?;
    let (connections, duration) = (format!("-c{clients}"), format!("-d{seconds}s"));
    let words = ["-t2", &connections, &duration, "--timeout", "60s", "--latency", "-s", "load.lua", base];
    let report = machine.run("wrk", &words)?;
    anyhow::ensure!(!report.contains("Non-2xx"), "the server refused: {report}");
    let after = |label: &str| {
        let word = report.split(label).nth(1).and_then(|rest| rest.split_whitespace().next());
        word.with_context(|| format!("no `{label}` in {report}"))
    };
    Ok(Seen {
        requests: after("Requests/sec:")?.parse().context("not a number")?,
        bytes: scaled(after("Transfer/sec:")?, &[("GB", 1073741824.0), ("MB", 1048576.0), ("KB", 1024.0), ("B", 1.0)])?,
        p99: scaled(after("99%")?, &[("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)])?,
    })
}

fn scaled(text: &str, units: &[(&str, f64)]) -> Result<f64> {
    let parsed = units.iter().find_map(|(unit, scale)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * scale));
    parsed.with_context(|| format!("`{text}` is no measure"))
}
