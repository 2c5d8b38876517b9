//! The components of a bundle on a cluster that runs.
//!
//! ```text
//! bundle, site ─▶ objects: what a component is made of ┐
//! cluster ──────▶ api: what is there                   ┴─▶ differ? ─▶ apply ─▶ wait
//! ```
//!
//! Each object that is applied carries the hash of what was applied ([`HASH`]), so a second run sees that there is nothing
//! to do. What a component is made of is written down in the cluster ([`inventory`]), so what it loses can be taken off. Charts are installed by the controller that the distribution brings: a `HelmChart` holds the chart itself, and a job
//! in the cluster installs it.

pub mod api;
mod connect;
pub mod dns;
#[cfg(test)]
mod fixture;
pub mod inventory;
mod judge;
pub mod objects;
pub mod packaged;
mod remove;
mod trouble;
mod wait;
pub mod withdraw;
mod workloads;

use serde_json::{Value, json};

use api::{Api, ApiError, Place};
use inventory::Inventory;
use objects::{Component, Object};

pub use remove::{Stays, remove};
pub use wait::NotReady;

/// The annotation with the hash of what was applied.
pub const HASH: &str = "airgap/hash";
/// The annotation of a `HelmChart` with the hash of the configuration that the job of its forerunner had.
const REPLACES: &str = "airgap/replaces";

/// Why a component does not go in.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum DeployError {
    /// The API is the trouble.
    #[error("cannot deploy {component}")]
    Api {
        /// The component.
        component: String,
        /// Why.
        #[source]
        source: ApiError,
    },
    /// It does not become ready.
    #[error(transparent)]
    #[diagnostic(transparent)]
    NotReady(#[from] Box<NotReady>),
    /// An object does not go.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Stays(#[from] Box<Stays>),
}

impl DeployError {
    /// Whether the same may go well a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Api { source, .. } if source.is_passing())
    }
}

/// How a component stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is anything to do.
    pub needed: bool,
    /// Why, or why not.
    pub reason: String,
}

impl Standing {
    /// There is something to do, for this reason.
    pub fn needed(reason: impl Into<String>) -> Self {
        Self { needed: true, reason: reason.into() }
    }
}

/// What came of a component that went in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The same for people.
    pub said: String,
    /// What is not up in its namespaces and is none of its own.
    pub beside: Vec<String>,
}

/// The names of the cluster's nodes.
///
/// # Errors
/// [`ApiError`] when the cluster can't be asked.
pub async fn nodes(api: &Api) -> Result<Vec<String>, ApiError> {
    let nodes = api.list(&Place::everywhere("api/v1", "nodes"), "").await?;
    Ok(nodes.iter().filter_map(|node| node["metadata"]["name"].as_str().map(str::to_owned)).collect())
}

/// Looks how a component stands, and changes nothing.
///
/// # Errors
/// [`ApiError`] when the cluster can't be asked.
pub async fn survey(api: &Api, component: &Component) -> Result<Standing, ApiError> {
    let (mut absent, mut differ) = (0, 0);
    for object in &component.objects {
        match find(api, object).await? {
            Some((_, Some(live))) if is_same(object, &live) => {}
            Some((_, Some(_))) => differ += 1,
            _ => absent += 1,
        }
    }
    let all = component.objects.len();
    match (absent, differ) {
        (0, 0) => {}
        (absent, 0) => return Ok(Standing::needed(format!("{absent} of {all} objects are missing"))),
        (0, differ) => return Ok(Standing::needed(format!("{differ} of {all} objects differ"))),
        (absent, differ) => {
            return Ok(Standing::needed(format!("{absent} of {all} objects are missing, {differ} differ")));
        }
    }
    if let Some(lack) = wait::lacking(api, component).await?.into_iter().next() {
        return Ok(Standing::needed(lack));
    }
    let wanted = Inventory::wanted(component);
    Ok(match Inventory::of(api, &component.name).await? {
        Some(kept) if !kept.beyond(&wanted).is_empty() => {
            Standing::needed(format!("{} objects are no longer part of it", kept.beyond(&wanted).len()))
        }
        Some(kept) if wanted.beyond(&kept).is_empty() => Standing { needed: false, reason: "as it shall be".into() },
        _ => Standing::needed("what it has put in is not written down"),
    })
}

/// Applies what differs of a component, in order, waits until it is ready, and takes off what is no longer part of it. What `others` have, too, is not taken off: it has moved there.
///
/// # Errors
/// [`DeployError`].
pub async fn deploy(api: &Api, component: &Component, others: &[Inventory]) -> Result<Deployed, DeployError> {
    let failed = |source| DeployError::Api { component: component.name.clone(), source };
    let (former, wanted) = (Inventory::of(api, &component.name).await.map_err(failed)?, Inventory::wanted(component));
    wanted.with(former.as_ref()).keep(api).await.map_err(failed)?;
    let mut applied = 0;
    for object in &component.objects {
        let (place, live) = wait::until_served(api, object).await.map_err(failed)?;
        if !live.as_ref().is_some_and(|live| is_same(object, live)) {
            let content = with_forerunner(api, object, live.as_ref()).await.map_err(failed)?;
            api.apply(&place, &object.name, &content).await.map_err(failed)?;
            applied += 1;
        } else if let Some(release) = &object.release {
            wait::begin_again(api, release).await.map_err(failed)?;
        }
        wait::until_usable(api, component, object).await?;
    }
    wait::until_ready(api, component).await?;
    let mut said = format!("{applied} of {} objects applied, ready", component.objects.len());
    let dropped = former.map(|former| former.without(others).beyond(&wanted)).unwrap_or_default();
    if !dropped.is_empty() {
        let gone = remove::take_off(api, &component.name, &dropped).await?;
        said.push_str(&format!("; no longer part of it: {gone}"));
    }
    wanted.keep(api).await.map_err(failed)?;
    let beside = workloads::unready(api, component).await.map_err(failed)?.beside;
    Ok(Deployed { said, beside })
}

/// Where an object belongs, unless its kind is not served; and what is there.
async fn find(api: &Api, object: &Object) -> Result<Option<(Place, Option<Value>)>, ApiError> {
    let Some(place) = api.place(&object.api_version, &object.kind, object.namespace.as_deref()).await? else {
        return Ok(None);
    };
    let live = api.get(&place, &object.name).await?;
    Ok(Some((place, live)))
}

fn is_same(object: &Object, live: &Value) -> bool {
    live["metadata"]["annotations"][HASH].as_str() == Some(&object.hash)
        && live["metadata"]["deletionTimestamp"].is_null()
}

/// What is sent. A chart that takes the place of another remembers whose job is not its own: that one's success says nothing.
async fn with_forerunner(api: &Api, object: &Object, live: Option<&Value>) -> Result<Value, ApiError> {
    let mut content = object.content.clone();
    let Some(release) = &object.release else { return Ok(content) };
    let Some(live) = live else { return Ok(content) };
    let hashed = ["chartContent", "valuesContent"];
    if hashed.iter().any(|field| live["spec"][*field] != content["spec"][*field])
        && let Some(job) = wait::job_of(api, release).await?
        && let Some(hash) = wait::configuration_of(&job)
    {
        content["metadata"]["annotations"][REPLACES] = json!(hash);
    }
    Ok(content)
}
