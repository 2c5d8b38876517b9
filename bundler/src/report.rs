//! What a security officer reads before a bundle is let in: one model of it, as a page, as Markdown, as JSON.
//!
//! Everything in it comes from the bundle, which is hostile until somebody vouches for it: lengths are bounded, what can't be
//! seen is shown, and the templates escape all of it. There is no clock in it and no path of the machine: the same bundle,
//! trust and base give the same bytes.

mod attached;
mod by_hand;
mod evidence;
mod html;
mod images;
mod items;
mod markdown;
mod model;
mod parts;
mod read;
mod text;
mod treemap;
mod words;

use manifests::bundle::{UnverifiedBundle, VerifiedBundle};

pub use by_hand::Step;
pub use html::page;
pub use markdown::markdown;
pub use model::*;
pub use text::{Size, Text};

use crate::compare::{Comparison, Contents, Sizes};
use read::Reader;

/// The names of a bundle's files, as they stand in commands.
fn file_names(bundle: &UnverifiedBundle) -> Vec<String> {
    let paths = bundle.paths();
    paths.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned()).collect()
}

/// What a bundle is, before its content is looked at.
fn about(bundle: &UnverifiedBundle, base: Option<&VerifiedBundle>) -> About {
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
            compared: base.is_some_and(|base| base.document_digest() == of.digest),
        }),
    }
}

impl Report {
    /// Looks at a bundle. `trust` says what is known of its signatures; `base` is what the changes are told against.
    ///
    /// # Errors
    /// [`manifests::bundle::OpenError`] when the bundle can't be read.
    pub fn of(
        bundle: UnverifiedBundle,
        trust: Trust,
        base: Option<&VerifiedBundle>,
    ) -> Result<Self, manifests::bundle::OpenError> {
        let (about, by_hand) = (about(&bundle, base), by_hand::steps(&bundle, &trust));
        // What it says of itself is shown as such; whether somebody vouches for it stands in `trust`.
        let digest = bundle.document_digest();
        let bundle = bundle.verify_pinned(&digest)?;
        let document = bundle.document();
        let (sizes, reader) = (Sizes::of(&bundle), Reader::of(&bundle));
        let evidence = evidence::read(document, &reader);
        let images = images::images(document, &sizes, &reader, &evidence);
        let charts = items::charts(document, &sizes, &reader, &evidence);
        let parts = parts::parts(document, &sizes, &images, &charts);
        Ok(Self {
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
            evidence: evidence.told(),
            evidence_problem: evidence.problem(),
            changes: base.map(|base| changes(base, &bundle)),
            by_hand,
        })
    }
}

fn changes(from: &VerifiedBundle, to: &VerifiedBundle) -> Comparison {
    let contents = |bundle: &VerifiedBundle| {
        let sizes = Sizes::of(bundle);
        Contents::of_bundle(bundle.document(), |item| sizes.size(item))
    };
    Comparison::between(&contents(from), &contents(to))
}
