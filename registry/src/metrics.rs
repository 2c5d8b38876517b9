//! Counters in the text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::http::{Finished, Gauges};

/// What kind of request it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Route {
    /// Anything that is not one of the others.
    Other = 0,
    /// `/v2/`.
    Base,
    /// A manifest.
    Manifest,
    /// A blob.
    Blob,
    /// A list of tags.
    Tags,
    /// A list of referrers.
    Referrers,
    /// The list of repositories.
    Catalog,
    /// A chart, its provenance, or an index of charts.
    Charts,
    /// A file, or a list of files.
    Files,
    /// A git repository.
    Git,
    /// A package, or an index of packages.
    Packages,
    /// The status page and what belongs to it.
    Status,
    /// The counters themselves.
    Metrics,
    /// The health check.
    Health,
}

const ROUTES: [&str; 14] = [
    "other",
    "base",
    "manifest",
    "blob",
    "tags",
    "referrers",
    "catalog",
    "charts",
    "files",
    "git",
    "packages",
    "status",
    "metrics",
    "health",
];
/// The statuses that are counted by themselves; the last stands for all others.
const STATUSES: [u16; 15] = [200, 206, 304, 400, 401, 403, 404, 405, 412, 416, 429, 431, 500, 503, 0];
/// The upper bounds of the latency histogram in microseconds.
const BUCKETS: [u64; 10] = [100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000, 10_000_000];

/// The counters of one server.
#[derive(Debug, Default)]
pub struct Metrics {
    routes: [PerRoute; ROUTES.len()],
    cut: AtomicU64,
}

#[derive(Debug, Default)]
struct PerRoute {
    statuses: [AtomicU64; STATUSES.len()],
    bytes: AtomicU64,
    /// One more than there are bounds: what took longer than all.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

impl Metrics {
    /// Counts a response.
    pub fn count(&self, finished: &Finished) {
        let add = |counter: &AtomicU64, amount| {
            counter.fetch_add(amount, Ordering::Relaxed);
        };
        let Some(route) = self.routes.get(finished.label).or(self.routes.first()) else { return };
        let status = STATUSES.iter().position(|status| *status == finished.status).unwrap_or(STATUSES.len() - 1);
        let micros = u64::try_from(finished.elapsed.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|bound| micros <= *bound).unwrap_or(BUCKETS.len());
        add(&route.statuses[status], 1);
        add(&route.bytes, finished.bytes);
        add(&route.buckets[bucket], 1);
        add(&route.micros, micros);
        if !finished.whole {
            add(&self.cut, 1);
        }
    }

    /// The counters as text.
    pub fn text(&self, gauges: &Gauges, generations: usize, problems: usize) -> String {
        let mut text = String::with_capacity(8 << 10);
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        head(&mut text, "airgap_http_requests_total", "counter", "Responses by route and status.");
        for (name, route) in ROUTES.iter().zip(&self.routes) {
            for (status, count) in STATUSES.iter().zip(&route.statuses).filter(|(_, count)| get(count) > 0) {
                let (status, count) = (if *status == 0 { "other".to_owned() } else { status.to_string() }, get(count));
                let _ = writeln!(text, "airgap_http_requests_total{{route=\"{name}\",status=\"{status}\"}} {count}");
            }
        }
        head(&mut text, "airgap_http_response_bytes_total", "counter", "Bytes of bodies that were sent whole.");
        for (name, route) in ROUTES.iter().zip(&self.routes).filter(|(_, route)| get(&route.bytes) > 0) {
            let _ = writeln!(text, "airgap_http_response_bytes_total{{route=\"{name}\"}} {}", get(&route.bytes));
        }
        head(&mut text, "airgap_http_request_duration_seconds", "histogram", "From a request's head to the last byte.");
        for (name, route) in ROUTES.iter().zip(&self.routes) {
            histogram(&mut text, name, route);
        }
        for (name, kind, help, value) in [
            ("airgap_http_responses_cut_total", "counter", "Responses that did not come to their end.", get(&self.cut)),
            ("airgap_http_requests_in_flight", "gauge", "Requests being worked on.", gauges.in_flight()),
            ("airgap_http_connections", "gauge", "Open connections.", gauges.connections() as u64),
            ("airgap_generations", "gauge", "Bundles that are served.", generations as u64),
            (
                "airgap_problems",
                "gauge",
                "Things that are damaged or can't be served; the status page names them.",
                problems as u64,
            ),
        ] {
            head(&mut text, name, kind, help);
            let _ = writeln!(text, "{name} {value}");
        }
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn histogram(text: &mut String, name: &str, route: &PerRoute) {
    let counts: Vec<u64> = route.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return;
    }
    let series = "airgap_http_request_duration_seconds";
    let mut below = 0;
    for (bound, count) in BUCKETS.iter().zip(&counts) {
        below += count;
        let seconds = Duration::from_micros(*bound).as_secs_f64();
        let _ = writeln!(text, "{series}_bucket{{route=\"{name}\",le=\"{seconds}\"}} {below}");
    }
    let sum = Duration::from_micros(route.micros.load(Ordering::Relaxed)).as_secs_f64();
    let _ = writeln!(text, "{series}_bucket{{route=\"{name}\",le=\"+Inf\"}} {total}");
    let _ = writeln!(text, "{series}_sum{{route=\"{name}\"}} {sum}\n{series}_count{{route=\"{name}\"}} {total}");
}
