//! What the build wrote down of what it saw and judged, if it did.

use std::collections::HashMap;

use manifests::document::{Document, Item};
use manifests::evidence::{self, EvidenceError, FILE, SET, SignedKind, UpstreamSignature};
use manifests::{Digest, ImageReference};

use super::model::{Applied, Decided, Evidence, Finding, Off, Referred, Rendered, Seen, Verified, Waived};
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
    let unreadable = || Found::Unreadable(Text::of("it can't be read, or is too large"));
    let Some(size) = reader.size(&file.digest) else { return unreadable() };
    match evidence::Evidence::read(size, || reader.open(&file.digest)) {
        Ok(evidence) => Found::Some(Box::new(evidence)),
        Err(EvidenceError::Format(error)) if error.is_io() => unreadable(),
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

    /// Why it can't be told, where there is one.
    pub(super) fn problem(&self) -> Option<Text> {
        if let Self::Unreadable(why) = self { Some(why.clone()) } else { None }
    }

    /// All of it, as it is shown. It may be large, and is not held twice.
    pub(super) fn told(self) -> Option<Evidence> {
        let Self::Some(evidence) = self else { return None };
        Some(Evidence {
            signatures: evidence.signatures.len(),
            off: evidence.off.into_iter().map(off).collect(),
            rendered: evidence.rendered.into_iter().map(rendered).collect(),
            references: evidence.references.into_iter().map(referred).collect(),
            decisions: evidence.decisions.into_iter().map(decided).collect(),
            waivers: evidence.waivers.into_iter().map(waived).collect(),
            findings: evidence.findings.into_iter().map(finding).collect(),
        })
    }
}

fn rendered(chart: evidence::RenderedChart) -> Rendered {
    Rendered {
        chart: Text::whole(chart.chart),
        version: Text::whole(chart.version),
        component: Text::of(chart.component.as_str()),
        kubernetes: Text::whole(chart.kubernetes),
        variants: chart.variants.into_iter().map(Text::whole).collect(),
    }
}

fn referred(reference: evidence::Reference) -> Referred {
    let seen = |sighting: evidence::Sighting| Seen {
        component: Text::of(sighting.component.as_str()),
        chart: sighting.chart.map(Text::whole),
        object: sighting.object.map(|object| Text::whole(object.to_string())),
        path: Text::whole(sighting.path),
        reason: Text::whole(sighting.reason),
    };
    Referred {
        image: reference.image,
        fate: Text::of(&reference.fate.to_string()),
        carried: reference.fate.is_carried(),
        pulled_from: reference.pulled_from,
        reason: reference.reason.map(Text::whole),
        confidence: reference.confidence.map(|confidence| Text::of(&confidence.to_string())),
        sightings: reference.sightings.into_iter().map(seen).collect(),
    }
}

fn off(image: evidence::OffImage) -> Off {
    Off {
        image: Text::whole(image.image),
        component: Text::of(image.component.as_str()),
        chart: Text::whole(image.chart),
        file: Text::whole(image.file),
        path: Text::whole(image.path),
    }
}

fn decided(decision: evidence::Decision) -> Decided {
    Decided {
        text: Text::whole(decision.text),
        image: decision.image,
        carry: decision.carry,
        reason: Text::whole(decision.reason),
        asked: Text::whole(decision.asked.to_string()),
    }
}

fn waived(waiver: evidence::Waiver) -> Waived {
    Waived {
        finding: Text::whole(waiver.finding),
        object: Text::whole(waiver.object),
        reason: Text::whole(waiver.reason),
        until: waiver.until,
        asked: Text::whole(waiver.asked.to_string()),
        used: waiver.used,
    }
}

fn finding(finding: evidence::Finding) -> Finding {
    Finding {
        id: Text::whole(finding.id),
        severity: finding.severity,
        object: Text::whole(finding.object),
        message: Text::whole(finding.message),
        asked: finding.asked.map(|place| Text::whole(place.to_string())),
        seen: finding.seen.into_iter().map(Text::whole).collect(),
        why: Text::whole(finding.why),
        help: Text::whole(finding.help),
        waived: finding.waived.map(|waived| Applied {
            reason: Text::whole(waived.reason),
            until: waived.until,
            asked: Text::whole(waived.asked.to_string()),
        }),
    }
}
