//! Certificates that a site brings.

use super::{LocalFile, SecretSource};

/// The certificates that the site brings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Certificates {
    /// Authorities (PEM) that nodes and pods trust, beside the one that the site's server is known by.
    pub trust: Vec<LocalFile>,
    /// How the site's server is known.
    pub identity: Identity,
}

/// How the site's server is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Identity {
    /// By an authority that is made on the first run.
    #[default]
    Made,
    /// By an authority that the site brings.
    Authority(CertificatePair),
    /// By a certificate that the site brings; who issued it is among those that are trusted.
    Server(CertificatePair),
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificatePair {
    /// The certificate (PEM), with those that it was issued by.
    pub certificate: LocalFile,
    /// The key (PEM).
    pub key: LocalFile,
    /// What the key is encrypted with.
    pub passphrase: Option<SecretSource>,
}
