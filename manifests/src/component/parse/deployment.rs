//! From the tree to how a component is deployed.

use std::collections::BTreeMap;

use crate::BundleName;
use crate::component::values::{self, local_path};
use crate::component::{Deployment, FileSource, Need, WantedFile, refuse_duplicates};
use crate::document::{Namespace, Readiness, SiteCa, SiteCredentials, has_group};
use crate::kubernetes::{LabelKey, LabelValue, NamespaceName, ObjectName};
use crate::yaml::{Fields, Key, Node, Problem, Sink, Value};

/// The folder of manifests in a component's set of files.
const MANIFESTS: &str = "manifests";
/// How `ready` may be written.
const READY_HELP: &str = "write `{kind, name}` of a Deployment, StatefulSet, DaemonSet, Job or PersistentVolumeClaim, \
                          `{crd: NAME}`, `{apiService: NAME}`, or `{apiVersion, kind, name, condition}`";

/// Reads how a component is deployed. Its manifests join its files.
pub(super) fn deployment(
    fields: &mut Fields<'_>,
    name: Option<&BundleName>,
    files: &mut Vec<WantedFile>,
    sink: &Sink,
) -> Deployment {
    let needs = fields.list("needs", need);
    refuse_duplicates("component", needs.iter().map(|need| (need.component.to_string(), &need.location)), sink);
    let namespace = fields.get("namespace").and_then(|node| namespace(node, sink));
    let mut deployment = Deployment { needs, namespace, ..Deployment::default() };
    for file in fields.list("manifests", manifest) {
        deployment.manifests.push(file.path.clone());
        files.push(file);
    }
    // Without a name there is no component, and no namespace that is its own.
    let own = name.map(|name| deployment.own_namespace(name));
    deployment.ready = fields.list("ready", |node, sink| ready(node, own.as_ref(), sink));
    let places = one_or_several(fields.get("siteCa")).into_iter();
    deployment.site_ca = places.filter_map(|node| site_ca(node, own.as_ref(), sink)).collect();
    let places = one_or_several(fields.get("siteCredentials")).into_iter();
    deployment.site_credentials = places.filter_map(|node| site_credentials(node, own.as_ref(), sink)).collect();
    deployment.kernel = values::kernel(fields, sink);
    deployment
}

fn one_or_several(said: Option<&Node>) -> Vec<&Node> {
    match said.map(|node| (&node.value, node)) {
        Some((Value::List(items), _)) => items.iter().collect(),
        Some((_, node)) => vec![node],
        None => Vec::new(),
    }
}

fn need(node: &Node, sink: &Sink) -> Option<Need> {
    Some(Need { component: node.parse(sink)?, location: node.location.clone() })
}

/// A namespace: its name alone, or with labels.
fn namespace(node: &Node, sink: &Sink) -> Option<Namespace> {
    if let Value::Scalar { .. } = node.value {
        return Some(Namespace { name: node.parse(sink)?, labels: BTreeMap::new() });
    }
    let mut fields = Fields::of(node, "a namespace", sink)?;
    let name = fields.required("name", "name the namespace").and_then(|node| node.parse(sink));
    let labels = fields.entries("labels", "a mapping of labels to their values");
    let labels = labels.into_iter().filter_map(|(key, value)| label(key, value, sink)).collect();
    fields.finish();
    Some(Namespace { name: name?, labels })
}

fn label(key: &Key, value: &Node, sink: &Sink) -> Option<(LabelKey, LabelValue)> {
    let name = key.text.parse::<LabelKey>();
    if let Err(error) = &name {
        sink.add(Problem::new(&key.location, error.to_string(), "this label"));
    }
    Some((name.ok()?, value.parse(sink)?))
}

/// A manifest: a file on disk, carried under its own name.
fn manifest(node: &Node, sink: &Sink) -> Option<WantedFile> {
    let path = local_path(node, sink)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let carried = format!("{MANIFESTS}/{name}");
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    if !is_yaml || crate::document::check_path(&carried).is_err() {
        let problem = Problem::new(&node.location, "a manifest is a file of YAML", "this path");
        sink.add(problem.with_help("name each file by its path: `./crds.yaml`; a chart goes under `charts:`"));
        return None;
    }
    let source = FileSource::Local { path, sha256: None };
    Some(WantedFile { path: carried, source, checksums: None, location: node.location.clone() })
}

