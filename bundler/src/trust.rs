//! What must be signed upstream, and by whom: the rules of a stack, held against what was found.
//!
//! Everything is verified here, by library, from what a bundle carries: no log and no server of keys is asked. All that is not as
//! a rule has it is told together. What was verified is written into the evidence of the bundle, and nothing else is.
//!
//! The formats are few and small (a payload of JSON and a signature over it), so they are read here, and AWS-LC verifies; the
//! client of sigstore in Rust brings its own clients of registries, logs and identities along, of which nothing is wanted.

mod content;
mod cosign;
mod files;
mod key;
mod keys;
mod look;
mod provenance;
mod sigstore;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use manifests::component::ChartSource;
use manifests::evidence::{SignedKind, UpstreamSignature};
use manifests::stack::{TrustRule, TrustedKind};
use manifests::yaml::{Location, Problem};

use crate::content::{Fetcher, Resolved};
use crate::lock::Folder;
use crate::resolve::Resolution;
use crate::resolve::stack::{ResolvedChart, ResolvedFile, ResolvedImage, ResolvedStack};
use content::Content;
use keys::Keys;
use look::{Looked, Signed};

/// Items that are verified side by side.
const SIDE_BY_SIDE: usize = 8;

/// What verifies the signatures of a stack's items.
pub struct Verifier<'a> {
    /// The stack, with everything that was found to be carried.
    pub stack: &'a ResolvedStack,
    /// Where the stack lies.
    pub folder: &'a Folder,
    /// Fetches payloads.
    pub fetcher: &'a Fetcher,
    /// What the clock says: keys expire.
    pub now: Timestamp,
}

