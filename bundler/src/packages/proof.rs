//! The proof: real `apt-get` installs from what a bundle carries, before anybody carries it anywhere.
//!
//! It is asked for each profile, with the profile as its status file, the bundle's packages as its only source, and a
//! folder of its own for everything else: no root, no network, nothing of the machine's own configuration. It simulates;
//! nothing is unpacked. In this folder alone the source is trusted without a signature: the index is the one that is
//! about to be signed.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use manifests::debian::version::compare;
use manifests::debian::{Architecture, Package, Stanzas};

mod error;
mod output;
mod root;

pub use error::ProofError;
pub use output::Installation;

use super::closure::Profile;
use root::Root;

/// What is proved.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the system has.
    pub profile: &'a Profile,
    /// The system's own architecture.
    pub native: &'a Architecture,
    /// Other architectures that it takes packages of.
    pub foreign: &'a [Architecture],
    /// The text of the bundle's `Packages` for the system: of all its architectures, one after the other.
    pub index: &'a str,
    /// What a node installs.
    pub wanted: &'a [WantedPackage],
}

/// A package that a node installs, in exactly one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPackage {
    /// Its name.
    pub name: String,
    /// Its architecture, or `all`.
    pub architecture: String,
    /// Its version.
    pub version: String,
    /// Whether it is installed with what it recommends.
    pub recommends: bool,
}

/// Has `apt-get` simulate the installation and gives what it would install.
///
/// What is wanted without recommendations is one run, what is wanted with them another on top of nothing else: apt has
/// one setting for a whole run.
///
/// # Errors
/// [`ProofError`] when there is no `apt-get`, when it finds that something is missing, or when it would install what is
/// not carried.
pub fn prove(subject: &Subject<'_>) -> Result<Vec<Installation>, ProofError> {
    prove_with(OsStr::new("apt-get"), subject)
}

/// The same with another program than the `apt-get` that is found in `PATH`.
///
/// # Errors
/// As [`prove`].
pub fn prove_with(apt_get: &OsStr, subject: &Subject<'_>) -> Result<Vec<Installation>, ProofError> {
    let carried = carried(subject.index)?;
    let root = Root::new(apt_get, subject)?;
    root.update(subject)?;
    let mut installations = BTreeSet::new();
    for recommends in [false, true] {
        let wanted: Vec<String> = subject
            .wanted
            .iter()
            .filter(|package| package.recommends == recommends && !has_later(subject.profile, package))
            .map(|package| argument(subject, package))
            .collect();
        if !wanted.is_empty() {
            installations.extend(root.simulate(subject, &wanted, recommends)?);
        }
    }
    let is_carried = |one: &&Installation| {
        carried.contains(&(one.name.as_str(), one.architecture.as_str(), one.version.as_str()))
            || carried.contains(&(one.name.as_str(), "all", one.version.as_str()))
    };
    let missing: Vec<String> = installations.iter().filter(|one| !is_carried(one)).map(ToString::to_string).collect();
    if !missing.is_empty() {
        return Err(ProofError::NotCarried { profile: subject.profile.name().to_owned(), missing });
    }
    Ok(installations.into_iter().collect())
}

fn carried(index: &str) -> Result<BTreeSet<(&str, &str, &str)>, ProofError> {
    let mut carried = BTreeSet::new();
    for stanza in Stanzas::new(index.as_bytes()) {
        let package =
            stanza.map_err(Into::into).and_then(|stanza| Package::parse(&stanza)).map_err(ProofError::Index)?;
        carried.insert((package.name, package.architecture, package.version));
    }
    Ok(carried)
}

/// `name=version`, with the architecture where it is not the system's own.
fn argument(subject: &Subject<'_>, package: &WantedPackage) -> String {
    let own = package.architecture == "all" || package.architecture == subject.native.as_str();
    let architecture = if own { String::new() } else { format!(":{}", package.architecture) };
    format!("{}{architecture}={}", package.name, package.version)
}

/// Whether the profile has a later version already, which a node keeps.
fn has_later(profile: &Profile, wanted: &WantedPackage) -> bool {
    Stanzas::new(profile.status()).filter_map(Result::ok).filter_map(|stanza| Package::parse(&stanza).ok()).any(
        |package| {
            let same = package.name == wanted.name
                && (package.architecture == wanted.architecture
                    || package.architecture == "all"
                    || wanted.architecture == "all");
            let installed = package.status.is_none_or(|status| status.state.has_files());
            same && installed && compare(package.version, &wanted.version).is_gt()
        },
    )
}
