//! Lists of images that upstreams publish.

use std::collections::BTreeMap;

use super::FileSource;
use crate::ImageReference;
use crate::signature::pattern;
use crate::yaml::Location;

/// A list of images that is asked for: one reference in a line.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedImageList {
    /// Where it comes from.
    pub source: FileSource,
    /// What stands for the placeholders in its lines: `version` for `{version}`.
    pub placeholders: BTreeMap<String, String>,
    /// What of it is taken.
    pub choice: ImageChoice,
    /// Where it is asked for.
    pub location: Location,
}

/// What of a list is taken. `*` stands for any text, `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageChoice {
    /// Patterns of what is taken; empty for all.
    pub only: Vec<String>,
    /// Patterns of what of that is left out.
    pub except: Vec<String>,
}

impl ImageChoice {
    /// Whether an image is taken, by its complete name.
    pub fn takes(&self, image: &ImageReference) -> bool {
        let name = image.to_string();
        let is_one_of = |patterns: &[String]| patterns.iter().any(|pattern| pattern::matches(pattern, &name));
        (self.only.is_empty() || is_one_of(&self.only)) && !is_one_of(&self.except)
    }

    /// The patterns that meet none of these images.
    pub fn idle<'a>(&'a self, images: &[ImageReference]) -> Vec<&'a str> {
        let names: Vec<String> = images.iter().map(ToString::to_string).collect();
        let is_idle = |pattern: &&String| !names.iter().any(|name| pattern::matches(pattern, name));
        self.only.iter().chain(&self.except).filter(is_idle).map(String::as_str).collect()
    }
}
