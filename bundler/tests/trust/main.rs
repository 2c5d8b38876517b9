//! Rules of trust, with real keys and real signatures: images signed as cosign signs them, charts with the provenance of Helm,
//! files signed with GnuPG; and everything that must not pass for a signature.
//!
//! Cosign itself is not run: it is a hundred megabytes of modules to build. Its signatures are made here by OpenSSL, in the form
//! that its specification (SIGNATURE_SPEC.md, BUNDLE_SPEC.md) describes, and pushed to a real registry.
//!
//! Prerequisites: `docker-registry`, `skopeo`, OpenSSL, GnuPG, Helm; `make setup` installs them.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod charts;
mod files;
mod images;
mod keys;
mod shop;
mod sigstore;

#[path = "../network/docker_registry.rs"]
#[allow(dead_code, reason = "the tests of the network use all of it")]
mod docker_registry;
#[path = "../packages/gpg.rs"]
#[allow(dead_code, reason = "the tests of packages use all of it")]
mod gpg;
