//! From the tree to a site.

mod access;
mod certificates;
mod components;
mod network;
mod node;
mod options;
mod secret;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AcceptedBundles, JumpHost, Login, Placed, Site, SiteRegistry, check};
use crate::BundleName;
use crate::component::{document, refuse_duplicates, values};
use crate::stack::registry_host;
use crate::yaml::{Fields, Key, Node as Tree, Problem, Problems, Sink, SourceFile};

/// The port on which a site's server listens, if nothing else is said.
const SERVING_PORT: u16 = 5000;
/// Where the list of nodes is looked for, and the like.
const NODES_HELP: &str = "list the machines of the cluster, at least one of them with `role: server`";

pub(super) fn site(file: &Arc<SourceFile>) -> Result<Site, Problems> {
    document(file, "Site", |fields, sink, name| {
        let description = fields.text("description");
        let bundle = fields.required("bundle", "say which bundles may be installed: `name:` and `versions:`");
        let bundle = bundle.and_then(|tree| accepted(tree, sink));
        let jump_host = fields.required("jumpHost", "say under which `address:` nodes reach the jump host");
        let jump_host = jump_host.and_then(|tree| jump(tree, sink));
        let defaults = access::defaults(fields.get("ssh"), sink);
        let become_root = fields.get("become").and_then(|tree| access::root(tree, sink));
        let bastions = access::bastions(fields, &defaults, sink);
        let said = fields.required("nodes", NODES_HELP);
        let trees = said.and_then(|tree| tree.list("nodes", sink)).unwrap_or_default();
        let read = |tree| node::node(tree, &defaults, become_root.as_ref(), sink);
        let nodes: Vec<_> = trees.iter().take_while(|_| !sink.is_full()).filter_map(read).collect();
        let cluster = network::cluster(fields.get("cluster"), sink);
        let ntp = fields.list("ntp", words::host);
        let registries = registries(fields, sink);
        let components = components::components(fields, sink);
        let certificates = fields.get("certificates").map(|tree| certificates::certificates(tree, sink));
        let waivers = waivers(fields, sink);
        let ((name, location), (network, options)) = (name?, cluster?);
        let site = Site {
            name,
            description,
            bundle: bundle?,
            jump_host: jump_host?,
            bastions,
            nodes,
            network,
            options,
            ntp,
            registries,
            components,
            certificates: certificates.unwrap_or_default(),
            waivers,
            location,
        };
        // What is missing among the nodes would only give more problems about what is left of them.
        if let Some(said) = said
            && site.nodes.len() == trees.len()
        {
            check::whole(&site, said.head(), sink);
        }
        Some(site)
    })
}

fn waivers(fields: &mut Fields<'_>, sink: &Sink) -> BTreeMap<String, Placed<String>> {
    let entries = fields.entries("waivers", "a mapping of checks to the reasons why they may fail");
    let read = |(check, tree): (&Key, &Tree)| {
        let (value, location) = (tree.text(sink)?.trim().to_owned(), check.location.clone());
        Some((check.text.clone(), Placed { value, location }))
    };
    entries.into_iter().filter_map(read).collect()
}

fn accepted(tree: &Tree, sink: &Sink) -> Option<AcceptedBundles> {
    let mut fields = Fields::of(tree, "the accepted bundle", sink)?;
    let name = fields.required("name", "write the name of the stack: `name: platform`");
    let name = name.and_then(|tree| tree.parse::<BundleName>(sink));
    let versions = fields.required("versions", "write a range such as `versions: \">=1.4, <2\"`, or `\"*\"`");
    let versions = versions.and_then(|tree| values::version_range(tree, sink));
    fields.finish();
    Some(AcceptedBundles { name: name?, versions: versions? })
}

fn jump(tree: &Tree, sink: &Sink) -> Option<JumpHost> {
    let mut fields = Fields::of(tree, "the jump host", sink)?;
    let address = fields.required("address", "write the name or address by which nodes reach it");
    let location = address.map_or(tree.head(), |tree| &tree.location).clone();
    let address = address.and_then(|tree| words::host(tree, sink));
    let port = words::port(&mut fields, sink).unwrap_or(SERVING_PORT);
    fields.finish();
    Some(JumpHost { address: address?, port, location })
}

fn registries(fields: &mut Fields<'_>, sink: &Sink) -> BTreeMap<String, SiteRegistry> {
    let entries = fields.entries("registries", "a mapping of registries to their settings");
    let read = |(host, tree)| Some((registry_host(host, sink)?, registry(host, tree, sink)?));
    entries.into_iter().filter_map(read).collect()
}

fn registry(host: &Key, tree: &Tree, sink: &Sink) -> Option<SiteRegistry> {
    let mut fields = Fields::of(tree, "a registry of the site", sink)?;
    let endpoints = fields.list("endpoints", |tree, sink| values::url(tree, &["https", "http"], sink));
    let ca = fields.get("ca").and_then(|tree| words::file(tree, sink));
    let user = fields.text("username");
    let password = fields.get("password").and_then(|tree| secret::secret(tree, sink));
    let half = match (fields.key("username"), fields.key("password")) {
        (Some(there), None) => Some((there, "username", "password")),
        (None, Some(there)) => Some((there, "password", "username")),
        _ => None,
    };
    if let Some((place, there, missing)) = half {
        let problem = Problem::new(place, format!("`{there}` needs `{missing}` beside it"), "half of a login");
        sink.add(problem.with_help(format!("add `{missing}:`, or remove `{there}:`")));
    }
    fields.finish();
    let login = user.zip(password).map(|(user, password)| Login { user, password });
    Some(SiteRegistry { endpoints, ca, login, location: host.location.clone() })
}

/// Says which of some values is given twice.
fn refuse_twice<T: ToString>(what: &str, values: &[(T, &Tree)], sink: &Sink) {
    refuse_duplicates(what, values.iter().map(|(value, tree)| (value.to_string(), &tree.location)), sink);
}
