//! What can go wrong with an image.

use manifests::Digest;
use miette::Diagnostic;
use thiserror::Error;

use crate::http::FetchError;

/// An image that can't be had. Each message names it.
#[derive(Debug, Error, Diagnostic)]
pub enum OciError {
    /// The registry, or the way to it, failed.
    #[error("can't fetch {image}")]
    Fetch {
        /// The image, or the part of it.
        image: String,
        /// Why.
        #[source]
        source: Box<FetchError>,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// The manifest has another digest than it was asked for by.
    #[error("{image} has the digest {actual}")]
    #[diagnostic(help("the registry, or something on the way, sends other content than it was asked for"))]
    Digest {
        /// The image, with the digest that was asked for.
        image: String,
        /// The digest of what came.
        actual: Digest,
    },
    /// What came is no manifest.
    #[error("{image} is not an image: the registry sent {found}")]
    NotAManifest {
        /// The image.
        image: String,
        /// What came, in words.
        found: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
    /// An image of the old kind.
    #[error("{image} is a Docker image of schema 1, which is not supported")]
    #[diagnostic(help(
        "its digest does not name its bytes, and containerd 2 refuses it; use a newer tag, or have its owner push it \
         again with a current docker, buildah or skopeo"
    ))]
    Schema1 {
        /// The image.
        image: String,
    },
    /// None of the wanted platforms is there.
    #[error("{image} is not made for {wanted}; it is made for {offered}")]
    #[diagnostic(help("choose another tag, or leave the platform out of `platforms`"))]
    Platform {
        /// The image.
        image: String,
        /// What is wanted and missing.
        wanted: String,
        /// What there is.
        offered: String,
    },
    /// A layer that must not be passed on.
    #[error("{image} has a layer that must not be distributed: {layer} ({media_type})")]
    #[diagnostic(help(
        "its licence (often that of Windows base images) leaves it at its vendor's servers, so a bundle can't carry it; \
         use an image without such layers"
    ))]
    Foreign {
        /// The image.
        image: String,
        /// The layer.
        layer: Digest,
        /// Its media type.
        media_type: String,
    },
    /// More parts than any honest image has.
    #[error("{image} has more than {limit} {what}")]
    TooMany {
        /// The image.
        image: String,
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Parts that don't fit together.
    #[error("{image} is broken: {problem}")]
    #[diagnostic(help("what its registry holds can't be used as it is; its owner must push it again"))]
    Broken {
        /// The image.
        image: String,
        /// What is wrong.
        problem: String,
    },
}

impl OciError {
    pub(super) fn fetch(image: &str, source: FetchError) -> Self {
        let help = Diagnostic::help(&source).map(|help| help.to_string());
        Self::Fetch { image: image.to_owned(), source: Box::new(source), help }
    }

    pub(super) fn nowhere(image: &str) -> Self {
        Self::Broken { image: image.to_owned(), problem: "there is no place to get it from".to_owned() }
    }

    /// Whether the work was stopped from outside, so that trying elsewhere is of no use.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Fetch { source, .. } if source.is_final())
    }

    /// Whether it is only that the work was stopped.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Fetch { source, .. } if source.is_cancelled())
    }

    /// Whether the registry answered that it has none.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Fetch { source, .. } if super::is_refusal(source))
    }
}
