//! Closed world: a bundle that refers to what it does not hold is not built.
//!
//! ```text
//! stack ──────────┐
//! what was seen ──┼─▶ fates: what becomes of each image ─▶ checks ─▶ findings ─▶ waived, told, or refused
//! decisions ──────┘
//! ```
//!
//! Everything is judged from the stack and from what a lock remembers of its charts: so a build with a lock judges alike,
//! whether or not there is a helm. Each check is a file of its own in `checks/`; all findings are told at once.

mod checks;
mod evidence;
mod fate;
mod finding;
mod inputs;
mod refusal;
mod seen;
mod waive;
mod world;

pub use evidence::{all_evidence, evidence};
pub use fate::{Fates, fates};
pub use finding::{Check, Found, Judged};
pub use inputs::{KnownArchive, RULES, WITHOUT_DISTRIBUTION, inputs, moved, remembered};
pub use refusal::{Refusal, ShownFinding};
pub use seen::seen;
pub use world::World;

use jiff::civil::Date;
use manifests::Platform;
use manifests::evidence::{Finding, Severity};
use manifests::lock::LockedDiscovery;

use crate::lock::Folder;
use crate::resolve::stack::{ResolvedImage, ResolvedStack};

/// What came of judging a stack.
#[derive(Debug)]
pub struct Judgement {
    /// What becomes of each image that is referred to.
    pub fates: Fates,
    /// All findings, the worst first, also those that are waived.
    pub findings: Vec<Judged>,
    /// How many findings each waiver of the stack lets pass.
    pub used: Vec<usize>,
}

/// Judges a stack by what was seen in its charts, and by the platforms that upstream `lacks` of an image, as far as they are known.
/// `day` is that of the bundle, which ends waivers.
pub fn judge(
    stack: &ResolvedStack,
    seen: &LockedDiscovery,
    lacks: impl Fn(&ResolvedImage) -> Vec<Platform>,
    day: Date,
    folder: &Folder,
) -> Judgement {
    let fates = fates(stack, seen, day);
    let lacking = |image| lacks(image).into_iter().map(move |platform| (image, platform));
    let lacking: Vec<(&ResolvedImage, Platform)> = fates.carried().flat_map(lacking).collect();
    let world = World { stack, seen, fates: &fates, lacking: &lacking };
    let found = checks::ALL.iter().flat_map(|check| (check.look)(&world).into_iter().map(move |found| (check, found)));
    let (findings, used) = waive::waive(found.collect(), stack, day, folder);
    Judgement { fates, findings, used }
}

impl Judgement {
    /// The images that are carried because they were found or decided, to join those that are listed.
    pub fn images(&self) -> &[ResolvedImage] {
        &self.fates.images
    }

    /// What is told whenever something is built: warnings, and what was let pass.
    pub fn told(&self) -> Vec<Finding> {
        let findings = self.findings.iter().map(|judged| &judged.finding);
        findings.filter(|finding| finding.waived.is_some() || finding.severity == Severity::Warning).cloned().collect()
    }

    /// The findings with which no bundle can be built; none if there are none.
    ///
    /// # Errors
    /// [`Refusal`] with all of them.
    pub fn check(&self) -> Result<(), Refusal> {
        Refusal::check(&self.findings)
    }
}

/// The lines that decide on a text, to be completed by people.
pub fn decision(text: &str) -> String {
    format!("  - image: {}\n    carry: true  # or false\n    reason: …\n", yaml_text(text))
}

/// A text as YAML has it, in quotes where it needs some.
fn yaml_text(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "./:-_@+".contains(c);
    let good = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain) && !text.ends_with(':');
    if good && text.parse::<f64>().is_err() { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}
