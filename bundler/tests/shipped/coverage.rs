//! `manifests/COVERAGE.md` says what the records say. `UPDATE_COVERAGE=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use manifests::component::ChartSource;

use super::record::{Record, Rendered, records};
use super::{components, shipped};

const HEAD: &str = "\
# What was run of each component

Made from the records in `coverage/`; `UPDATE_COVERAGE=1 cargo test --workspace --test shipped` writes it anew. *Rendered*: its real chart went
through `airgap-bundle discover`, as `lock` does it, with the values and variants of the component. *Expected* are the images that
upstream is known to use, by its own lists, its documentation and its source; *found* those of them that the component carries:
seen in what the chart renders, or *hidden* and listed with a reason. *Wrong* is what was taken for certain and is no image.

*Installed in the rig*: a test brings it into a cluster behind the gap, by `airgap-install` over SSH, and asks it for what it is there
for. Upstream's images can't be had where the tests run, so components with charts of upstream are not installed, nor are those that
need them. Of the others, those are that go into a cluster and need no image, or one whose place a package of Debian can take, which is
then said.

What upstream's systems are there for is shown by stand-ins in the same cluster (`e2e cluster_platform`), with charts of the
test's own and images made of Debian's packages: nginx as the controller of Ingresses, PostgreSQL on a volume, Redis, Prometheus with
Alertmanager and node-exporter, and a git server, into which a repository of the bundle is pushed from a pod. RKE2 and k3s are stood in for
as well: their outer form is around a real Kubernetes.

";

/// One line for a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn row(name: &str, record: &Record, page: &mut String) {
    let sum = |of: fn(&Rendered) -> usize| record.rendered.iter().map(of).sum::<usize>();
    let charts: Vec<_> = record.rendered.iter().map(|one| format!("{} {}", one.chart, one.version)).collect();
    let date = record.rendered.iter().map(|one| one.date.as_str()).max().unwrap_or("-");
    let images = match record.rendered.is_empty() {
        true => "-".to_owned(),
        false => format!("{} / {}", sum(|one| one.found), sum(|one| one.expected)),
    };
    let charts = if charts.is_empty() { "-".to_owned() } else { charts.join(", ") };
    let installed =
        record.installed.as_ref().map_or("no".to_owned(), |one| format!("{}: {}", one.date, one_line(&one.with)));
    let (hidden, wrong) = (record.hidden, sum(|one| one.wrong));
    writeln!(page, "| {name} | {charts} | {date} | {images} | {hidden} | {wrong} | {installed} |").unwrap();
}

fn page() -> String {
    let records = records();
    let mut page = HEAD.to_owned();
    page.push_str("| component | rendered | on | found / expected | hidden | wrong | installed in the rig |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    records.iter().for_each(|(name, record)| row(name, record, &mut page));
    page.push_str("\n## Why not all, and why not rendered\n\n");
    for (name, record) in &records {
        for said in [&record.not_rendered, &record.differences].into_iter().flatten() {
            writeln!(page, "- **{name}**: {}", one_line(said)).unwrap();
        }
    }
    page
}

#[test]
fn the_page_says_what_the_records_say() {
    let (path, page) = (shipped("COVERAGE.md"), page());
    if std::env::var_os("UPDATE_COVERAGE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "{} is not what the records say: UPDATE_COVERAGE=1 writes it anew", path.display());
}

#[test]
fn every_component_has_a_record_and_every_record_a_component() {
    let components: BTreeSet<String> = components().iter().map(|component| component.name.to_string()).collect();
    let records: BTreeSet<String> = records().into_keys().collect();
    assert_eq!(components, records);
}

#[test]
fn what_is_missing_or_wrong_is_explained() {
    let mut silent = Vec::new();
    for (name, record) in records() {
        let lacks = record.rendered.iter().any(|one| one.found < one.expected);
        let more = record.rendered.iter().any(|one| one.found > one.expected || one.wrong > 0);
        let unread = record.rendered.is_empty();
        if (lacks && record.differences.is_none()) || more || unread != record.not_rendered.is_some() {
            silent.push(name);
        }
    }
    assert!(silent.is_empty(), "these records leave something unexplained: {silent:?}");
}

/// What was rendered is what is carried, or the record says what else.
#[test]
fn the_charts_that_were_rendered_are_those_of_the_component() {
    let records = records();
    let mut other = Vec::new();
    for component in components() {
        let record = &records[component.name.as_str()];
        for chart in &component.charts {
            let (ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. }) = &chart.source else {
                continue;
            };
            if record.of_chart(&chart.name, &chart.source).is_none() && record.not_rendered.is_none() {
                other.push(format!("{}: {} {version}", component.name, chart.name));
            }
        }
    }
    assert!(other.is_empty(), "not on record, and not explained: {other:#?}");
}

/// A record that says of a test what that does not do is no record.
#[test]
fn what_was_installed_is_installed_by_the_test_that_is_named() {
    for (name, record) in records() {
        let Some(installed) = record.installed else { continue };
        let test = shipped("../airgap-tests/tests/e2e").join(format!("{}.rs", installed.test));
        let text = std::fs::read_to_string(&test).unwrap_or_else(|error| panic!("{name}: {}: {error}", test.display()));
        assert!(text.contains(&format!("\"{name}\"")), "{} does not name {name}", test.display());
    }
}
