//! What a component is made of, as objects of Kubernetes.

mod chart;
mod manifest;
mod schema;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::Digest;
use manifests::bundle::{OpenError, VerifiedBundle};
use manifests::document::{Platform, PlatformComponent, Readiness, Release, SITE_CA_KEY};
use manifests::site::ComponentValues;
use manifests::values::{Values, merge};
use miette::Diagnostic;
use serde_json::{Value, json};

use super::HASH;
use crate::distribution::SiteServer;
use crate::secrets::Secrets;
use crate::support::Redactor;

pub(super) use chart::NAMESPACE as HELM_NAMESPACE;

/// How long a component without releases may take.
const PATIENCE: u32 = manifests::document::DEFAULT_TIMEOUT;

/// An object as it shall be. What it holds may be secret, so that is never shown.
#[derive(Clone)]
pub struct Object {
    /// Its group and version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, if its kind has them.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// All of it, with the hash.
    pub content: Value,
    /// The hash of it.
    pub hash: String,
    /// The release that it makes.
    pub release: Option<String>,
    /// How long it may take to be usable.
    pub patience: Duration,
}

/// A component as it shall be.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// The name of the bundle that it is of.
    pub bundle: String,
    /// The bundle's version.
    pub version: String,
    /// Its namespaces.
    pub namespaces: Vec<String>,
    /// Its objects, in the order in which they are applied.
    pub objects: Vec<Object>,
    /// What has to hold beside its workloads.
    pub ready: Vec<Readiness>,
    /// How long its workloads may take.
    pub patience: Duration,
    /// Whether nodes can't be ready without it.
    pub bootstrap: bool,
    /// Its releases.
    pub releases: Vec<ReleaseId>,
    /// Knows the site's secrets, which the cluster may tell when something goes wrong.
    pub redactor: Redactor,
}

/// Which release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseId {
    /// Its name.
    pub name: String,
    /// The namespace that it is installed in.
    pub namespace: String,
}

/// What is known of the site.
#[derive(Debug, Clone, Copy)]
pub struct SiteSays<'a> {
    /// What it says to components.
    pub components: &'a BTreeMap<manifests::BundleName, ComponentValues>,
    /// Its secrets.
    pub secrets: &'a Secrets,
    /// Its server.
    pub server: &'a SiteServer,
}

/// Why a component's objects can't be made.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ObjectError {
    /// The bundle can't be read.
    #[error("cannot read what `{component}` is made of")]
    Bundle {
        /// The component.
        component: String,
        /// Why.
        #[source]
        source: Box<OpenError>,
    },
    /// A manifest holds no objects of Kubernetes.
    #[error("`{path}` of `{component}`: {problem}")]
    #[diagnostic(help("the bundle's component has to be mended, and the bundle built again"))]
    Manifest {
        /// The component.
        component: String,
        /// The manifest.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A chart is too large.
    #[error("the chart of the release `{release}` has {size} bytes as base64, and a cluster takes {limit} at most")]
    #[diagnostic(help(
        "make it smaller: tests, documentation and images need not be in it; large definitions can go in as `manifests`"
    ))]
    ChartTooLarge {
        /// The release.
        release: String,
        /// How large it is.
        size: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The chart's own schema refuses the values.
    #[error("the chart of the release `{release}` refuses its values:\n  {problems}")]
    #[diagnostic(help(
        "what the site says stands in site.yaml at `components.{component}`; what the bundle says has to be mended in the stack"
    ))]
    Refused {
        /// The release.
        release: String,
        /// The component.
        component: String,
        /// What is refused, a line each.
        problems: String,
    },
    /// The values are beyond what a cluster takes.
    #[error("the release `{release}`: {source}")]
    Values {
        /// The release.
        release: String,
        /// Why.
        #[source]
        source: manifests::values::ValuesError,
    },
}

impl SiteSays<'_> {
    fn redactor(&self) -> Redactor {
        let mut redactor = Redactor::default();
        self.secrets.all().for_each(|secret| redactor.know(secret.reveal()));
        if let Some((_, password)) = &self.server.login {
            redactor.know(password);
        }
        redactor
    }
}

impl From<&Release> for ReleaseId {
    fn from(release: &Release) -> Self {
        Self { name: release.name.to_string(), namespace: release.namespace.to_string() }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace.as_deref().unwrap_or_default(), self.name)
    }
}

impl Object {
    /// An object of its content, which goes into `namespace` if it says none.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(mut content: Value, namespace: Option<&str>) -> Result<Self, String> {
        let hash = Digest::of(content.to_string().as_bytes()).to_string();
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let api_version = text(&content["apiVersion"]).ok_or("an object has no `apiVersion`")?;
        let kind = text(&content["kind"]).ok_or("an object has no `kind`")?;
        let metadata = content["metadata"].as_object_mut().ok_or_else(|| format!("a {kind} has no `metadata`"))?;
        let name = metadata.get("name").and_then(text).ok_or_else(|| format!("a {kind} has no name"))?;
        if name.contains('/') || name == "." || name == ".." {
            return Err(format!("no {kind} can be called `{name}`"));
        }
        let own = metadata.get("namespace").and_then(text);
        let annotations = metadata.entry("annotations").or_insert(Value::Null);
        if annotations.is_null() {
            *annotations = json!({});
        }
        let annotations =
            annotations.as_object_mut().ok_or_else(|| format!("the annotations of {kind} {name} are none"))?;
        annotations.insert(HASH.into(), json!(hash));
        let namespace = own.or_else(|| namespace.map(str::to_owned));
        let patience = Duration::from_secs(PATIENCE.into());
        Ok(Self { api_version, kind, namespace, name, content, hash, release: None, patience })
    }
}

