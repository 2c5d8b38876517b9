//! Items that can't be had.

use std::sync::Arc;

use manifests::BundleName;
use manifests::yaml::Location;
use miette::{Diagnostic, NamedSource, SourceSpan};

/// An item that can't be had, shown at the place that asks for it.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("can't take the {kind} `{name}` of component `{component}`")]
pub struct ItemError<P: Diagnostic + 'static> {
    kind: &'static str,
    name: String,
    component: String,
    #[source_code]
    definition: NamedSource<Arc<str>>,
    #[label("asked for here")]
    place: SourceSpan,
    #[source]
    #[diagnostic_source]
    problem: P,
}

impl<P: Diagnostic + 'static> ItemError<P> {
    /// An item of this kind and name, which `component` asks for at `location`.
    pub(crate) fn at(
        location: &Location,
        component: &BundleName,
        kind: &'static str,
        name: &(impl ToString + ?Sized),
        problem: P,
    ) -> Self {
        Self {
            kind,
            name: name.to_string(),
            component: component.to_string(),
            definition: location.source_code(),
            place: location.span(),
            problem,
        }
    }

    /// Why it can't be had.
    pub fn problem(&self) -> &P {
        &self.problem
    }
}
