//! What people say about what a bundle refers to: which texts are images, and which findings they let pass.

use jiff::civil::Date;

use crate::evidence::FindingId;
use crate::signature::pattern;
use crate::yaml::Location;
use crate::{BundleName, ImageReference};

/// What is said of a text that may be an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The text, as it was seen.
    pub text: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// The only component that it is said for; none for all.
    pub component: Option<BundleName>,
    /// The only chart that it is said for; none for all.
    pub chart: Option<String>,
    /// Where it is said.
    pub location: Location,
}

/// What becomes of a text that may be an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried, under this name.
    Carry(ImageReference),
    /// It is no image, or not needed.
    LeaveOut,
}

/// Findings that people let pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiver {
    /// Of which kind.
    pub finding: FindingId,
    /// Which objects of theirs: `*` stands for any text, `?` for one character.
    pub object: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds; none for one without an end.
    pub until: Option<Date>,
    /// Where it is said.
    pub location: Location,
}

impl Decision {
    /// Whether it speaks of a text that is seen in a component's chart.
    pub fn is_about(&self, text: &str, image: &ImageReference, component: &BundleName, chart: Option<&str>) -> bool {
        let same = self.text == text || self.text.parse::<ImageReference>().is_ok_and(|said| said == *image);
        let scope = self.component.as_ref().is_none_or(|only| only == component)
            && self.chart.as_deref().is_none_or(|only| Some(only) == chart);
        same && scope
    }
}

impl Waiver {
    /// Whether it speaks of a finding, whatever the day.
    pub fn is_about(&self, finding: FindingId, object: &str) -> bool {
        self.finding == finding && (pattern::matches(&self.object, object) || self.is_image(object))
    }

    /// Whether it names a finding's object itself, whatever the day: a pattern may mean others.
    pub fn names(&self, finding: FindingId, object: &str) -> bool {
        self.finding == finding && (self.object == object || self.is_image(object))
    }

    /// Whether it names an image by its short name: `team/web:1.0`.
    fn is_image(&self, object: &str) -> bool {
        let image = object.parse::<ImageReference>();
        image.is_ok_and(|image| object.contains('/') && self.object.parse() == Ok(image))
    }

    /// Whether its end has come by a day.
    pub fn has_ended(&self, day: Date) -> bool {
        self.until.is_some_and(|until| until < day)
    }
}