impl Component {
    /// Whether there is anything to deploy: the component of the distribution, say, only carries.
    pub fn is_something(component: &PlatformComponent) -> bool {
        let PlatformComponent { namespaces, manifests, releases, ready, site_ca, site_credentials, .. } = component;
        !(site_credentials.is_empty()
            && namespaces.is_empty()
            && manifests.is_empty()
            && releases.is_empty()
            && ready.is_empty()
            && site_ca.is_empty())
    }

    /// What a component of a bundle is made of at a site.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn new(
        bundle: &VerifiedBundle,
        platform: &Platform,
        component: &PlatformComponent,
        site: SiteSays<'_>,
    ) -> Result<Self, ObjectError> {
        let mut objects = Vec::new();
        let own = |content, path: &str| {
            Object::new(content, None).map_err(|problem| ObjectError::Manifest {
                component: component.name.to_string(),
                path: path.to_owned(),
                problem,
            })
        };
        for namespace in &component.namespaces {
            objects.push(own(namespace_of(platform, namespace.name.as_str()), "its namespace")?);
        }
        for ca in &component.site_ca {
            let (name, namespace) = (&ca.config_map, &ca.namespace);
            let content = json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": name, "namespace": namespace}, "data": {SITE_CA_KEY: site.server.trusted}});
            objects.push(own(content, "its ConfigMap")?);
        }
        for place in &component.site_credentials {
            objects.push(own(credentials(site.server, place.secret.as_str(), place.namespace.as_str()), "its Secret")?);
        }
        let namespace = component.namespaces.first().map(|namespace| namespace.name.as_str());
        for file in bundle.document().manifests(component) {
            objects.extend(manifest::read(bundle, component.name.as_str(), file, namespace)?);
        }
        let says = site.components.get(&component.name);
        for release in &component.releases {
            let values = says.map_or_else(|| release.values.clone(), |says| over(release, says, site.secrets));
            let archive = chart::archive(bundle, component.name.as_str(), release)?;
            let refused = schema::refused(&archive, &values);
            if !refused.is_empty() {
                let (release, component) = (release.name.to_string(), component.name.to_string());
                return Err(ObjectError::Refused { release, component, problems: refused.join("\n  ") });
            }
            let mut object = own(chart::object(release, &archive, &values)?, "its chart")?;
            object.release = Some(release.name.to_string());
            object.patience = Duration::from_secs(release.timeout.into());
            objects.push(object);
        }
        let longest = component.releases.iter().map(|release| release.timeout).max().unwrap_or(PATIENCE);
        let document = bundle.document();
        Ok(Self {
            name: component.name.to_string(),
            bundle: document.name.to_string(),
            version: document.version.to_string(),
            namespaces: component.namespaces.iter().map(|namespace| namespace.name.to_string()).collect(),
            objects,
            ready: component.ready.clone(),
            patience: Duration::from_secs(longest.into()),
            bootstrap: component.releases.iter().any(|release| release.bootstrap),
            releases: component.releases.iter().map(ReleaseId::from).collect(),
            redactor: site.redactor(),
        })
    }
}

/// A namespace with the labels that all components give it, for they share it.
fn namespace_of(platform: &Platform, name: &str) -> Value {
    let all = platform.components.iter().flat_map(|component| &component.namespaces);
    let labels = all.filter(|namespace| namespace.name.as_str() == name).flat_map(|namespace| &namespace.labels);
    let labels: BTreeMap<_, _> = labels.collect();
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

/// Who pods are at the site's server, as docker and the kubelet write it. Where everybody may pull, nobody in particular.
fn credentials(server: &SiteServer, name: &str, namespace: &str) -> Value {
    let login = |(user, password): &(String, String)| {
        let auth = STANDARD.encode(format!("{user}:{password}"));
        (server.authority.clone(), json!({"username": user, "password": password, "auth": auth}))
    };
    let logins: serde_json::Map<String, Value> = server.login.iter().map(login).collect();
    let config = json!({"auths": logins}).to_string();
    json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": name, "namespace": namespace}, "data": {".dockerconfigjson": STANDARD.encode(config)}})
}

/// Values of a release under what the site says: the variant that it takes, then its own.
fn over(release: &Release, says: &ComponentValues, secrets: &Secrets) -> Values {
    let chosen = says.variant.as_ref().and_then(|name| release.variants.get(name));
    let layers = chosen.into_iter().chain([&says.values]);
    let mut merged = layers.fold(release.values.clone(), merge);
    for (path, source) in &says.secrets {
        let Some(secret) = secrets.get(source) else { continue };
        let nested = path.rsplit('.').fold(json!(secret.reveal()), |inner, name| json!({name: inner}));
        if let Value::Object(nested) = nested {
            merged = merge(merged, &nested);
        }
    }
    merged
}

#[cfg(test)]
mod tests;