/// What has to hold. `own` is the component's own namespace.
fn ready(node: &Node, own: Option<&NamespaceName>, sink: &Sink) -> Option<Readiness> {
    let mut fields = Fields::of(node, "what has to hold", sink)?;
    let (crd, service, kind) = (fields.get("crd"), fields.get("apiService"), fields.get("kind"));
    let namespace = fields.get("namespace");
    let (version, name, condition) = (fields.get("apiVersion"), fields.get("name"), fields.get("condition"));
    fields.finish();
    let object = [kind, namespace, version, name, condition];
    let alone = object.iter().all(Option::is_none);
    match (crd, service, kind, name) {
        (Some(crd), None, None, None) if alone => Some(Readiness::Crd { name: with_group(crd, sink)? }),
        (None, Some(service), None, None) if alone => Some(Readiness::ApiService { name: with_group(service, sink)? }),
        (None, None, Some(kind), Some(name)) => match (version, condition) {
            (None, None) => workload(kind, namespace, name, own, sink),
            (Some(version), Some(condition)) => Some(Readiness::Condition {
                api_version: version.parse(sink)?,
                kind: kind.parse(sink)?,
                // Whether the kind has namespaces is not known here, so nothing is put in.
                namespace: match namespace {
                    Some(node) => Some(node.parse(sink)?),
                    None => None,
                },
                name: name.parse(sink)?,
                condition: condition.parse(sink)?,
            }),
            (Some(node), None) | (None, Some(node)) => {
                let message = "`apiVersion` and `condition` go together";
                sink.add(Problem::new(&node.location, message, "half of a pair").with_help(READY_HELP));
                None
            }
        },
        _ => {
            let problem = Problem::new(node.head(), "this says not what has to hold", "in no known form");
            sink.add(problem.with_help(READY_HELP));
            None
        }
    }
}

fn workload(
    kind: &Node,
    namespace: Option<&Node>,
    name: &Node,
    own: Option<&NamespaceName>,
    sink: &Sink,
) -> Option<Readiness> {
    let text = kind.text(sink)?;
    let Ok(kind) = serde_json::from_value(text.into()) else {
        let shown: String = text.chars().take(80).collect();
        let message = format!("when a `{shown}` is ready is not known");
        let help = "name its `apiVersion`, and the `condition` of its status that has to be true";
        sink.add(Problem::new(&kind.location, message, "this kind").with_help(help));
        return None;
    };
    let namespace = match namespace {
        Some(node) => node.parse(sink)?,
        None => own?.clone(),
    };
    Some(Readiness::Workload { kind, namespace, name: name.parse(sink)? })
}

/// The name of a definition or of an APIService: it ends with a group.
fn with_group(node: &Node, sink: &Sink) -> Option<ObjectName> {
    let name: ObjectName = node.parse(sink)?;
    if has_group(name.as_str()) {
        return Some(name);
    }
    let problem = Problem::new(&node.location, format!("`{name}` has no group"), "this name");
    sink.add(
        problem.with_help("write it as kubectl shows it: `certificates.cert-manager.io`, `v1beta1.metrics.k8s.io`"),
    );
    None
}

fn site_ca(node: &Node, own: Option<&NamespaceName>, sink: &Sink) -> Option<SiteCa> {
    let mut fields = Fields::of(node, "a site's CA", sink)?;
    let config_map = fields.required("configMap", "name the ConfigMap that gets it as `ca.crt`");
    let config_map = config_map.and_then(|node| node.parse(sink));
    let namespace = namespace_of(&mut fields, own, sink);
    fields.finish();
    Some(SiteCa { config_map: config_map?, namespace: namespace? })
}

fn site_credentials(node: &Node, own: Option<&NamespaceName>, sink: &Sink) -> Option<SiteCredentials> {
    let mut fields = Fields::of(node, "a site's credentials", sink)?;
    let secret = fields.required("secret", "name the Secret that gets them as `.dockerconfigjson`");
    let secret = secret.and_then(|node| node.parse(sink));
    let namespace = namespace_of(&mut fields, own, sink);
    fields.finish();
    Some(SiteCredentials { secret: secret?, namespace: namespace? })
}

/// Where something of a component is: what it says, else the component's own namespace.
fn namespace_of(fields: &mut Fields<'_>, own: Option<&NamespaceName>, sink: &Sink) -> Option<NamespaceName> {
    match fields.get("namespace") {
        Some(node) => node.parse(sink),
        None => own.cloned(),
    }
}
