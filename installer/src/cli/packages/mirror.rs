//! Mirrors, for `packages sources` and `packages export`.

use std::path::Path;

use airgap_console::output::print;
use miette::IntoDiagnostic as _;
use registry::apt::export_mirror;
use registry::content::MirrorTree;
use registry::store::Store;

use super::{Server, settings};
use crate::packages::MirrorOffer;

pub(super) fn print_source(state: &Path, name: &str, standing: bool) -> miette::Result<()> {
    let server = Server::of(&settings(state)?);
    let offer = MirrorOffer::latest(&Store::at(state), name)?;
    let source = offer.source(server.uri(&offer.path(standing)))?;
    print(&format!("{}{source}", server.remark(state)))
}

pub(super) fn export(state: &Path, name: &str, folder: &Path) -> miette::Result<()> {
    let offer = MirrorOffer::latest(&Store::at(state), name)?;
    let tree = MirrorTree::read(&offer.mirror, &offer.bundle).into_diagnostic()?;
    export_mirror(&tree, &offer.bundle, folder)?;
    let source = offer.source("http://SERVER/PATH".to_owned())?;
    print(&format!("# The source of nodes, once {} is served somewhere:\n{source}", folder.display()))
}
