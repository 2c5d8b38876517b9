//! kubelet, which tells the cluster what version its node runs.

use std::fs;
use std::path::Path;

use airgap_tests::distribution::{Edition, Flavour};
use anyhow::{Context, Result, bail};

use crate::contract::contract;
use crate::layout::program;

/// The path of a kubelet that calls itself as this edition's version of Kubernetes, by RKE2's way of counting. Where that is not
/// the one that the rig has built, it is a copy in `folder` with the other version in its place: they are of one length.
pub(crate) fn of_this_edition(folder: &Path) -> Result<String> {
    let (built, wanted) = (Edition::rke2().version, in_the_words_of_rke2(&contract().edition));
    let original = program("kubelet");
    if built == wanted {
        return Ok(original);
    }
    if built.len() != wanted.len() {
        bail!("the stand-in can't make a kubelet of {wanted} out of one of {built}");
    }
    let copy = folder.join("kubelet-of-this-edition");
    if !copy.exists() {
        let mut content = fs::read(&original).with_context(|| format!("cannot read {original}"))?;
        let found = memchr::memmem::find_iter(&content, built.as_bytes()).collect::<Vec<_>>();
        if found.is_empty() {
            bail!("{original} does not hold its version {built}");
        }
        for place in found {
            content[place..place + built.len()].copy_from_slice(wanted.as_bytes());
        }
        crate::layout::write(&copy, 0o755, content)?;
    }
    Ok(copy.display().to_string())
}

/// The version with RKE2's word at its end: what stands in a program can't become shorter.
fn in_the_words_of_rke2(edition: &Edition) -> String {
    let word = Edition::rke2().version.split_once('+').map(|(_, word)| word.to_owned()).unwrap_or_default();
    match edition.version.split_once('+') {
        Some((version, _)) if edition.flavour == Flavour::K3s => format!("{version}+{word}"),
        _ => edition.version.clone(),
    }
}
