//! What can be wrong with an image on disk.

use std::io;
use std::path::PathBuf;

use manifests::{Digest, Platform};

/// An image on disk that can't be taken.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LocalImageError {
    /// The folder or archive can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is neither.
    #[error("{} is no OCI image layout: it has no index.json or no oci-layout", .0.display())]
    #[diagnostic(help("for what an older `docker save` wrote, say `dockerArchive:`"))]
    NotALayout(PathBuf),
    /// Docker's archives have a `manifest.json`.
    #[error("{} is no archive of images: it has neither index.json nor manifest.json", .0.display())]
    NotAnArchive(PathBuf),
    /// Content is read in place, which a compressed archive does not allow.
    #[error("{} is compressed with {with}", path.display())]
    #[diagnostic(help("images are read out of the archive in place: unpack it first, with `{with} -d`"))]
    Compressed {
        /// Which one.
        path: PathBuf,
        /// The name of the tool.
        with: &'static str,
    },
    /// The tar is cut off or damaged, or has what such an archive has not.
    #[error("{} is not a valid tar archive: {problem} at byte {offset}", path.display())]
    BadTar {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
        /// Where.
        offset: u64,
    },
    /// A document is larger than is read.
    #[error("{what} in {} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The folder or archive.
        path: PathBuf,
        /// Which document.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// A document is no JSON, or lacks what it must have.
    #[error("can't understand {what} in {}", path.display())]
    Json {
        /// The folder or archive.
        path: PathBuf,
        /// Which document.
        what: String,
        /// Why.
        source: serde_json::Error,
    },
    /// A document has what can't be.
    #[error("{what} in {} is not valid: {problem}", path.display())]
    Invalid {
        /// The folder or archive.
        path: PathBuf,
        /// Which document.
        what: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A blob that an image needs is not there.
    #[error("{} lacks {digest}, which the image needs", path.display())]
    #[diagnostic(help(
        "copy the image again with everything that it needs, for several platforms with `skopeo copy --all`"
    ))]
    MissingBlob {
        /// The folder or archive.
        path: PathBuf,
        /// Which one.
        digest: Digest,
    },
    /// A file of a Docker archive is not there.
    #[error("{} lacks `{member}`, which its manifest.json names", path.display())]
    MissingMember {
        /// The archive.
        path: PathBuf,
        /// Which one.
        member: String,
    },
    /// The bytes are not those that their name promises.
    #[error("{digest} in {} is damaged", path.display())]
    Damaged {
        /// The folder or archive.
        path: PathBuf,
        /// What was promised.
        digest: Digest,
        /// What there is.
        source: Box<manifests::digest::ContentMismatch>,
    },
    /// The name is not in the folder or archive.
    #[error("{} has no image `{name}`{}", path.display(), list("; it has ", available))]
    #[diagnostic(help("say which one is meant with `name:` beside its path"))]
    NoImage {
        /// The folder or archive.
        path: PathBuf,
        /// The name that was looked for.
        name: String,
        /// What there is.
        available: Vec<String>,
    },
    /// Two images go by the name.
    #[error("{} has several images `{name}`", path.display())]
    #[diagnostic(help(
        "say which one is meant with `name:` beside its path, or with a digest in the image's reference"
    ))]
    Ambiguous {
        /// The folder or archive.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The image is another one than its reference pins.
    #[error("the image in {} has the digest {actual}, but its reference asks for {expected}", path.display())]
    OtherDigest {
        /// The folder or archive.
        path: PathBuf,
        /// What the reference says.
        expected: Digest,
        /// What there is.
        actual: Digest,
    },
    /// The image does not run where it should.
    #[error("the image in {} is not for {platform}{}", path.display(), list("; it is for ", available))]
    #[diagnostic(help("copy it with this platform, or ask for those that it has with `platforms:`"))]
    NoPlatform {
        /// The folder or archive.
        path: PathBuf,
        /// What was asked for.
        platform: Platform,
        /// What there is.
        available: Vec<String>,
    },
    /// A layer that may not be distributed.
    #[error("the image in {} has a layer that may not be distributed: {digest}", path.display())]
    #[diagnostic(help("its licence or its media type forbids to carry it; leave the image out or replace it"))]
    Foreign {
        /// The folder or archive.
        path: PathBuf,
        /// The layer.
        digest: Digest,
    },
}

fn list(before: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{}", names.join(", ")) }
}
