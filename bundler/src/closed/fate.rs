//! What becomes of each image that something refers to: nothing is guessed silently.

mod carried;

use std::collections::BTreeMap;

use jiff::civil::Date;
use manifests::ImageReference;
use manifests::component::{Decision, ImageSource, Verdict};
use manifests::evidence::{Confidence, Fate, FindingId, Purpose, Reference, Sighting};
use manifests::lock::{LockedDiscovery, LockedReference};
use manifests::yaml::Location;

use carried::{found_image, widened};

use crate::resolve::stack::{OwnDecision, OwnWaiver, ResolvedImage, ResolvedStack};

/// What becomes of all images.
#[derive(Debug, Clone, Default)]
pub struct Fates {
    /// Every image that is listed or referred to, in the order of their names.
    pub references: Vec<Reference>,
    /// The images that the stack and its components list, for the platforms of all that use them.
    pub listed: Vec<ResolvedImage>,
    /// The images that are carried though no component lists them itself.
    pub images: Vec<ResolvedImage>,
    /// Which of the stack's decisions meet something.
    pub decided: Vec<bool>,
}

/// Decides what becomes of each image. `day` is that of the bundle, which ends waivers.
pub fn fates(stack: &ResolvedStack, seen: &LockedDiscovery, day: Date) -> Fates {
    let listed: BTreeMap<&ImageReference, &ResolvedImage> =
        stack.images.iter().map(|image| (&image.reference, image)).collect();
    let mut judge = Judge { stack, seen, day, fates: Fates::default() };
    judge.fates.decided = vec![false; stack.decisions.len()];
    judge.fates.listed = stack.images.iter().map(|image| widened(image, stack, seen)).collect();
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

impl Fates {
    /// All images that are carried.
    pub fn carried(&self) -> impl Iterator<Item = &ResolvedImage> {
        self.listed.iter().chain(&self.images)
    }
}

fn pulled_from(image: &ResolvedImage) -> Option<ImageReference> {
    if let ImageSource::Image(other) = &image.source { Some(other.clone()) } else { None }
}

struct Judge<'a> {
    stack: &'a ResolvedStack,
    seen: &'a LockedDiscovery,
    day: Date,
    fates: Fates,
}

impl Judge<'_> {
    fn reference(&mut self, reference: &LockedReference, listed: Option<&ResolvedImage>) -> Reference {
        let decisions = self.decisions(reference);
        let (fate, reason) = match listed {
            Some(_) => (Fate::Listed, None),
            None if reference.seen.iter().any(Sighting::is_of_list) => (Fate::Listed, None),
            None => self.unlisted(reference, &decisions),
        };
        if listed.is_none() && fate.is_carried() {
            let image = found_image(self.stack, self.seen, reference, fate);
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
            for (met, _) in about(self.stack, &reference.image, seen) {
                if let Some(decided) = self.fates.decided.get_mut(met) {
                    *decided = true;
                }
            }
            let count = that_count(self.stack, &reference.image, seen);
            found.push(count.first().map(|(_, own)| (*own).clone()));
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
        let speaks = |own: &&OwnWaiver| {
            let is_meant = match fate {
                // What is there to be carried is left out where it is named, and by no pattern that happens to fit.
                Fate::Found => own.waiver.names(finding, &object),
                _ => own.waiver.is_about(finding, &object),
            };
            let owner = own.owner.as_ref();
            let is_its_own = || owner.is_none_or(|owner| reference.seen.iter().all(|seen| seen.component == *owner));
            is_meant && !own.waiver.has_ended(self.day) && is_its_own()
        };
        match self.stack.waivers.iter().find(speaks) {
            Some(own) => (Fate::Waived, Some(own.waiver.reason.clone())),
            None => (fate, None),
        }
    }
}

/// The decisions about what is seen, with their places in the stack.
fn about<'a>(
    stack: &'a ResolvedStack,
    image: &ImageReference,
    seen: &Sighting,
) -> impl Iterator<Item = (usize, &'a OwnDecision)> {
    let is_about = |own: &OwnDecision| own.decision.is_about(&seen.text, image, &seen.component, seen.chart.as_deref());
    stack.decisions.iter().enumerate().filter(move |(_, own)| is_about(own))
}

/// Those of them that count: a decision of the stack before one that a component brings along, and of these the one that says
/// more closely where it is meant. Several count alike if they say the same of that.
pub(super) fn that_count<'a>(
    stack: &'a ResolvedStack,
    image: &ImageReference,
    seen: &Sighting,
) -> Vec<(usize, &'a OwnDecision)> {
    let weight = |own: &OwnDecision| {
        let Decision { component, chart, .. } = &own.decision;
        (own.owner.is_none(), usize::from(component.is_some()) + usize::from(chart.is_some()))
    };
    let all: Vec<_> = about(stack, image, seen).collect();
    let most = all.iter().map(|(_, own)| weight(own)).max();
    all.into_iter().filter(|(_, own)| Some(weight(own)) == most).collect()
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