/// What of a stack one rule is about.
enum Subject<'a> {
    Image(&'a ResolvedImage),
    Chart(&'a ResolvedChart),
    File(&'a ResolvedFile),
}

/// The part of a stack that rules are about.
pub fn part_under_rules(stack: &ResolvedStack) -> ResolvedStack {
    let covered = |kind, names: &[String]| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        stack.trust.iter().any(|rule| rule.kind == kind && rule.covers(&names))
    };
    let mut part = stack.clone();
    part.images.retain(|image| covered(TrustedKind::Images, &Subject::Image(image).names()));
    part.charts.retain(|chart| covered(TrustedKind::Charts, &Subject::Chart(chart).names()));
    // The files of a component are one artifact, and sign each other.
    let signed = stack.files.iter().filter(|file| covered(TrustedKind::Files, &Subject::File(file).names()));
    let sets: Vec<_> = signed.map(|file| file.component.clone()).collect();
    part.files.retain(|file| sets.contains(&file.component));
    part.git.clear();
    part.systems.clear();
    part.mirrors.clear();
    part
}

impl Verifier<'_> {
    /// Verifies all that rules are about and that was found; the last of `found` goes first. What was not found is left alone.
    ///
    /// # Errors
    /// Everything that is not as a rule has it.
    pub async fn verify(&self, found: &[&Resolution]) -> Result<Vec<UpstreamSignature>, Vec<Problem>> {
        let (mut signatures, mut problems, mut rules) = (Vec::new(), Vec::new(), Vec::new());
        for rule in &self.stack.trust {
            problems.extend(self.patterns_without_items(rule));
            match keys::read(rule) {
                Ok(keys) => rules.push((rule, keys)),
                Err(unusable) => problems.extend(unusable),
            }
        }
        let mut work = Vec::new();
        for (rule, keys) in &rules {
            for subject in self.subjects(rule.kind) {
                let names = subject.names();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let item = found.iter().rev().find_map(|found| subject.found(found));
                if let Some(item) = item.filter(|_| rule.covers(&names)) {
                    work.push(self.judge(rule, keys, subject, item));
                }
            }
        }
        let judged: Vec<_> = stream::iter(work).buffered(SIDE_BY_SIDE).collect().await;
        for result in judged {
            match result {
                Ok(signature) => signatures.extend(signature),
                Err(problem) => problems.push(*problem),
            }
        }
        signatures.sort();
        if problems.is_empty() { Ok(signatures) } else { Err(problems) }
    }

    fn subjects(&self, kind: TrustedKind) -> Vec<Subject<'_>> {
        match kind {
            TrustedKind::Images => self.stack.images.iter().map(Subject::Image).collect(),
            TrustedKind::Charts => self.stack.charts.iter().map(Subject::Chart).collect(),
            TrustedKind::Files => self.stack.files.iter().map(Subject::File).collect(),
        }
    }

    /// A pattern that meets nothing was mistyped, or what it was about has another name now: either way somebody believes that
    /// something is verified which is not.
    fn patterns_without_items(&self, rule: &TrustRule) -> Vec<Problem> {
        let names: Vec<Vec<String>> = self.subjects(rule.kind).iter().map(Subject::names).collect();
        let met = |names: &Vec<String>, pattern: &manifests::stack::TrustPattern| {
            pattern.matches(&names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let unmet =
            rule.patterns.iter().chain(&rule.except).filter(|pattern| !names.iter().any(|one| met(one, pattern)));
        let problem = |pattern: &manifests::stack::TrustPattern| {
            let message = format!("no {} of this stack is called `{}`", rule.kind, pattern.text);
            let problem = Problem::new(&pattern.location, message, "meets nothing");
            problem.with_help("write the name as the lock has it, or remove the pattern: it verifies nothing")
        };
        unmet.map(problem).collect()
    }

    /// Whether one item is signed as a rule asks; the signature, if it has one.
    async fn judge(
        &self,
        rule: &TrustRule,
        keys: &Keys,
        subject: Subject<'_>,
        item: &Resolved,
    ) -> Result<Option<UpstreamSignature>, Box<Problem>> {
        let content = Content { fetcher: self.fetcher, item };
        let why = match look::look(&content, subject.kind(), rule, (keys, subject.path()), self.now).await {
            Looked::Signed(signed) => {
                let Signed { kind, digest, scheme, key, key_file } = signed;
                let (item, rule) = (subject.name(), self.folder.place(&rule.location));
                return Ok(Some(UpstreamSignature { kind, item, digest, scheme, key, key_file, rule }));
            }
            Looked::Unsigned(_) if !rule.required => return Ok(None),
            Looked::Unsigned(None) => subject.no_signature().to_owned(),
            Looked::Unsigned(Some(why)) | Looked::Refused(why) => why,
        };
        let message = format!("{} `{}` is not signed as this rule asks: {why}", rule.kind, subject.name());
        let problem =
            Problem::new(&rule.location, message, "this rule").with_other(subject.location(), "asked for here");
        Err(Box::new(problem.with_help(help(rule))))
    }
}

impl Subject<'_> {
    /// The names by which patterns may mean it.
    fn names(&self) -> Vec<String> {
        match self {
            Self::Image(image) => vec![image.reference.to_string(), image.reference.repository().to_string()],
            Self::Chart(chart) => {
                let place = match &chart.source {
                    ChartSource::Repository { url, .. } => {
                        Some(format!("{}/{}", crate::http::shown(url).trim_end_matches('/'), chart.name))
                    }
                    ChartSource::Oci { repository, .. } => Some(repository.to_string()),
                    ChartSource::Local { .. } => None,
                };
                [Some(chart.name.clone()), place].into_iter().flatten().collect()
            }
            Self::File(file) => vec![format!("{}/{}", file.component, file.path)],
        }
    }

    /// Its name, for people.
    fn name(&self) -> String {
        match self {
            Self::Image(image) => image.reference.to_string(),
            Self::Chart(chart) => chart.name.clone(),
            Self::File(file) => format!("{}/{}", file.component, file.path),
        }
    }

    fn location(&self) -> &Location {
        match self {
            Self::Image(image) => &image.location,
            Self::Chart(chart) => &chart.location,
            Self::File(file) => &file.location,
        }
    }

    /// What was found for it.
    fn found<'r>(&self, found: &'r Resolution) -> Option<&'r Resolved> {
        match self {
            Self::Image(image) => found.image(&image.reference),
            Self::Chart(chart) => found.chart(chart),
            Self::File(file) => found
                .others
                .iter()
                .find(|one| one.item.as_files().is_some_and(|set| set.name == file.component.as_str())),
        }
    }

    /// Why nothing signs it.
    fn no_signature(&self) -> &'static str {
        match self {
            Self::Image(image) if !image.attachments => "it is carried without its attachments",
            _ => "no signature stands beside it",
        }
    }

    fn kind(&self) -> SignedKind {
        match self {
            Self::Image(_) => SignedKind::Image,
            Self::Chart(_) => SignedKind::Chart,
            Self::File(_) => SignedKind::File,
        }
    }

    /// The path of a file in its set.
    fn path(&self) -> Option<&str> {
        if let Self::File(file) = self { Some(&file.path) } else { None }
    }
}

fn help(rule: &TrustRule) -> &'static str {
    match rule.kind {
        TrustedKind::Images => {
            "take it from where its maker signs it (and with its attachments), add the key that signs it to the rule, or leave it \
             out of the rule by `except:`"
        }
        TrustedKind::Charts => {
            "take it from where its maker signs it, add the key that signs it to the rule, or leave it out of the rule by \
             `except:`"
        }
        TrustedKind::Files => {
            "carry its signature as a file of the same component, add the key that signs it to the rule, or leave it out of \
             the rule by `except:`"
        }
    }
}
