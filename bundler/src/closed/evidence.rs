//! What is written down of a judgement.

use manifests::component::Verdict;
use manifests::evidence::{Decision, Evidence, RenderedChart, UpstreamSignature, Waiver};
use manifests::lock::{LockedDiscovery, LockedRendering};

use super::Judgement;
use crate::lock::Folder;
use crate::resolve::stack::{OwnDecision, OwnWaiver, ResolvedStack};

/// The evidence of a judgement and of what was verified; none where there is nothing to tell: neither charts nor anything that
/// people said or signed.
pub fn evidence(
    stack: &ResolvedStack,
    seen: &LockedDiscovery,
    judgement: &Judgement,
    signatures: Vec<UpstreamSignature>,
    folder: &Folder,
) -> Option<Evidence> {
    let silent = stack.decisions.is_empty() && stack.waivers.is_empty() && judgement.findings.is_empty();
    if silent && signatures.is_empty() && !seen.is_of_something() {
        return None;
    }
    Some(all_evidence(stack, seen, judgement, signatures, folder))
}

/// The same, even where there is nothing to tell but what is listed.
pub fn all_evidence(
    stack: &ResolvedStack,
    seen: &LockedDiscovery,
    judgement: &Judgement,
    signatures: Vec<UpstreamSignature>,
    folder: &Folder,
) -> Evidence {
    let waivers = stack.waivers.iter().zip(&judgement.used);
    Evidence {
        rendered: seen.rendered.iter().map(|rendered| chart(rendered, &seen.kubernetes)).collect(),
        references: judgement.fates.references.clone(),
        off: seen.off.clone(),
        decisions: stack.decisions.iter().map(|own| decision(own, folder)).collect(),
        waivers: waivers.map(|(own, used)| waiver(own, *used, folder)).collect(),
        findings: judgement.findings.iter().map(|judged| judged.finding.clone()).collect(),
        signatures,
        ..Evidence::new()
    }
}

fn chart(rendered: &LockedRendering, kubernetes: &str) -> RenderedChart {
    RenderedChart {
        chart: rendered.chart.clone(),
        version: rendered.version.clone(),
        component: rendered.component.clone(),
        release: rendered.release.clone(),
        kubernetes: kubernetes.to_owned(),
        variants: rendered.variants.clone(),
    }
}

fn decision(own: &OwnDecision, folder: &Folder) -> Decision {
    let decision = &own.decision;
    let (image, carry) = match &decision.verdict {
        Verdict::Carry(image) => (Some(image.clone()), true),
        Verdict::LeaveOut => (None, false),
    };
    Decision {
        text: decision.text.clone(),
        image,
        carry,
        reason: decision.reason.clone(),
        component: decision.component.clone(),
        chart: decision.chart.clone(),
        asked: folder.place(&decision.location),
    }
}

fn waiver(own: &OwnWaiver, used: usize, folder: &Folder) -> Waiver {
    let waiver = &own.waiver;
    Waiver {
        finding: waiver.finding.to_string(),
        object: waiver.object.clone(),
        reason: waiver.reason.clone(),
        until: waiver.until,
        component: own.owner.clone(),
        asked: folder.place(&waiver.location),
        used,
    }
}
