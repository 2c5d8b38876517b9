//! What the build wrote down of what it saw and judged, if it did.

use std::collections::HashMap;

use manifests::document::{Document, Item};
use manifests::evidence::{self, FILE, FILE_SIZE, SET, SignedKind, UpstreamSignature};
use manifests::{Digest, ImageReference};

use super::model::{Applied, Decided, Evidence, Finding, Referred, Rendered, Seen, Verified, Waived};
use super::read::Reader;
use super::text::Text;

/// The evidence of a bundle.
pub(super) enum Found {
    /// It has none: nothing is known of what it refers to.
    None,
    /// It has one that can't be read: why.
    Unreadable(Text),
    /// It.
    Some(Box<evidence::Evidence>),
}

/// Reads the evidence of a bundle.
pub(super) fn read(document: &Document, reader: &Reader<'_>) -> Found {
    let sets = document.items.iter().filter_map(Item::as_files).filter(|set| set.name == SET);
    let Some(file) = sets.flat_map(|set| &set.files).find(|file| file.path == FILE) else { return Found::None };
    let Some(bytes) = reader.bytes(&file.digest, FILE_SIZE) else {
        return Found::Unreadable(Text::of("it can't be read, or is too large"));
    };
    match evidence::Evidence::parse(&bytes) {
        Ok(evidence) => Found::Some(Box::new(evidence)),
        Err(error) => Found::Unreadable(Text::of(&error.to_string())),
    }
}

impl Found {
    fn get(&self) -> Option<&evidence::Evidence> {
        if let Self::Some(evidence) = self { Some(evidence) } else { None }
    }

    /// The signatures that were verified of an item with this content.
    pub(super) fn verified(&self, kind: SignedKind, item: &str, digests: &[Digest]) -> Vec<Verified> {
        let signatures = self.get().map(|evidence| evidence.signatures.as_slice()).unwrap_or_default();
        let is_it = |one: &&UpstreamSignature| one.kind == kind && one.item == item && digests.contains(&one.digest);
        let told = |one: &UpstreamSignature| Verified {
            how: Text::of(&one.scheme.to_string()),
            key: Text::of(&one.key),
            key_file: one.key_file.as_deref().map(Text::of),
            rule: Text::of(&one.rule.to_string()),
        };
        signatures.iter().filter(is_it).map(told).collect()
    }

    /// The images whose content is served under another name, by that name.
    pub(super) fn pulled_from(&self) -> HashMap<&ImageReference, &ImageReference> {
        let references = self.get().map(|evidence| evidence.references.as_slice()).unwrap_or_default();
        references.iter().filter_map(|one| Some((&one.image, one.pulled_from.as_ref()?))).collect()
    }

    /// All of it, as it is shown.
    pub(super) fn told(&self) -> Option<Evidence> {
        let evidence = self.get()?;
        Some(Evidence {
            rendered: evidence.rendered.iter().map(rendered).collect(),
            references: evidence.references.iter().map(referred).collect(),
            off: evidence.off.len(),
            decisions: evidence.decisions.iter().map(decided).collect(),
            waivers: evidence.waivers.iter().map(waived).collect(),
            findings: evidence.findings.iter().map(finding).collect(),
            signatures: evidence.signatures.len(),
        })
    }

    /// Why it can't be told, where there is one.
    pub(super) fn problem(&self) -> Option<Text> {
        if let Self::Unreadable(why) = self { Some(why.clone()) } else { None }
    }
}

fn rendered(chart: &evidence::RenderedChart) -> Rendered {
    Rendered {
        chart: Text::of(&chart.chart),
        version: Text::of(&chart.version),
        component: Text::of(chart.component.as_str()),
        kubernetes: Text::of(&chart.kubernetes),
        variants: chart.variants.iter().map(|variant| Text::of(variant)).collect(),
    }
}

fn referred(reference: &evidence::Reference) -> Referred {
    let seen = |sighting: &evidence::Sighting| Seen {
        component: Text::of(sighting.component.as_str()),
        chart: sighting.chart.as_deref().map(Text::of),
        object: sighting.object.as_ref().map(|object| Text::of(&object.to_string())),
        path: Text::of(&sighting.path),
        reason: Text::of(&sighting.reason),
    };
    Referred {
        image: reference.image.clone(),
        fate: Text::of(&reference.fate.to_string()),
        carried: reference.fate.is_carried(),
        pulled_from: reference.pulled_from.clone(),
        reason: reference.reason.as_deref().map(Text::of),
        confidence: reference.confidence.map(|confidence| Text::of(&confidence.to_string())),
        sightings: reference.sightings.iter().map(seen).collect(),
    }
}

fn decided(decision: &evidence::Decision) -> Decided {
    Decided {
        text: Text::of(&decision.text),
        image: decision.image.clone(),
        carry: decision.carry,
        reason: Text::of(&decision.reason),
        asked: Text::of(&decision.asked.to_string()),
    }
}

fn waived(waiver: &evidence::Waiver) -> Waived {
    Waived {
        finding: Text::of(&waiver.finding),
        object: Text::of(&waiver.object),
        reason: Text::of(&waiver.reason),
        until: waiver.until,
        asked: Text::of(&waiver.asked.to_string()),
        used: waiver.used,
    }
}

fn finding(finding: &evidence::Finding) -> Finding {
    Finding {
        id: Text::of(&finding.id),
        severity: finding.severity,
        object: Text::of(&finding.object),
        message: Text::of(&finding.message),
        asked: finding.asked.as_ref().map(|place| Text::of(&place.to_string())),
        seen: finding.seen.iter().map(|place| Text::of(place)).collect(),
        why: Text::of(&finding.why),
        help: Text::of(&finding.help),
        waived: finding.waived.as_ref().map(|waived| Applied {
            reason: Text::of(&waived.reason),
            until: waived.until,
            asked: Text::of(&waived.asked.to_string()),
        }),
    }
}
