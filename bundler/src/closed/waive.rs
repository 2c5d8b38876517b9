//! Findings held against waivers.

use jiff::civil::Date;
use manifests::evidence::{AppliedWaiver, Finding, FindingId, Severity};
use manifests::yaml::Location;

use super::finding::{Check, Found, Judged};
use crate::lock::Folder;
use crate::resolve::stack::{OwnWaiver, ResolvedStack};

/// Puts waivers on findings, and sorts them. What waivers meet is counted; one that meets nothing is a finding too.
pub(super) fn waive(
    found: Vec<(&Check, Found)>,
    stack: &ResolvedStack,
    day: Date,
    folder: &Folder,
) -> (Vec<Judged>, Vec<usize>) {
    let mut used = vec![0; stack.waivers.len()];
    let mut judged = Vec::new();
    for (check, found) in found {
        let met = meet(check.id, &found, stack);
        let holds = met.iter().find(|(_, own)| !own.waiver.has_ended(day));
        let waived = holds.map(|(_, own)| applied(own, folder));
        let mut help = found.help;
        if let (None, Some((_, own))) = (&waived, met.first()) {
            // Before the rest, which may be lines to copy.
            help = format!("the waiver at {} has ended; {help}", folder.place(&own.waiver.location));
        }
        if let Some((at, _)) = holds
            && let Some(count) = used.get_mut(*at)
        {
            *count += 1;
        }
        let finding = Finding {
            id: check.id.to_string(),
            severity: check.severity,
            object: found.object,
            message: found.message,
            asked: found.location.as_ref().map(|location| folder.place(location)),
            seen: found.seen,
            why: check.why.to_owned(),
            help,
            waived,
        };
        judged.push(Judged { finding, location: found.location });
    }
    judged.extend(unused(stack, &used, day, folder));
    judged.sort_by(|a, b| key(&a.finding).cmp(&key(&b.finding)));
    (judged, used)
}

fn key(finding: &Finding) -> (Severity, &str, &str, &Option<manifests::lock::Place>, &str) {
    (finding.severity, &finding.id, &finding.object, &finding.asked, &finding.message)
}

/// The waivers that speak of a finding, whatever the day.
fn meet<'a>(id: FindingId, found: &Found, stack: &'a ResolvedStack) -> Vec<(usize, &'a OwnWaiver)> {
    let speaks = |own: &OwnWaiver| own.owner.is_none() || own.owner == found.component;
    let waivers = stack.waivers.iter().enumerate();
    waivers.filter(|(_, own)| own.waiver.is_about(id, &found.object) && speaks(own)).collect()
}

fn applied(own: &OwnWaiver, folder: &Folder) -> AppliedWaiver {
    let waiver = &own.waiver;
    AppliedWaiver { reason: waiver.reason.clone(), until: waiver.until, asked: folder.place(&waiver.location) }
}

/// Waivers of the stack that meet nothing. Those of components may be for other stacks.
fn unused(stack: &ResolvedStack, used: &[usize], day: Date, folder: &Folder) -> Vec<Judged> {
    let waivers = stack.waivers.iter().zip(used);
    let idle = waivers.filter(|(own, used)| **used == 0 && own.owner.is_none() && !own.waiver.has_ended(day));
    idle.map(|(own, _)| unused_finding(&own.waiver.location, own, folder)).collect()
}

fn unused_finding(location: &Location, own: &OwnWaiver, folder: &Folder) -> Judged {
    let waiver = &own.waiver;
    let finding = Finding {
        id: FindingId::WaiverUnused.to_string(),
        severity: Severity::Warning,
        object: format!("{} {}", waiver.finding, waiver.object),
        message: format!("no finding `{}` about `{}` is there to be let pass", waiver.finding, waiver.object),
        asked: Some(folder.place(location)),
        seen: Vec::new(),
        why: "it would let something pass one day that nobody has looked at".to_owned(),
        help: "remove the waiver".to_owned(),
        waived: None,
    };
    Judged { finding, location: Some(location.clone()) }
}
