//! What changed since an earlier bundle.

use manifests::bundle::VerifiedBundle;

use super::inside::{shown, shown_findings};
use super::{Earlier, Text};
use crate::compare::{Comparison, Contents, Sizes};
use crate::look::Look;
use crate::sbom::{self, Licences};

/// What changed from an earlier bundle to this one: licences and advisories too, as far as both were looked into.
pub(super) fn since(earlier: &Earlier, bundle: &VerifiedBundle, look: Option<&Look>) -> Comparison {
    let looks = earlier.look.as_ref().zip(look);
    let before = contents(&earlier.bundle, looks.map(|(before, _)| before));
    Comparison::between(&before, &contents(bundle, looks.map(|(_, after)| after)))
}

fn contents(bundle: &VerifiedBundle, look: Option<&Look>) -> Contents {
    let sizes = Sizes::of(bundle);
    let contents = Contents::of_bundle(bundle.document(), |item| sizes.size(item));
    match look {
        Some(look) => {
            let findings = look.findings.as_ref().map(shown_findings);
            contents.looked_into(shown_licences(look.inventory.licences()), findings)
        }
        None => contents.with_licences(shown_licences(sbom::named(bundle))),
    }
}

/// Licences as they may be shown: strangers wrote them.
fn shown_licences(licences: Licences) -> Licences {
    let shown = |(licence, places): (String, std::collections::BTreeSet<String>)| {
        (Text::of(&licence).to_string(), places.iter().map(|place| shown(place)).collect())
    };
    licences.into_iter().map(shown).collect()
}
