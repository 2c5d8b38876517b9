//! What becomes of each image that something refers to: nothing is guessed silently.

use std::collections::BTreeMap;

use jiff::civil::Date;
use manifests::component::{ImageSource, Verdict};
use manifests::evidence::{Confidence, Fate, FindingId, Purpose, Reference, Sighting};
use manifests::lock::{LockedDiscovery, LockedReference};
use manifests::yaml::Location;
use manifests::{BundleName, ImageReference, Platform};

use super::world::{place, platforms};
use crate::resolve::stack::{OwnDecision, ResolvedImage, ResolvedStack};

/// What becomes of all images.
#[derive(Debug, Clone, Default)]
pub struct Fates {
    /// Every image that is listed or referred to, in the order of their names.
    pub references: Vec<Reference>,
    /// The images that are carried though nothing lists them.
    pub images: Vec<ResolvedImage>,
    /// Which of the stack's decisions meet something.
    pub decided: Vec<bool>,
}

/// Decides what becomes of each image. `day` is that of the bundle, which ends waivers.
pub fn fates(stack: &ResolvedStack, seen: &LockedDiscovery, day: Date) -> Fates {
    let listed: BTreeMap<&ImageReference, &ResolvedImage> =
        stack.images.iter().map(|image| (&image.reference, image)).collect();
    let mut judge = Judge { stack, day, fates: Fates::default() };
    judge.fates.decided = vec![false; stack.decisions.len()];
    let mut references = BTreeMap::new();
    for reference in &seen.references {
        let judged = judge.reference(reference, listed.get(&reference.image).copied());
        references.insert(reference.image.clone(), judged);
    }
    for (name, image) in listed {
        references.entry(name.clone()).or_insert_with(|| Reference {
            image: name.clone(),
            fate: Fate::Listed,
            pulled_from: pulled_from(image),
            reason: None,
            confidence: None,
            sightings: Vec::new(),
        });
    }
    let mut fates = judge.fates;
    fates.references = references.into_values().collect();
    fates.images.sort_by(|a, b| a.reference.cmp(&b.reference));
    fates
}

fn pulled_from(image: &ResolvedImage) -> Option<ImageReference> {
    if let ImageSource::Image(other) = &image.source { Some(other.clone()) } else { None }
}

struct Judge<'a> {
    stack: &'a ResolvedStack,
    day: Date,
    fates: Fates,
}

