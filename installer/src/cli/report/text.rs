//! A report for people.

use airgap_console::{ByteSize, Table};
use jiff::Timestamp;

use super::Report;
use crate::event::Outcome;
use crate::journal::Run;
use crate::proof::audit::Audit;
use crate::proof::record::Record;

/// How many signs of a digest are shown.
const DIGEST: usize = 19;

pub(super) fn report(report: &Report) -> String {
    let mut text = format!("State of `{}` at {}\n", report.state.display(), minute(report.at));
    if report.bundles.is_empty() {
        text.push_str("\nIt holds no bundle.\n");
    } else {
        let mut table = Table::new(&[">GENERATION", "BUNDLE", "VERSION", "DIGEST", ">SIZE", "IMPORTED", "SIGNED BY"]);
        for bundle in &report.bundles {
            let signers: Vec<_> =
                bundle.signers.iter().map(|by| format!("{} ({})", by.principal, by.fingerprint)).collect();
            table.row([
                bundle.generation.to_string(),
                bundle.name.clone(),
                bundle.version.clone(),
                shortened(&bundle.digest.to_string()),
                ByteSize(bundle.size).to_string(),
                minute(bundle.imported_at),
                signers.join(", "),
            ]);
        }
        text.push_str(&format!("\nBundles\n{table}"));
    }
    match &report.cluster {
        Some(record) => text.push_str(&cluster(record)),
        None => text.push_str("\nNo cluster was finished from here.\n"),
    }
    if !report.runs.is_empty() {
        text.push_str(&format!("\nWhat was done\n{}", runs(&report.runs)));
    }
    if !report.damaged.is_empty() {
        let lines: Vec<String> = report.damaged.iter().map(usize::to_string).collect();
        let lines = lines.join(", ");
        text.push_str(&format!("\nLines of the journal that were cut short by a crash, or damaged later: {lines}\n"));
    }
    text
}

fn cluster(record: &Record) -> String {
    let bundle = &record.bundle;
    let mut text = format!(
        "\nCluster {}: {} of {} {}, looked at {}\n",
        record.site,
        record.distribution,
        bundle.name,
        bundle.version,
        minute(record.at)
    );
    let mut table = Table::new(&["NODE", "ROLE", "ADDRESS", ">TRIED TO LEAVE", "ASKED FOR NAMES"]);
    for node in &record.nodes {
        let egress = record.egress.get(&node.name);
        let left = egress.map_or("not counted".to_owned(), |egress| match &egress.problem {
            Some(_) => "not counted".to_owned(),
            // As far as it is known: the line below says what is not.
            None if !egress.gaps.is_empty() || egress.pods_past.is_some() => format!("{} counted", egress.packets),
            None => egress.packets.to_string(),
        });
        let questions = egress.map(|egress| &egress.questions).into_iter().flatten();
        let asked: Vec<_> = questions.map(|asked| format!("{} of {}", asked.packets, asked.server)).collect();
        table.row([node.name.clone(), node.role.clone(), node.address.to_string(), left, asked.join(", ")]);
    }
    text.push_str(&table.to_string());
    if !record.components.is_empty() {
        text.push_str(&format!("components: {}\n", record.components.join(", ")));
    }
    let fate = if record.enforced { " (and was dropped)" } else { "" };
    match record.left() {
        None => text.push_str("Nothing tried to leave.\n"),
        Some(left) => text.push_str(&format!("What tried to leave{fate}: {left}\n")),
    }
    text.push_str(&format!("\n{}", images(&record.audit)));
    text
}

pub(in crate::cli) fn images(audit: &Audit) -> String {
    let mut table = Table::new(&["IMAGE", "CONTENT", "VERDICT", "WANTED BY"]);
    for image in &audit.images {
        let content = image.content.map(|digest| shortened(&digest.to_string())).unwrap_or_default();
        let owners: Vec<&str> = image.owners.iter().map(String::as_str).collect();
        table.row([image.image.clone(), content, image.verdict.to_string(), owners.join(", ")]);
    }
    let mut text = format!("Images: {}\n{table}", audit.summary());
    if audit.patch().is_some() {
        text.push_str("`airgap-install report --patch` writes a component with those that the bundle lacks.\n");
    }
    text
}

fn runs(runs: &[Run]) -> Table {
    let mut table = Table::new(&["BEGUN", "COMMAND", "BUNDLE", ">TOOK", "CAME"]);
    for run in runs {
        let bundle = run.bundle.as_ref().map(|bundle| format!("{} {}", bundle.name, bundle.version));
        let took = run.ended.map(|ended| format!("{} s", (ended.as_second() - run.begun.as_second()).max(0)));
        let came = match &run.outcome {
            None => "it was killed, or is under way".to_owned(),
            Some(Outcome::Done { detail }) => detail.clone(),
            Some(Outcome::Skipped { reason }) => reason.clone(),
            Some(Outcome::Warned { warning }) => warning.clone(),
            Some(Outcome::Failed { error }) => format!("failed: {error}"),
            Some(Outcome::Unknown) => "unknown".to_owned(),
        };
        table.row([
            minute(run.begun),
            run.command.clone(),
            bundle.unwrap_or_default(),
            took.unwrap_or_default(),
            came.lines().next().unwrap_or_default().to_owned(),
        ]);
    }
    table
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn shortened(digest: &str) -> String {
    digest.chars().take(DIGEST).collect()
}
