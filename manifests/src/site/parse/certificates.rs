//! The certificates that a site brings.

use super::{secret, words};
use crate::site::{CertificatePair, Certificates, Identity};
use crate::yaml::{Fields, Node as Tree, Problem, Sink};

/// The field `certificates`.
pub(super) fn certificates(tree: &Tree, sink: &Sink) -> Certificates {
    let Some(mut fields) = Fields::of(tree, "the site's certificates", sink) else { return Certificates::default() };
    let trust = fields.list("trust", words::file);
    let authority = fields.get("authority");
    let server = fields.get("server");
    if let (Some(authority), Some(server)) = (authority, server) {
        let message = "the site's server is known by one certificate: its own, or that of its authority";
        let problem = Problem::new(server.head(), message, "its own");
        sink.add(problem.with_other(authority.head(), "of its authority").with_help("keep one of them"));
    }
    if let Some(server) = server
        && trust.is_empty()
    {
        let problem = Problem::new(server.head(), "nodes would not know who issued this certificate", "not trusted");
        sink.add(problem.with_help("name the authority's certificate in `trust:`"));
    }
    fields.finish();
    let pair = |tree: Option<&Tree>| tree.and_then(|tree| pair(tree, sink));
    let identity = match (pair(authority), pair(server)) {
        (Some(authority), _) => Identity::Authority(authority),
        (None, Some(server)) => Identity::Server(server),
        (None, None) => Identity::Made,
    };
    Certificates { trust, identity }
}

fn pair(tree: &Tree, sink: &Sink) -> Option<CertificatePair> {
    let mut fields = Fields::of(tree, "a certificate with its key", sink)?;
    let certificate = fields.required("certificate", "name the file (PEM) with the certificate");
    let certificate = certificate.and_then(|tree| words::file(tree, sink));
    let key = fields.required("key", "name the file (PEM) with the certificate's key");
    let key = key.and_then(|tree| words::file(tree, sink));
    let passphrase = fields.get("passphrase").and_then(|tree| secret::secret(tree, sink));
    fields.finish();
    Some(CertificatePair { certificate: certificate?, key: key?, passphrase })
}
