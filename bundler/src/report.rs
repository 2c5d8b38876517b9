//! What a security officer reads before a bundle is let in: one model of it, as a page, as Markdown, as JSON.
//!
//! Everything in it comes from the bundle, which is hostile until somebody vouches for it: lengths are bounded, what can't be
//! seen is shown, and the templates escape all of it. There is no clock in it and no path of the machine: the same bundle,
//! trust and base give the same bytes.

mod attached;
mod by_hand;
mod changes;
mod evidence;
mod html;
mod images;
mod inside;
mod items;
mod markdown;
mod model;
mod parts;
mod read;
mod text;
mod treemap;
mod words;

use manifests::bundle::{OpenError, UnverifiedBundle, VerifiedBundle};

pub use by_hand::Step;
pub use html::page;
pub use markdown::markdown;
pub use model::*;
pub use text::{Size, Text};

use crate::compare::Sizes;
use crate::look::Look;
use read::Reader;

/// The names of a bundle's files, as they stand in commands.
fn file_names(bundle: &UnverifiedBundle) -> Vec<String> {
    let paths = bundle.paths();
    paths.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned()).collect()
}

/// What a bundle is, before its content is looked at.
fn about(bundle: &UnverifiedBundle) -> About {
    let document = bundle.claimed();
    About {
        name: document.name.clone(),
        version: Text::of(&document.version.to_string()),
        created: document.created,
        digest: bundle.document_digest(),
        archive_size: Size(bundle.archive_size()),
        content_size: Size(document.content_size()),
        blobs: document.blobs.len(),
        files: file_names(bundle).iter().map(|name| Text::of(name)).collect(),
        volumes: bundle.volumes(),
        missing: bundle.absent().iter().map(|absent| Text::of(&absent.name)).collect(),
        base: document.base.as_ref().map(|of| Base {
            name: of.name.clone(),
            version: Text::of(&of.version.to_string()),
            digest: of.digest,
            compared: false,
        }),
    }
}

/// A bundle that is to be reported on.
#[derive(Debug)]
pub struct Subject {
    about: About,
    trust: Trust,
    by_hand: Vec<Step>,
    bundle: VerifiedBundle,
}

/// An earlier bundle: what changed since is told.
#[derive(Debug)]
pub struct Earlier {
    /// The bundle.
    pub bundle: VerifiedBundle,
    /// What a look inside its images shows; none where they were not looked into.
    pub look: Option<Look>,
}

impl Subject {
    /// A bundle, and what is known of its signatures. What it says of itself is shown as such, whoever vouches for it.
    ///
    /// # Errors
    /// [`OpenError`] when the bundle can't be read.
    pub fn of(bundle: UnverifiedBundle, trust: Trust) -> Result<Self, OpenError> {
        let (about, by_hand) = (about(&bundle), by_hand::steps(&bundle, &trust));
        let digest = bundle.document_digest();
        Ok(Self { about, trust, by_hand, bundle: bundle.verify_pinned(&digest)? })
    }

    /// The bundle.
    pub fn bundle(&self) -> &VerifiedBundle {
        &self.bundle
    }

    /// Reports on it. `look` is what a look inside its images shows; none where they were not looked into, and nothing is
    /// claimed of what is in them.
    pub fn report(self, look: Option<&Look>, earlier: Option<&Earlier>) -> Report {
        let Self { mut about, trust, by_hand, bundle } = self;
        if let Some((base, earlier)) = about.base.as_mut().zip(earlier) {
            base.compared = earlier.bundle.document_digest() == base.digest;
        }
        let document = bundle.document();
        let (sizes, reader) = (Sizes::of(&bundle), Reader::of(&bundle));
        let evidence = evidence::read(document, &reader);
        let images = images::images(document, &sizes, &reader, &evidence);
        let charts = items::charts(document, &sizes, &reader, &evidence);
        let parts = parts::parts(document, &sizes, &images, &charts);
        Report {
            bundle: about,
            trust,
            platform: document.platform().map(items::deployment),
            parts,
            images,
            charts,
            files: items::files(document, &evidence),
            packages: items::packages(document),
            mirrors: items::mirrors(document),
            unknown: items::unknown(document),
            inside: look.map(inside::inside),
            evidence_problem: evidence.problem(),
            evidence: evidence.told(),
            changes: earlier.map(|earlier| changes::since(earlier, &bundle, look)),
            by_hand,
        }
    }
}