impl Judge<'_> {
    fn reference(&mut self, reference: &LockedReference, listed: Option<&ResolvedImage>) -> Reference {
        let decisions = self.decisions(reference);
        let (fate, reason) = match listed {
            Some(_) => (Fate::Listed, None),
            None => self.unlisted(reference, &decisions),
        };
        if matches!(fate, Fate::Found | Fate::Decided) {
            let image = found_image(self.stack, reference, fate);
            self.fates.images.push(image);
        }
        let seen = &reference.seen;
        // That a test surely uses it says nothing of what runs.
        let surest = |purpose| seen.iter().filter(|seen| seen.purpose == purpose).map(|seen| seen.confidence).max();
        Reference {
            image: reference.image.clone(),
            fate,
            pulled_from: listed.and_then(pulled_from),
            reason,
            confidence: surest(Purpose::Run).or(surest(Purpose::Test)),
            sightings: seen.clone(),
        }
    }

    /// For each sighting what is decided of it, in the order of the sightings.
    fn decisions(&mut self, reference: &LockedReference) -> Vec<Option<OwnDecision>> {
        let mut found = Vec::new();
        for seen in &reference.seen {
            let about = |own: &OwnDecision| {
                own.decision.is_about(&seen.text, &reference.image, &seen.component, seen.chart.as_deref())
            };
            let at = self.stack.decisions.iter().position(about);
            for (met, _) in self.stack.decisions.iter().enumerate().filter(|(_, own)| about(own)) {
                if let Some(decided) = self.fates.decided.get_mut(met) {
                    *decided = true;
                }
            }
            found.push(at.and_then(|at| self.stack.decisions.get(at)).cloned());
        }
        found
    }

    fn unlisted(&self, reference: &LockedReference, decisions: &[Option<OwnDecision>]) -> (Fate, Option<String>) {
        let seen = || reference.seen.iter().zip(decisions).filter(|(seen, _)| seen.purpose == Purpose::Run);
        if seen().next().is_none() {
            return (Fate::Test, None);
        }
        if seen().any(|(seen, _)| seen.confidence == Confidence::Certain) {
            return self.certain(reference);
        }
        let carried = seen().find_map(|(_, own)| {
            let decision = &own.as_ref()?.decision;
            matches!(decision.verdict, Verdict::Carry(_)).then(|| decision.reason.clone())
        });
        if let Some(reason) = carried {
            return (Fate::Decided, Some(reason));
        }
        let left_out: Option<Vec<&str>> =
            seen().map(|(_, own)| own.as_ref().map(|own| own.decision.reason.as_str())).collect();
        match left_out {
            Some(reasons) => (Fate::LeftOut, reasons.first().map(|reason| (*reason).to_owned())),
            None => self.unless_waived(reference, FindingId::ImageUndecided, Fate::Undecided),
        }
    }

    /// What surely runs is carried, unless the stack takes it out: then somebody has to say why.
    fn certain(&self, reference: &LockedReference) -> (Fate, Option<String>) {
        let fate = if is_taken_out(self.stack, reference) { Fate::Missing } else { Fate::Found };
        self.unless_waived(reference, FindingId::ImageMissing, fate)
    }

    fn unless_waived(&self, reference: &LockedReference, finding: FindingId, fate: Fate) -> (Fate, Option<String>) {
        let object = reference.image.to_string();
        let speaks = |owner: &Option<BundleName>| {
            owner.as_ref().is_none_or(|owner| reference.seen.iter().all(|seen| seen.component == *owner))
        };
        let waiver =
            self.stack.waivers.iter().find(|own| {
                own.waiver.is_about(finding, &object) && !own.waiver.has_ended(self.day) && speaks(&own.owner)
            });
        match waiver {
            Some(own) => (Fate::Waived, Some(own.waiver.reason.clone())),
            None => (fate, None),
        }
    }
}

/// Whether the stack takes an image out of each component that refers to it.
pub(super) fn is_taken_out(stack: &ResolvedStack, reference: &LockedReference) -> bool {
    taken_out(stack, &reference.image, &reference.seen).is_some()
}

/// Where the stack takes an image out of a component that refers to it.
pub(super) fn taken_out<'a>(
    stack: &'a ResolvedStack,
    image: &ImageReference,
    seen: &[Sighting],
) -> Option<&'a Location> {
    let removed = stack
        .removed
        .iter()
        .find(|removed| removed.reference == *image && seen.iter().any(|seen| seen.component == removed.component));
    removed.map(|removed| &removed.location)
}

/// An image that nothing lists, as the component that refers to it first would have listed it.
fn found_image(stack: &ResolvedStack, reference: &LockedReference, fate: Fate) -> ResolvedImage {
    let needed = |seen: &&Sighting| seen.purpose == Purpose::Run;
    let mut users: Vec<&Sighting> = reference.seen.iter().filter(needed).collect();
    if fate == Fate::Found {
        users.retain(|seen| seen.confidence == Confidence::Certain);
    }
    let mut carried: Vec<Platform> = users.iter().flat_map(|seen| platforms(stack, &seen.component)).cloned().collect();
    carried.sort();
    carried.dedup();
    // There is one: what nobody uses is not carried.
    let first = users.first().map(|seen| (seen.component.clone(), seen.chart.as_deref()));
    let (component, chart) = first.unwrap_or_else(|| (stack.name.clone(), None));
    let location = place(stack, &component, chart).unwrap_or_else(|| stack.location.clone());
    ResolvedImage {
        reference: reference.image.clone(),
        platforms: carried,
        attachments: true,
        source: ImageSource::Registry,
        found: true,
        component,
        location,
    }
}
